"""Both methods with right, wrong and missing credentials, and calls from a browser."""

import uuid

import httpx
import pytest

from lab.attempt import CHAT_PATH, send
from lab.issuer import Issuer
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.callers import await_status
from tests.lab.conftest import Stacks
from tests.lab.rows import DENIED, LET_IN, Row, Wallet, api_key, oidc
from tests.lab.stack import Stack

pytestmark = pytest.mark.lab

PAGE = "https://chat.example.com"
METHODS = ("oidc", "apiKey")


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("methods")
    for method in METHODS:
        made.config[method]["cors"] = {"allowOrigins": [PAGE]}
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


@pytest.fixture(scope="module")
def wallet(stack: Stack, issuer: Issuer) -> Wallet:
    return Wallet(issuer, stack.audience, stack.keys)


@pytest.mark.parametrize("row", [*DENIED, *LET_IN], ids=str)
def test_row(
    row: Row, stack: Stack, wallet: Wallet, upstream: Upstream, http: httpx.Client
) -> None:
    result = send(row.attempt(stack.url(row.method), wallet), upstream, http)
    assert not result.problems


@pytest.mark.parametrize("origin", [PAGE, "https://evil.example.com"])
@pytest.mark.parametrize("method", METHODS)
def test_a_preflight_never_reaches_the_upstream(
    method: str, origin: str, stack: Stack, upstream: Upstream, http: httpx.Client
) -> None:
    """It has no body, so no model, and matches the AI Gateway's catch-all rule, a direct response.

    On such a rule Envoy's CORS filter does nothing (1.39.1): not even the page's own preflight is
    answered, though the policy with `cors` is accepted. It stays closed.
    """
    answer, arrivals = _preflight(stack.url(method), origin, upstream, http)
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


def _preflight(
    url: str, origin: str, upstream: Upstream, http: httpx.Client
) -> tuple[httpx.Response, int]:
    request_id = str(uuid.uuid4())
    answer = http.options(
        url + CHAT_PATH,
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
            REQUEST_HEADER: request_id,
        },
    )
    return answer, upstream.count(request_id)
