"""Waits until an object is in force, and says why it is not."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple, cast

from .connection import Cluster, Connection, Json, Unreachable

_POLL_SECONDS = 0.25


class NotInForceError(Exception):
    """An object is not in force by its deadline; carries the controller's own reasons."""


class Awaited(NamedTuple):
    """One object to wait for."""

    title: str
    """Kind, namespace and name, for people."""
    path: str
    """Its API path."""
    unmet: Callable[[Json], list[str]]
    """What is still missing."""
    uid: str | None = None
    """The UID that it must have: another one means another cluster, or another owner."""


async def in_force(connection: Connection, awaited: Awaited, *, seconds: float) -> Json:
    """Wait for an object.

    Returns:
        The object as it was when nothing was missing.

    Raises:
        NotInForceError: Something is still missing after that many seconds.

    """
    cluster = Cluster(connection)
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = await cluster.get(awaited.path)
            missing = _missing(found, awaited)
        except (Unreachable, PermissionError) as error:
            found, missing = None, [str(error)]
        if found is not None and not missing:
            return found
        if time.monotonic() >= deadline:
            raise NotInForceError(_text(awaited, missing, seconds))
        await asyncio.sleep(_POLL_SECONDS)


async def now(connection: Connection, path: str) -> Json:
    """An object as it is, without waiting; empty where it is not there or can't be read."""
    try:
        return await Cluster(connection).get(path) or {}
    except (Unreachable, PermissionError):
        return {}


def _missing(found: Json | None, awaited: Awaited) -> list[str]:
    if found is None:
        return ["it does not exist"]
    uid = cast("dict[str, object]", found["metadata"]).get("uid")
    if awaited.uid is not None and uid != awaited.uid:
        other = (
            "the cluster of the given kubeconfig has another object of this name; give the "
            "kubeconfig and context of the cluster that the provider writes to"
        )
        return [other]
    return awaited.unmet(found)


def _text(awaited: Awaited, missing: list[str], seconds: float) -> str:
    reasons = "; ".join(missing)
    return (
        f"{awaited.title} is not in force after {seconds:g} s: {reasons}. "
        "Nothing was routed to it, because a route without its policy is open. "
        "Mend what the controller says, then run `pulumi up` again."
    )
