"""A roll-out with `optional: true`: nobody is refused for having no token, nobody is believed."""

import httpx
import pytest

from lab.attempt import send
from lab.issuer import Issuer
from lab.upstream import Upstream
from tests.lab.callers import await_status
from tests.lab.rows import STOLEN, Row, Wallet, bearer, oidc
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("optional")
    made.config["oidc"] |= {"optional": True, "until": "2999-01-01"}
    # Not behind a proxy: what a client says of its own address is not believed.
    made.config["apiKey"]["clientCidrs"] = ["10.0.0.0/8"]
    made.deploy()
    await_status(200, http, made.url("oidc"))
    return made


@pytest.fixture(scope="module")
def wallet(stack: Stack, issuer: Issuer) -> Wallet:
    return Wallet(issuer, stack.audience, stack.keys)


@pytest.mark.parametrize(
    "row",
    [
        Row("oidc", "no token", 200, lambda _: {}, identity={}),
        Row("oidc", "no token, claims to be admin", 200, lambda _: STOLEN, identity={}),
        oidc("good token", 200, lambda w: w.good_token),
        oidc("good token, claims to be admin", 200, lambda w: w.good_token, also=STOLEN),
        oidc("no JWT", 401, lambda _: "nonsense"),
        oidc("expired", 401, lambda w: w.issuer.expired(**w.bob)),
        oidc("wrong audience", 403, lambda w: w.issuer.wrong_audience(sub="bob")),
        oidc("wrong issuer", 401, lambda w: w.issuer.wrong_issuer(**w.bob)),
        oidc("unsigned", 401, lambda w: w.issuer.unsigned(**w.bob), also=STOLEN),
        oidc("signed by a foreign key", 401, lambda w: w.issuer.foreign(**w.bob)),
        Row("apiKey", "no key", 401, lambda _: {}),
        Row(
            "apiKey",
            "good key, address made up",
            403,
            lambda w: bearer(w.key) | {"x-forwarded-for": "10.1.2.3"},
        ),
    ],
    ids=str,
)
def test_row(
    row: Row, stack: Stack, wallet: Wallet, upstream: Upstream, http: httpx.Client
) -> None:
    result = send(row.attempt(stack.url(row.method), wallet), upstream, http)
    assert not result.problems


def test_the_roll_out_is_told(stack: Stack) -> None:
    assert stack.deployment is not None
    assert "requests without a token pass until 2999-01-01" in "\n".join(stack.deployment.messages)
