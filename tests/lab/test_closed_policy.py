"""The policy that denies everything: a listener without a policy of its own answers 403.

What connections that are older than a change may do is the subject of test_old_connections.py.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lab.kubernetes_api import KubernetesApi
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.callers import await_status, status_of
from tests.lab.plain_gateway import until
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab

POLICY = "maas-apikey-auth"
CLOSED = "maas-closed"


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("closed")
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


@pytest.fixture
def deleted(stack: Stack, api: KubernetesApi, http: httpx.Client) -> Iterator[Stack]:
    """The stack while somebody has deleted the policy of the listener for keys."""
    spec = stack.read(api, "securitypolicies", POLICY)["spec"]
    api.delete(stack.path("securitypolicies", POLICY))
    await_status(403, http, stack.url("apiKey"))
    yield stack
    stack.apply(api, "SecurityPolicy", "securitypolicies", POLICY, spec=spec)
    await_status(401, http, stack.url("apiKey"))


def test_without_its_policy_a_listener_denies_everybody(deleted: Stack, http: httpx.Client) -> None:
    for _ in range(20):
        assert status_of(http, deleted.url("apiKey")) == 403
        assert status_of(http, deleted.url("apiKey"), {"x-api-key": deleted.keys["alice"]}) == 403


def test_the_other_listener_stays_as_it_is(deleted: Stack, http: httpx.Client) -> None:
    await_status(401, http, deleted.url("oidc"))


def test_a_foreign_route_is_closed_too(
    deleted: Stack, api: KubernetesApi, http: httpx.Client, upstream: Upstream
) -> None:
    foreign_route(deleted, api, "foreign", "api-key")
    request_id = str(uuid.uuid4())
    answer = http.get(f"{deleted.url('apiKey')}/foreign", headers={REQUEST_HEADER: request_id})
    assert answer.status_code == 403
    assert upstream.count(request_id) == 0


def test_a_foreign_route_stands_behind_the_listener_s_policy(
    stack: Stack, api: KubernetesApi, http: httpx.Client, upstream: Upstream
) -> None:
    foreign_route(stack, api, "beside", "oidc")
    request_id = str(uuid.uuid4())
    answer = http.get(f"{stack.url('oidc')}/beside", headers={REQUEST_HEADER: request_id})
    assert answer.status_code == 401
    assert upstream.count(request_id) == 0


def test_its_status_says_that_the_listeners_have_policies_of_their_own(
    stack: Stack, api: KubernetesApi
) -> None:
    def overridden() -> dict[str, str]:
        return conditions(stack.read(api, "securitypolicies", CLOSED)).get("Overridden", {})

    assert conditions(stack.read(api, "securitypolicies", CLOSED))["Accepted"]["status"] == "True"
    until(lambda: overridden().get("status") == "True", "it is overridden")
    assert "oidc" in overridden()["message"]
    assert "api-key" in overridden()["message"]


def foreign_route(stack: Stack, api: KubernetesApi, name: str, listener: str) -> None:
    """Somebody attaches a plain HTTPRoute for a path of its own, and waits until it is accepted."""
    backend = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "vllm"}
    match = {"path": {"type": "PathPrefix", "value": f"/{name}"}}
    spec = {
        "parentRefs": [{"name": "maas", "sectionName": listener}],
        "rules": [{"matches": [match], "backendRefs": [backend]}],
    }
    stack.apply(api, "HTTPRoute", "httproutes", name, spec=spec)

    def accepted() -> bool:
        status = stack.read(api, "httproutes", name).get("status", {})
        return any(
            condition["type"] == "Accepted" and condition["status"] == "True"
            for parent in status.get("parents", [])
            for condition in parent["conditions"]
        )

    until(accepted, f"HTTPRoute {name} is accepted")


def conditions(policy: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Conditions of a policy's only ancestor, by type."""
    (ancestor,) = policy["status"]["ancestors"]
    return {condition["type"]: condition for condition in ancestor["conditions"]}
