"""An older open route beside a protected one: open with `attach: route`, closed otherwise.

A request is authenticated against the route that it matches before its model is known: the
catch-all rule of the oldest route. Then the model sends it to another route, unchecked.
"""

from datetime import UTC, datetime

import httpx
import pytest

from lab.attempt import Attempt, send
from lab.envoy_gateway import CONTROLLER
from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.lab.callers import await_status
from tests.lab.plain_gateway import until
from tests.lab.rows import MODEL
from tests.lab.stack import Stack, Stacks
from tests.lab.theirs import make_backend, make_route

pytestmark = pytest.mark.lab

OLDER_MODEL = "older-model"


@pytest.fixture(scope="module")
def alone(stacks: Stacks, api: KubernetesApi, upstream: Upstream) -> Stack:
    """A stack that protects the only route of somebody else's Gateway."""
    stack = _of_somebody_else(stacks, api, upstream)
    make_route(stack, api, "theirs", MODEL)
    stack.deploy()
    return stack


@pytest.fixture(scope="module")
def beside(stacks: Stacks, api: KubernetesApi, upstream: Upstream) -> Stack:
    """The same, where an older route has no policy."""
    stack = _of_somebody_else(stacks, api, upstream)
    make_route(stack, api, "older", OLDER_MODEL)
    _next_second(stack, api, "older")
    make_route(stack, api, "theirs", MODEL)
    stack.deploy()
    return stack


@pytest.fixture(scope="module")
def attached(stacks: Stacks, api: KubernetesApi, upstream: Upstream) -> Stack:
    """A stack with a Gateway of its own, in whose namespace somebody has an older route."""
    stack = stacks.new("listener")
    stack.config["namespace"]["create"] = False
    stack.make_namespace(api)
    make_backend(stack, api, upstream)
    make_route(stack, api, "older", OLDER_MODEL, gateway="maas", listeners=["api-key"])
    _next_second(stack, api, "older")
    stack.deploy()
    return stack


def test_alone_the_route_is_closed(
    alone: Stack, api: KubernetesApi, http: httpx.Client, upstream: Upstream
) -> None:
    await_status(200, http, _url(alone, api), {"x-api-key": alone.keys["alice"]})
    for headers in ({}, {"x-api-key": "0" * 64}):
        attempt = Attempt(
            "route", _url(alone, api), "no good key", 401, headers=headers, model=MODEL
        )
        assert not send(attempt, upstream, http).problems


def test_beside_an_older_open_route_it_is_open(
    beside: Stack, api: KubernetesApi, http: httpx.Client, upstream: Upstream
) -> None:
    """This is the hole that `attach: listener` closes; the policy says Accepted meanwhile."""
    await_status(200, http, _url(beside, api))
    attempt = Attempt("route", _url(beside, api), "no key", 401, model=MODEL)
    result = send(attempt, upstream, http)
    assert (result.status, result.arrivals) == (200, 1)
    assert result.problems


def test_the_stack_warns_of_it(beside: Stack) -> None:
    assert beside.deployment is not None
    assert "attach: listener covers every route" in "\n".join(beside.deployment.messages)


@pytest.mark.parametrize("model", [MODEL, OLDER_MODEL])
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "0" * 64}], ids=["no key", "wrong key"])
def test_on_the_listener_every_route_is_closed(
    headers: dict[str, str], model: str, attached: Stack, http: httpx.Client, upstream: Upstream
) -> None:
    url = attached.url("apiKey")
    await_status(200, http, url, {"x-api-key": attached.keys["alice"]})
    attempt = Attempt("apiKey", url, "no good key", 401, headers=headers, model=model)
    assert not send(attempt, upstream, http).problems


def _of_somebody_else(stacks: Stacks, api: KubernetesApi, upstream: Upstream) -> Stack:
    """Somebody's Gateway, and a stack that is to protect their route."""
    stack = stacks.new("route")
    stack.make_namespace(api)
    port = stack.config["apiKey"].pop("listener")["port"]
    for key in ("namespace", "gateway", "oidc"):
        del stack.config[key]
    stack.config |= {
        "attach": "route",
        "route": {"existing": {"name": "theirs", "namespace": stack.namespace}},
    }
    name = stack.namespace
    class_path = stack.path("gatewayclasses", name)
    api.apply(
        class_path,
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": name},
            "spec": {"controllerName": CONTROLLER},
        },
    )
    listeners = [{"name": "http", "protocol": "HTTP", "port": port}]
    spec = {"gatewayClassName": name, "listeners": listeners}
    stack.apply(api, "Gateway", "gateways", "theirs", spec=spec)
    make_backend(stack, api, upstream)
    return stack


def _next_second(stack: Stack, api: KubernetesApi, name: str) -> None:
    """Wait until whatever is made now is younger than the route; Kubernetes counts in seconds."""
    until(lambda: api.get(stack.path("httproutes", name)) is not None, "its HTTPRoute is made")
    made = stack.read(api, "httproutes", name)["metadata"]["creationTimestamp"]
    until(lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" > made, "the next second")


def _url(stack: Stack, api: KubernetesApi) -> str:
    (listener,) = stack.read(api, "gateways", "theirs")["spec"]["listeners"]
    return f"http://127.0.0.1:{listener['port']}"
