"""Waiting for objects, as the `pulumi.com/` annotations ask pulumi-kubernetes 4.32 to."""

import json
import re
import time
from collections.abc import Callable
from typing import Any, cast

from jsonpath import JSONPathError, findall

from lab.deployer.cluster import Cluster
from lab.deployer.result import DeployError
from lab.deployer.state import Identity, Record
from lab.deployer.values import Object

DEFAULT_SECONDS = 600.0
POLL_SECONDS = 0.2
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(custom_timeout: str, thing: Object) -> float:
    """How long an operation may take: the resource option, else the annotation, else 10 minutes.

    Raises:
        DeployError: the option isn't a duration.
    """
    if custom_timeout:
        parts = _DURATION.findall(custom_timeout)
        if "".join(number + unit for number, unit in parts) != custom_timeout:
            raise DeployError(
                f"{custom_timeout} isn't a duration. Custom timeouts are written like 5m or 1m30s. "
                "Mend the resource's custom_timeouts."
            )
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    annotation = annotations(thing).get("pulumi.com/timeoutSeconds", "")
    return float(annotation) if annotation.isdigit() else DEFAULT_SECONDS


def annotations(thing: Object) -> dict[str, str]:
    """The object's annotations."""
    return thing.get("metadata", {}).get("annotations") or {}


def expressions(thing: Object) -> list[str]:
    """What `waitFor` lists, and what this deployer waits for by itself: a Namespace is Active."""
    given = annotations(thing)
    if given.get("pulumi.com/skipAwait") == "true":
        return []
    text = given.get("pulumi.com/waitFor", "")
    if not text:
        is_namespace = thing["kind"] == "Namespace" and thing["apiVersion"] == "v1"
        return ["jsonpath={.status.phase}=Active"] if is_namespace else []
    try:
        listed = json.loads(text)
    except ValueError:
        return [text]
    return cast("list[str]", listed) if isinstance(listed, list) else [text]


def is_satisfied(expression: str, thing: Object) -> bool:
    """Whether the object is what the expression describes.

    As with the real provider only the first match of a path counts, and only the top-level
    `status.observedGeneration` is looked at.

    Raises:
        DeployError: the expression can't be read.
    """
    kind, _, rest = expression.partition("=")
    if kind == "condition":
        name, _, status = rest.partition("=")
        conditions = thing.get("status", {}).get("conditions", [])
        return any(
            entry["type"] == name and entry["status"] == (status or "True") for entry in conditions
        )
    path = re.fullmatch(r"\{\s*\$?(.*?)\s*\}(?:=(.+))?", rest)
    if kind != "jsonpath" or not path:
        raise _unreadable(expression)
    observed = thing.get("status", {}).get("observedGeneration")
    if observed is not None and observed < thing["metadata"].get("generation", 0):
        return False
    try:
        found: list[Any] = list(findall(f"${path[1]}", thing))
    except JSONPathError as error:
        raise _unreadable(expression) from error
    return bool(found) and (path[2] is None or _go_text(found[0]) == path[2])


def await_ready(
    cluster: Cluster,
    identity: Identity,
    live: Object,
    timeout: float,
    check_stopped: Callable[[], None],
) -> Object:
    """Wait until the object is what its annotations ask for, and return it as it is then.

    Raises:
        DeployError: the time passed, or the object was deleted.
    """
    wanted = expressions(live)
    deadline = time.monotonic() + timeout
    while missing := [text for text in wanted if not is_satisfied(text, live)]:
        check_stopped()
        if time.monotonic() > deadline:
            raise DeployError(
                f"{identity} isn't ready after {timeout:g} s. It was applied, but these didn't "
                f"come true: {', '.join(missing)}. Look at its status."
            )
        time.sleep(POLL_SECONDS)
        found = cluster.get(identity)
        if found is None:
            raise DeployError(
                f"{identity} vanished while it was waited for. Somebody deleted it. Deploy again."
            )
        live = found
    return live


def await_deleted(
    cluster: Cluster, record: Record, uid: str, check_stopped: Callable[[], None]
) -> None:
    """Wait until the object is gone, or another one has its name.

    Raises:
        DeployError: the time passed.
    """
    assert record.object  # noqa: S101 - the caller deleted it
    deadline = time.monotonic() + record.delete_seconds
    while (live := cluster.get(record.object)) and live["metadata"]["uid"] == uid:
        check_stopped()
        if time.monotonic() > deadline:
            conditions: list[Object] = live.get("status", {}).get("conditions") or []
            details: list[str] = [entry["message"] for entry in conditions if entry.get("message")]
            held: list[str] = [*live["metadata"].get("finalizers", []), *details]
            raise DeployError(
                f"{record.object} isn't gone after {record.delete_seconds:g} s. It's held by: "
                f"{'; '.join(held) or 'nothing that it shows'}. Remove that, and run again."
            )
        time.sleep(POLL_SECONDS)


def _unreadable(expression: str) -> DeployError:
    return DeployError(
        f"pulumi.com/waitFor can't be read: {expression}. It takes condition=Type, "
        "condition=Type=Status, jsonpath={.path} or jsonpath={.path}=value, or a JSON list of "
        "them. Mend the annotation."
    )


def _go_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
