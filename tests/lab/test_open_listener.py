"""The rows of requests that must be denied, on a listener without any policy: all are problems.

A row that passed here would pass on a broken gateway too, and prove nothing.
"""

from collections.abc import Iterator

import httpx
import pytest

from lab.attempt import send
from lab.client import Lab
from lab.issuer import AUDIENCE, Issuer
from lab.ports import free_port
from lab.upstream import Upstream
from tests.lab import plain_gateway
from tests.lab.callers import Caller
from tests.lab.plain_gateway import until
from tests.lab.rows import CONSUMER, DENIED, STOLEN, Row, Wallet, api_key, oidc

pytestmark = pytest.mark.lab

NAME = "open-listener"
WITH_STOLEN_IDENTITY = (
    oidc("good token, claims to be admin", 200, lambda w: w.good_token, also=STOLEN),
    api_key("good key, claims to be admin", 200, lambda w: {"x-api-key": w.key, **STOLEN}),
)


@pytest.fixture(scope="module")
def url(lab: Lab, upstream: Upstream) -> Iterator[str]:
    """Base URL of an open listener."""
    api = lab.api()
    port = free_port()
    plain_gateway.deploy(api, NAME, port, upstream.port)
    until(lambda: plain_gateway.answers(port), "the open listener answers")
    yield f"http://127.0.0.1:{port}"
    plain_gateway.remove(api, NAME)
    api.close()


@pytest.mark.parametrize("row", [*DENIED, *WITH_STOLEN_IDENTITY], ids=str)
def test_the_row_fails(
    row: Row, url: str, issuer: Issuer, upstream: Upstream, http: httpx.Client
) -> None:
    keys = {CONSUMER: "1a" * 32, "ci-runner": "2b" * 32}
    attempt = row.attempt(url, Wallet(issuer, AUDIENCE, keys))
    result = send(attempt, upstream, http)
    assert result.status == 200
    assert result.arrivals == 1
    assert result.problems


def test_who_knocks_all_the_time_gets_in(url: str, upstream: Upstream) -> None:
    with Caller(url, upstream) as caller:
        until(lambda: caller.statuses[200] > 0, "somebody gets in")
    assert caller.arrivals == caller.statuses[200]
