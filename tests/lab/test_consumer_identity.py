"""Team and tier of an API-key client, and one client id for both keys, from a stack's config."""

from collections.abc import Mapping

import httpx
import pytest

from lab.attempt import Attempt, send
from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.lab.callers import await_status, knocking
from tests.lab.rows import MODEL, STOLEN
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("identity")
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


def test_lua_completes_the_identity(
    stack: Stack, upstream: Upstream, api: KubernetesApi, http: httpx.Client
) -> None:
    url, first = stack.url("apiKey"), stack.keys["alice"]
    assert _identity(url, first, upstream, http) == {"x-user-id": ["alice"]}

    stack.config["apiKey"]["lua"] = True
    alice = {"team": "search", "tier": "gold", "rotation": 2, "overlapFor": "7d"}
    stack.config["consumers"]["alice"].update(alice)
    with knocking(stack, upstream):
        stack.deploy()
        second = stack.keys["alice"]
        await_status(200, http, url, {"x-api-key": second})
    whole = {"x-user-id": ["alice"], "x-user-group": ["search"], "x-user-tier": ["gold"]}
    for key in (first, second):
        assert _identity(url, key, upstream, http) == whole
        assert _identity(url, key, upstream, http, claimed=STOLEN) == whole
    nobody_special = stack.keys["ci-runner"]
    assert _identity(url, nobody_special, upstream, http, claimed=STOLEN) == {
        "x-user-id": ["ci-runner"]
    }

    path = f"/apis/gateway.envoyproxy.io/v1alpha1/namespaces/{stack.namespace}"
    assert api.get(f"{path}/envoyextensionpolicies/maas-identity") is not None
    for field in ("team", "tier"):
        del stack.config["consumers"]["alice"][field]
    stack.config["apiKey"]["lua"] = False
    stack.deploy()
    assert api.get(f"{path}/envoyextensionpolicies/maas-identity") is None


def _identity(
    url: str,
    key: str,
    upstream: Upstream,
    http: httpx.Client,
    claimed: Mapping[str, str] | None = None,
) -> dict[str, list[str]]:
    headers = {**(claimed or {}), "x-api-key": key}
    call = Attempt("apiKey", url, "a key", 200, headers=headers, model=MODEL)
    result = send(call, upstream, http)
    assert (result.status, result.arrivals) == (200, 1)
    return result.identity
