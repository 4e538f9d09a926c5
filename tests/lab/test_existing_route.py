"""Hooking up to an AIGatewayRoute that somebody else owns."""

import httpx
import pytest

from lab.attempt import Attempt, send
from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.lab.callers import await_status
from tests.lab.rows import MODEL
from tests.lab.stack import LISTENERS, Stack, Stacks
from tests.lab.theirs import make_backend, make_route

pytestmark = pytest.mark.lab


def _stack(stacks: Stacks, api: KubernetesApi, upstream: Upstream, *listeners: str) -> Stack:
    """A stack beside a route of somebody else's, which names these listeners."""
    made = stacks.new("existing-route")
    made.config["namespace"]["create"] = False
    made.make_namespace(api)
    make_backend(made, api, upstream)
    make_route(made, api, "theirs", MODEL, gateway="maas", listeners=listeners)
    made.config["route"] = {"existing": {"name": "theirs"}}
    return made


def test_a_route_that_names_our_listeners(
    stacks: Stacks, api: KubernetesApi, upstream: Upstream, http: httpx.Client
) -> None:
    stack = _stack(stacks, api, upstream, *LISTENERS.values())
    before = stack.read(api, "aigatewayroutes", "theirs")["spec"]
    made = stack.deploy()
    await_status(200, http, stack.url("apiKey"), {"x-api-key": stack.keys["alice"]})
    for method in LISTENERS:
        attempt = Attempt(method, stack.url(method), "no credential", 401, model=MODEL)
        assert not send(attempt, upstream, http).problems
    assert "is not attached" not in "\n".join(made.messages)
    assert stack.read(api, "aigatewayroutes", "theirs")["spec"] == before


def test_a_route_that_lacks_one_is_told_to_its_owner_and_not_changed(
    stacks: Stacks, api: KubernetesApi, upstream: Upstream, http: httpx.Client
) -> None:
    stack = _stack(stacks, api, upstream, "api-key")
    before = stack.read(api, "aigatewayroutes", "theirs")["spec"]
    messages = "\n".join(stack.deploy().messages)
    assert f"AIGatewayRoute {stack.namespace}/theirs is not attached to oidc" in messages
    assert "sectionName: oidc" in messages
    assert "sectionName: api-key" not in messages
    assert stack.read(api, "aigatewayroutes", "theirs")["spec"] == before
    await_status(404, http, stack.url("oidc"))
    await_status(200, http, stack.url("apiKey"), {"x-api-key": stack.keys["alice"]})
