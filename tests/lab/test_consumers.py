"""Consumers come and go while the others call all the time."""

import base64

import httpx
import pytest

from lab.client import Lab
from lab.kubernetes_api import KubernetesApi, Object
from lab.upstream import Upstream
from tests.lab.callers import Caller, await_status
from tests.lab.plain_gateway import until
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("consumers")
    made.deploy()
    await_status(200, http, made.url("apiKey"), _key(made.keys["alice"]))
    return made


def test_a_new_consumer_gets_in_and_nobody_else_notices(
    stack: Stack, upstream: Upstream, api: KubernetesApi, http: httpx.Client
) -> None:
    before, keys = _secret(stack, api), stack.keys
    with _calls(stack, "alice", upstream) as alice:
        stack.config["consumers"]["carol"] = {}
        made = stack.deploy()
        await_status(200, http, stack.url("apiKey"), _key(stack.keys["carol"]))
    after = _secret(stack, api)
    assert alice.failures == {}
    assert alice.arrivals == alice.statuses[200]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["data"] == {**before["data"], "carol": _encoded(stack.keys["carol"])}
    assert stack.keys == {**keys, "carol": stack.keys["carol"]}
    assert stack.keys["carol"] not in keys.values()
    assert (made.created, made.replaced, made.deleted) == (1, 0, 0)


def test_a_consumer_who_leaves_is_locked_out_and_nobody_else_notices(
    stack: Stack, upstream: Upstream, api: KubernetesApi, http: httpx.Client
) -> None:
    stack.config["consumers"]["dave"] = {}
    stack.deploy()
    revoked = stack.keys["dave"]
    await_status(200, http, stack.url("apiKey"), _key(revoked))
    before = _secret(stack, api)
    with _calls(stack, "alice", upstream) as alice:
        del stack.config["consumers"]["dave"]
        made = stack.deploy()
        await_status(401, http, stack.url("apiKey"), _key(revoked))
    with Caller(stack.url("apiKey"), upstream, _key(revoked)) as dave:
        until(lambda: dave.statuses.total() > 10, "dave tries again")
    after = _secret(stack, api)
    assert alice.failures == {}
    assert dave.statuses.keys() == {401}
    assert dave.arrivals == 0
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["data"] == {who: key for who, key in before["data"].items() if who != "dave"}
    assert (made.created, made.replaced, made.deleted) == (0, 0, 1)


def test_each_key_is_one_s_own_and_is_never_shown(stack: Stack, lab: Lab) -> None:
    del lab
    keys = list(stack.keys.values())
    assert len(set(keys)) == len(keys) >= 2
    assert all(len(key) >= 40 and key.isalnum() for key in keys)
    assert not any(key in f"{stack.deployment!r}" for key in keys)


def _calls(stack: Stack, consumer: str, upstream: Upstream) -> Caller:
    return Caller(stack.url("apiKey"), upstream, _key(stack.keys[consumer]))


def _key(key: str) -> dict[str, str]:
    return {"x-api-key": key}


def _secret(stack: Stack, api: KubernetesApi) -> Object:
    return stack.read(api, "secrets", "maas-api-keys")


def _encoded(key: str) -> str:
    return base64.b64encode(key.encode()).decode()
