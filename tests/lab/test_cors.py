"""Calls from a browser's page."""

import uuid

import httpx
import pytest

from lab.attempt import CHAT_PATH, send
from lab.issuer import Issuer
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.callers import await_status
from tests.lab.plain_gateway import until
from tests.lab.rows import Row, Wallet, api_key, oidc
from tests.lab.stack import LISTENERS, Stack, Stacks

pytestmark = pytest.mark.lab

PAGE = "https://chat.example.com"
OTHER_PAGE = "https://evil.example.com"
METHODS = ("oidc", "apiKey")
PLAIN_PATH = "/plain"


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("cors")
    for method in METHODS:
        made.config[method]["cors"] = {"allowOrigins": [PAGE]}
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


@pytest.fixture(scope="module")
def wallet(stack: Stack, issuer: Issuer) -> Wallet:
    return Wallet(issuer, stack.audience, stack.keys)


@pytest.mark.parametrize("origin", [PAGE, OTHER_PAGE])
@pytest.mark.parametrize("method", METHODS)
def test_a_preflight_never_reaches_the_upstream(
    method: str, origin: str, stack: Stack, upstream: Upstream, http: httpx.Client
) -> None:
    """It has no body, so no model, and matches the AI Gateway's catch-all rule, a direct response.

    On such a rule Envoy's CORS filter does nothing (1.39.1): not even the page's own preflight is
    answered, though the policy with `cors` is accepted. It stays closed.
    """
    answer, arrivals = _preflight(stack.url(method) + CHAT_PATH, origin, upstream, http)
    assert answer.status_code == 401
    assert "access-control-allow-origin" not in answer.headers
    assert arrivals == 0


@pytest.mark.parametrize(
    "row",
    [
        oidc("from the page, no token", 401, lambda _: "", also={"origin": PAGE}),
        oidc("from the page, good token", 200, lambda w: w.good_token, also={"origin": PAGE}),
        api_key("from the page, no key", 401, lambda _: {"origin": PAGE}),
        api_key("from the page, good key", 200, lambda w: {"origin": PAGE, "x-api-key": w.key}),
        api_key(
            "a request that only looks like a preflight",
            401,
            lambda _: {"origin": PAGE, "access-control-request-method": "POST"},
        ),
    ],
    ids=str,
)
def test_the_page_itself_needs_a_credential(
    row: Row, stack: Stack, wallet: Wallet, upstream: Upstream, http: httpx.Client
) -> None:
    result = send(row.attempt(stack.url(row.method), wallet), upstream, http)
    assert not result.problems


@pytest.fixture(scope="module")
def plain_route(stack: Stack, upstream: Upstream, http: httpx.Client) -> None:
    """An HTTPRoute without the AI Gateway, on both listeners of the stack."""
    api = stack.lab.api()
    parents = [{"name": "maas", "sectionName": name} for name in LISTENERS.values()]
    backend = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "vllm"}
    match = {"path": {"type": "PathPrefix", "value": PLAIN_PATH}}
    rules = [{"matches": [match], "backendRefs": [backend]}]
    spec = {"parentRefs": parents, "rules": rules}
    stack.apply(api, "HTTPRoute", "httproutes", "plain", spec=spec)
    api.close()
    for method in METHODS:
        url = stack.url(method) + PLAIN_PATH
        until(lambda url=url: _is_answered(url, upstream, http), "the plain route is not there")


def _is_answered(url: str, upstream: Upstream, http: httpx.Client) -> bool:
    return _preflight(url, PAGE, upstream, http)[0].is_success


@pytest.mark.usefixtures("plain_route")
@pytest.mark.parametrize("method", METHODS)
def test_a_preflight_is_answered_on_a_plain_route(
    method: str, stack: Stack, upstream: Upstream, http: httpx.Client
) -> None:
    url = stack.url(method) + PLAIN_PATH
    answer, arrivals = _preflight(url, PAGE, upstream, http)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert arrivals == 0
    answer, arrivals = _preflight(url, OTHER_PAGE, upstream, http)
    assert "access-control-allow-origin" not in answer.headers
    assert arrivals == 0
    assert http.get(url, headers={"origin": PAGE}).status_code == 401


def _preflight(
    url: str, origin: str, upstream: Upstream, http: httpx.Client
) -> tuple[httpx.Response, int]:
    request_id = str(uuid.uuid4())
    answer = http.options(
        url,
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
            REQUEST_HEADER: request_id,
        },
    )
    return answer, upstream.count(request_id)
