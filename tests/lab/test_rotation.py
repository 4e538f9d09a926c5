"""A consumer gets a new key, and the one before stays valid while both are.

The overlap is ended here by shortening it: days do not pass in a test. What a day changes is the
subject of tests/unit.
"""

import base64
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from lab.attempt import Attempt, send
from lab.deployer import DeployError
from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.lab.callers import Caller, await_status
from tests.lab.plain_gateway import until
from tests.lab.rows import MODEL
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab

SECRETS = ("maas-api-keys", "maas-api-keys-1", "maas-api-keys-2")


@pytest.fixture
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("rotation")
    made.deploy()
    await_status(200, http, made.url("apiKey"), _header(made.keys["alice"]))
    return made


def test_rotation_with_an_overlap(
    stack: Stack, upstream: Upstream, api: KubernetesApi, http: httpx.Client
) -> None:
    url, first = stack.url("apiKey"), stack.keys["alice"]
    with _nobody_fails(stack, upstream, first, stack.keys["ci-runner"]):
        _alice(stack, rotation=2, overlapFor="7d")
        made = stack.deploy()
        second = stack.keys["alice"]
        await_status(200, http, url, _header(second))
    assert second != first
    assert (made.created, made.updated, made.replaced, made.deleted) == (1, 1, 0, 0)
    assert _entries(stack, api) == {"alice": second, "alice.previous": first} | _others(stack)
    assert _identity(url, second, upstream, http) == {"x-user-id": ["alice"]}
    assert _identity(url, first, upstream, http) == {"x-user-id": ["alice.previous"]}

    assert stack.deploy().changed == 0

    with _nobody_fails(stack, upstream, second, stack.keys["ci-runner"]):
        del stack.config["consumers"]["alice"]["overlapFor"]
        stack.deploy()
        await_status(401, http, url, _header(first))
    assert _entries(stack, api) == {"alice": second} | _others(stack)
    _is_locked_out(stack, upstream, first)


def test_rotation_without_an_overlap(
    stack: Stack, upstream: Upstream, api: KubernetesApi, http: httpx.Client
) -> None:
    url, first = stack.url("apiKey"), stack.keys["alice"]
    with _nobody_fails(stack, upstream, stack.keys["ci-runner"]):
        _alice(stack, rotation=2)
        stack.deploy()
        await_status(200, http, url, _header(stack.keys["alice"]))
        await_status(401, http, url, _header(first))
    assert _entries(stack, api).keys() == {"alice", "ci-runner"}
    _is_locked_out(stack, upstream, first)


@pytest.mark.parametrize(
    "change",
    [{"revoked": True, "revokedReason": "in a public log"}, {"expires": "2026-01-31"}],
    ids=["revoked", "expired"],
)
def test_who_has_no_key_any_more_is_locked_out_with_both(
    stack: Stack,
    upstream: Upstream,
    api: KubernetesApi,
    http: httpx.Client,
    change: dict[str, object],
) -> None:
    first = stack.keys["alice"]
    _alice(stack, rotation=2, overlapFor="7d")
    stack.deploy()
    second = stack.keys["alice"]
    await_status(200, http, stack.url("apiKey"), _header(second))
    with _nobody_fails(stack, upstream, stack.keys["ci-runner"]):
        _alice(stack, **change)
        stack.deploy()
        await_status(401, http, stack.url("apiKey"), _header(second))
    assert _entries(stack, api).keys() == {"ci-runner"}
    assert stack.keys.keys() == {"ci-runner"}
    for key in (first, second):
        _is_locked_out(stack, upstream, key)


def test_a_key_that_is_given_back_is_a_new_one(stack: Stack, http: httpx.Client) -> None:
    first = stack.keys["alice"]
    _alice(stack, revoked=True)
    stack.deploy()
    del stack.config["consumers"]["alice"]["revoked"]
    stack.deploy()
    await_status(200, http, stack.url("apiKey"), _header(stack.keys["alice"]))
    assert stack.keys["alice"] != first


def test_everybody_is_revoked(stack: Stack, upstream: Upstream, http: httpx.Client) -> None:
    keys = dict(stack.keys)
    for consumer in stack.config["consumers"].values():
        consumer["revoked"] = True
    stack.deploy()
    for key in keys.values():
        await_status(401, http, stack.url("apiKey"), _header(key))
        _is_locked_out(stack, upstream, key)


def test_an_existing_key_moves_in_unchanged(
    stack: Stack, upstream: Upstream, api: KubernetesApi, http: httpx.Client
) -> None:
    by_hand = "a-key-that-somebody-made-by-hand-long-ago"
    encoded = base64.b64encode(by_hand.encode()).decode()
    stack.apply(api, "Secret", "secrets", "legacy-keys", data={"carol-key": encoded})
    with _nobody_fails(stack, upstream, stack.keys["alice"]):
        stack.config["consumers"]["carol"] = {
            "importFrom": [{"name": "legacy-keys", "key": "carol-key"}]
        }
        stack.deploy()
        await_status(200, http, stack.url("apiKey"), _header(by_hand))
    assert stack.keys["carol"] == by_hand

    # Once it is in, its source is not needed any more.
    del stack.config["consumers"]["carol"]["importFrom"]
    api.delete(stack.path("secrets", "legacy-keys"))
    assert stack.deploy().changed == 0
    assert stack.keys["carol"] == by_hand
    identity = _identity(stack.url("apiKey"), by_hand, upstream, http)
    assert identity == {"x-user-id": ["carol"]}


def test_what_somebody_adds_to_the_secret_is_gone_with_the_next_up(
    stack: Stack, upstream: Upstream, api: KubernetesApi, http: httpx.Client
) -> None:
    smuggled = "a-key-that-mallory-has-put-into-the-secret"
    path = stack.path("secrets", "maas-api-keys")
    encoded = base64.b64encode(smuggled.encode()).decode()
    api.merge(path, {"data": {"mallory": encoded}})
    await_status(200, http, stack.url("apiKey"), _header(smuggled))
    with _nobody_fails(stack, upstream, stack.keys["alice"]):
        made = stack.deploy()
        await_status(401, http, stack.url("apiKey"), _header(smuggled))
    assert any("removed from Secret maas-api-keys: mallory" in text for text in made.messages)
    assert _entries(stack, api).keys() == {"alice", "ci-runner"}
    _is_locked_out(stack, upstream, smuggled)


def test_a_key_is_delivered_to_its_consumer(stack: Stack, api: KubernetesApi) -> None:
    place = {"namespace": stack.namespace, "name": "models-key"}
    _alice(stack, deliverTo=place)
    stack.deploy()
    assert _entries(stack, api, "models-key") == {"api-key": stack.keys["alice"]}
    _alice(stack, rotation=2, overlapFor="7d")
    stack.deploy()
    assert _entries(stack, api, "models-key") == {"api-key": stack.keys["alice"]}
    _alice(stack, revoked=True)
    stack.deploy()
    assert api.get(stack.path("secrets", "models-key")) is None


def test_more_secrets(
    stack: Stack, upstream: Upstream, api: KubernetesApi, http: httpx.Client
) -> None:
    for number in range(8):
        stack.config["consumers"][f"consumer-{number}"] = {}
    stack.deploy()
    keys = dict(stack.keys)
    for key in keys.values():
        await_status(200, http, stack.url("apiKey"), _header(key))

    with _nobody_fails(stack, upstream, *keys.values()):
        stack.config["apiKey"]["shards"] = {"count": 3, "before": 1}
        stack.deploy()
        stack.config["apiKey"]["shards"] = {"count": 3}
        stack.deploy()
        parts = [_entries(stack, api, name) for name in SECRETS]
        assert sum(map(len, parts)) == len(keys)
        assert all(parts)
        assert parts[0] | parts[1] | parts[2] == keys

        stack.config["apiKey"]["shards"] = {"count": 1, "before": 3}
        stack.deploy()
        del stack.config["apiKey"]["shards"]
        stack.deploy()
        assert _entries(stack, api) == keys
    assert [api.get(stack.path("secrets", name)) for name in SECRETS[1:]] == [None, None]


def test_keys_do_not_move_without_a_copy(stack: Stack, api: KubernetesApi) -> None:
    for number in range(8):
        stack.config["consumers"][f"consumer-{number}"] = {}
    stack.deploy()
    before = _entries(stack, api)
    stack.config["apiKey"]["shards"] = {"count": 3}
    with pytest.raises(DeployError, match=r"Set shards\.before"):
        stack.deploy()
    assert _entries(stack, api) == before
    assert api.get(stack.path("secrets", SECRETS[1])) is None


def _alice(stack: Stack, **fields: object) -> None:
    consumer: dict[str, Any] = stack.config["consumers"]["alice"]
    consumer.update(fields)


def _header(key: str) -> dict[str, str]:
    return {"x-api-key": key}


def _entries(stack: Stack, api: KubernetesApi, secret: str = SECRETS[0]) -> dict[str, str]:
    data: Mapping[str, str] = stack.read(api, "secrets", secret).get("data") or {}
    return {name: base64.b64decode(value).decode() for name, value in data.items()}


def _others(stack: Stack) -> dict[str, str]:
    return {name: key for name, key in stack.keys.items() if name != "alice"}


def _identity(url: str, key: str, upstream: Upstream, http: httpx.Client) -> dict[str, list[str]]:
    """Who the upstream is told that the bearer of a key is."""
    call = Attempt("apiKey", url, "a key", 200, headers=_header(key), model=MODEL)
    result = send(call, upstream, http)
    assert (result.status, result.arrivals) == (200, 1)
    return result.identity


@contextmanager
def _nobody_fails(stack: Stack, upstream: Upstream, *keys: str) -> Generator[None]:
    """Each key's owner calls all the time, and no call may fail or go astray."""
    callers = [Caller(stack.url("apiKey"), upstream, _header(key)) for key in keys]
    with ExitStack() as calling:
        for caller in callers:
            calling.enter_context(caller)
        yield
    for caller in callers:
        assert caller.failures == {}
        assert caller.arrivals == caller.statuses[200] > 0


def _is_locked_out(stack: Stack, upstream: Upstream, key: str) -> None:
    with Caller(stack.url("apiKey"), upstream, _header(key)) as caller:
        until(lambda: caller.statuses.total() > 5, "somebody without a valid key tries")
    assert caller.statuses.keys() == {401}
    assert caller.arrivals == 0
