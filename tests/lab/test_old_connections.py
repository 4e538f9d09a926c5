"""Connections that were opened before the policy of their listener changed."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from lab.attempt import CHAT_PATH
from lab.kubernetes_api import KubernetesApi
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.callers import await_status
from tests.lab.rows import MODEL
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab

COUNT = 10
POLICY = "maas-apikey-auth"
OPEN_ONCE = (
    "Envoy 1.39.1 with Envoy Gateway 1.9.1: an old connection keeps the filters that its listener "
    "had, and takes the new routes. Where the authentication filter is new or another one takes "
    "its place, each old connection has one answer without a credential before it is closed."
)


@pytest.fixture
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("connections")
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


@pytest.fixture
def connections(stack: Stack) -> Iterator[list[http.client.HTTPConnection]]:
    """Connections to the listener for keys, on which nothing was sent yet."""
    with ExitStack() as opened:
        yield [opened.enter_context(closing(_connected(stack.url("apiKey")))) for _ in range(COUNT)]


@pytest.mark.xfail(strict=True, reason=OPEN_ONCE)
def test_none_gets_in_when_the_policy_goes(
    stack: Stack,
    connections: list[http.client.HTTPConnection],
    api: KubernetesApi,
    http: httpx.Client,
    upstream: Upstream,
) -> None:
    api.delete(stack.path("securitypolicies", POLICY))
    await_status(403, http, stack.url("apiKey"))
    request_id = str(uuid4())
    statuses = {_status(connection, request_id) for connection in connections}
    assert statuses <= {401, 403}
    assert upstream.count(request_id) == 0


def _connected(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.connect()
    return connection


def _status(connection: http.client.HTTPConnection, request_id: str) -> int:
    """The status of one call of a model, without a credential; 401 from a closed connection."""
    body = json.dumps({"model": MODEL, "messages": []})
    headers = {"content-type": "application/json", REQUEST_HEADER: request_id}
    connection.auto_open = 0
    connection.request("POST", CHAT_PATH, body=body, headers=headers)
    with closing(connection.getresponse()) as answer:
        return answer.status
