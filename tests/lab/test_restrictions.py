"""A good credential is not enough: claims that a token must hold, networks to come from."""

import httpx
import pytest

from lab.attempt import send
from lab.issuer import Issuer
from lab.upstream import Upstream
from tests.lab.callers import await_status
from tests.lab.rows import Headers, Row, Wallet
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab

INSIDE = {"x-forwarded-for": "10.1.2.3"}
OUTSIDE = {"x-forwarded-for": "192.0.2.1"}
WORKFLOW: dict[str, object] = {"repository_owner": "my-org", "groups": ["staff", "llm-users"]}


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    """As behind one proxy whose X-Forwarded-For is believed."""
    made = stacks.new("restrictions")
    made.config["clientTraffic"] = {"trustedHops": 1}
    made.config["oidc"]["clientCidrs"] = ["10.0.0.0/8"]
    made.config["apiKey"]["clientCidrs"] = ["10.0.0.0/8"]
    # What the preset githubActions demands, of an issuer that the lab has.
    made.config["oidc"]["providers"]["dex"]["requiredClaims"] = {
        "repository_owner": {"values": ["my-org"]},
        "groups": {"values": ["llm-users", "llm-admins"], "array": True},
    }
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"], **INSIDE})
    return made


@pytest.fixture(scope="module")
def wallet(stack: Stack, issuer: Issuer) -> Wallet:
    return Wallet(issuer, stack.audience, stack.keys)


def token(what: str, status: int, *, came: Headers = INSIDE, **claims: object) -> Row:
    """A token of the right issuer for the right audience, with other claims."""

    def headers(wallet: Wallet) -> Headers:
        made = wallet.issuer.token(**wallet.bob | WORKFLOW | claims)
        return {"authorization": f"Bearer {made}", **came}

    return Row("oidc", what, status, headers)


def key(what: str, status: int, came: Headers) -> Row:
    """A good key."""
    return Row("apiKey", what, status, lambda wallet: {"x-api-key": wallet.key, **came})


@pytest.mark.parametrize(
    "row",
    [
        token("every claim right", 200),
        token("another group that may", 200, groups=["llm-admins"]),
        token("foreign owner", 403, repository_owner="evil-org"),
        token("owner that begins alike", 403, repository_owner="my-org-evil"),
        token("no owner", 403, repository_owner=None),
        token("owner in an array", 403, repository_owner=["my-org"]),
        token("other groups", 403, groups=["staff"]),
        token("no group", 403, groups=[]),
        token("groups missing", 403, groups=None),
        token("every claim right, from outside", 403, came=OUTSIDE),
        Row("oidc", "no token, from inside", 401, lambda _: INSIDE),
        key("good key, from inside", 200, INSIDE),
        key("good key, from outside", 403, OUTSIDE),
        key("good key, not through the proxy", 403, {}),
        key("good key, X-Forwarded-For made up", 403, {"x-forwarded-for": "10.1.2.3, 192.0.2.1"}),
        Row("apiKey", "no key, from inside", 401, lambda _: INSIDE),
    ],
    ids=str,
)
def test_row(
    row: Row, stack: Stack, wallet: Wallet, upstream: Upstream, http: httpx.Client
) -> None:
    result = send(row.attempt(stack.url(row.method), wallet), upstream, http)
    assert not result.problems
