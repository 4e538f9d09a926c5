"""What goes on while a command runs: callers are served, and objects stay as they are."""

import base64
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import httpx

from lab.kubernetes_api import KubernetesApi, Object
from lab.upstream import Upstream
from tests.lab.callers import Caller, await_status, knocking, status_of
from tests.lab.plain_gateway import until
from tests.lab.stack import API_VERSIONS, Stack

SECRET = "maas-api-keys"
STEADY = 100
CLUSTER_WIDE = ("gatewayclasses", "namespaces")
WRITTEN_BY_SERVER = ("managedFields", "resourceVersion")


class Thing(NamedTuple):
    """An object, without its status and who has written it."""

    uid: str
    content: Object


def objects(stack: Stack, api: KubernetesApi) -> dict[str, Thing]:
    """Every object of the stack, and what controllers made beside them."""
    found = [(plural, stack.read(api, plural, stack.namespace)) for plural in CLUSTER_WIDE]
    for plural in API_VERSIONS.keys() - set(CLUSTER_WIDE):
        listed = api.get(stack.path(plural, "").rstrip("/"))
        found += [(plural, thing) for thing in (listed or {"items": []})["items"]]
    return {f"{plural}/{thing['metadata']['name']}": _thing(thing) for plural, thing in found}


def _thing(found: Object) -> Thing:
    metadata = {key: v for key, v in found["metadata"].items() if key not in WRITTEN_BY_SERVER}
    content = {key: value for key, value in found.items() if key != "status"}
    return Thing(metadata["uid"], content | {"metadata": metadata})


def live_keys(stack: Stack, api: KubernetesApi) -> dict[str, str]:
    """The keys that the Secret holds, by entry."""
    data = stack.read(api, "secrets", SECRET)["data"]
    return {entry: base64.b64decode(value).decode() for entry, value in data.items()}


def await_keys(stack: Stack, http: httpx.Client, keys: Iterable[str]) -> None:
    """Wait until each key is served, and steadily.

    The filter of AI Gateway 1.1.0 can be away once more after the first good answers.
    """
    url = stack.url("apiKey")
    for key in keys:
        await_status(200, http, url, header(key))
        until(
            lambda key=key: all(status_of(http, url, header(key)) == 200 for _ in range(STEADY)),
            "it serves steadily",
        )


@contextmanager
def served(stack: Stack, upstream: Upstream, keys: Iterable[str]) -> Generator[None]:
    """The owner of each key calls all the time: no call fails, and nobody gets in without a key."""
    callers = [Caller(stack.url("apiKey"), upstream, header(key)) for key in keys]
    with knocking(stack, upstream, "apiKey"), ExitStack() as calling:
        for caller in callers:
            calling.enter_context(caller)
        until(lambda: all(caller.statuses.total() for caller in callers), "first calls are made")
        yield
    statuses = [caller.statuses for caller in callers]
    assert not any(caller.failures for caller in callers), statuses
    assert all(caller.arrivals == caller.statuses[200] for caller in callers), statuses


@contextmanager
def undisturbed(stack: Stack, api: KubernetesApi, upstream: Upstream) -> Generator[None]:
    """Every key that the Secret holds is served, and in the end every object is as it was."""
    before = objects(stack, api)
    with served(stack, upstream, live_keys(stack, api).values()):
        yield
    after = objects(stack, api)
    names = sorted(before.keys() | after.keys())
    other = [(before.get(name), after.get(name)) for name in names]
    assert after == before, [pair for pair in other if pair[0] != pair[1]]


def header(key: str) -> dict[str, str]:
    """The header that carries a key."""
    return {"x-api-key": key}
