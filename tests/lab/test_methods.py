"""Both methods with right, wrong and missing credentials."""

import httpx
import pytest

from lab.attempt import send
from lab.issuer import Issuer
from lab.upstream import Upstream
from tests.lab.callers import await_status
from tests.lab.rows import DENIED, LET_IN, Row, Wallet
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("methods")
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
