"""Connections that were opened before the policy of their listener changed.

Such a connection keeps the filters that its listener had, and takes the new routes (Envoy 1.39.1
with Envoy Gateway 1.9.1). The anchor keeps every authentication filter in the listener.
"""

import http.client
import json
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from ai_gateway_auth.objects.anchor import ANCHOR_PATH

from lab.attempt import CHAT_PATH
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.callers import await_status
from tests.lab.plain_gateway import until
from tests.lab.rows import MODEL
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab

COUNT = 10
NO_ANSWER = 0
POLICIES = {"oidc": "maas-oidc-auth", "apiKey": "maas-apikey-auth"}
DENIED = {401, 403, NO_ANSWER}


@pytest.fixture
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("connections")
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


@pytest.fixture(params=sorted(POLICIES))
def method(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def credential(stack: Stack, method: str, issuer: Issuer) -> dict[str, str]:
    """A good one for the listener."""
    if method == "apiKey":
        return {"x-api-key": stack.keys["alice"]}
    return {"authorization": f"Bearer {issuer.token(aud=stack.audience)}"}


def test_without_the_anchor_each_old_connection_gets_in_once(
    stack: Stack,
    method: str,
    credential: dict[str, str],
    api: KubernetesApi,
    http: httpx.Client,
    upstream: Upstream,
) -> None:
    for plural in ("securitypolicies", "httproutes"):
        api.delete(stack.path(plural, "maas-anchor"))
    anchor = stack.url(method) + ANCHOR_PATH
    until(lambda: http.get(anchor, headers=credential).status_code == 404, "the anchor is there")
    with _connections(stack, method) as connections:
        api.delete(stack.path("securitypolicies", POLICIES[method]))
        await_status(403, http, stack.url(method))
        statuses, arrivals = _ask(connections, upstream)
    assert statuses == {200}
    assert arrivals == COUNT


def test_none_gets_in_when_the_policy_goes_and_comes_back(
    stack: Stack, method: str, api: KubernetesApi, http: httpx.Client, upstream: Upstream
) -> None:
    name = POLICIES[method]
    spec = stack.read(api, "securitypolicies", name)["spec"]
    with _connections(stack, method) as connections:
        api.delete(stack.path("securitypolicies", name))
        await_status(403, http, stack.url(method))
        statuses, arrivals = _ask(connections, upstream)
    assert statuses <= DENIED
    assert arrivals == 0
    with _connections(stack, method) as connections:
        stack.apply(api, "SecurityPolicy", "securitypolicies", name, spec=spec)
        await_status(401, http, stack.url(method))
        statuses, arrivals = _ask(connections, upstream)
    assert statuses <= DENIED
    assert arrivals == 0


def test_none_gets_in_that_came_before_the_route(
    stacks: Stacks, method: str, http: httpx.Client, upstream: Upstream
) -> None:
    """The client names the model itself, since the connection may be older than ext_proc too."""
    stack = stacks.new("early")
    route = stack.config.pop("route")
    stack.deploy()
    with _connections(stack, method) as connections:
        stack.config["route"] = route
        stack.deploy()
        await_status(200, http, stack.url("apiKey"), {"x-api-key": stack.keys["alice"]})
        statuses, arrivals = _ask(connections, upstream)
    assert statuses <= DENIED
    assert arrivals == 0


@contextmanager
def _connections(stack: Stack, method: str) -> Generator[list[http.client.HTTPConnection]]:
    """Connections to a listener, on which nothing was sent yet."""
    with ExitStack() as opened:
        yield [opened.enter_context(closing(_connected(stack.url(method)))) for _ in range(COUNT)]


def _connected(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.connect()
    connection.auto_open = 0
    return connection


def _ask(connections: list[http.client.HTTPConnection], upstream: Upstream) -> tuple[set[int], int]:
    """Statuses of one call without a credential on each, and how many reached the upstream."""
    request_id = str(uuid4())
    statuses = {_status(connection, request_id) for connection in connections}
    return statuses, upstream.count(request_id)


def _status(connection: http.client.HTTPConnection, request_id: str) -> int:
    headers = {
        "content-type": "application/json",
        "x-ai-eg-model": MODEL,
        REQUEST_HEADER: request_id,
    }
    body = json.dumps({"model": MODEL, "messages": []})
    try:
        connection.request("POST", CHAT_PATH, body=body, headers=headers)
        with closing(connection.getresponse()) as answer:
            return answer.status
    except (http.client.HTTPException, OSError):
        return NO_ANSWER
