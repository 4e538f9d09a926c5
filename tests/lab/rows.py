"""Requests with each kind of credential, and what must come of them on a protected listener."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.attempt import Attempt
from lab.issuer import Issuer

MODEL = "llama-3.1-8b-instruct"
CONSUMER = "alice"
EMAIL = "bob@example.com"
STOLEN = {"x-user-id": "admin", "x-user-email": "root@example.com", "x-user-group": "admins"}

Headers = dict[str, str]


@dataclass(frozen=True)
class Wallet:
    """The credentials of somebody who is let in by both methods."""

    issuer: Issuer
    audience: str
    keys: Mapping[str, str]

    @property
    def bob(self) -> dict[str, object]:
        """Claims of a good token."""
        return {"sub": "bob", "email": EMAIL, "aud": self.audience}

    @property
    def good_token(self) -> str:
        """A token that is let in."""
        return self.issuer.token(**self.bob)

    @property
    def key(self) -> str:
        """A key that is let in."""
        return self.keys[CONSUMER]


@dataclass(frozen=True)
class Row:
    """A request, described before the stack and its keys are there."""

    method: str
    """`oidc` or `apiKey`."""
    what: str
    status: int
    headers: Callable[[Wallet], Headers]
    query: Callable[[Wallet], Headers] = field(default=lambda _: {})
    identity: Headers | None = None
    """What the upstream must be told; the bearer of the good credential unless given."""

    def __str__(self) -> str:
        return f"{self.method}: {self.what}"

    def attempt(self, url: str, wallet: Wallet, model: str = MODEL) -> Attempt:
        """The request with its credential in it."""
        bob, alice = {"x-user-id": "bob", "x-user-email": EMAIL}, {"x-user-id": CONSUMER}
        owner = bob if self.method == "oidc" else alice
        identity = owner if self.identity is None else self.identity
        return Attempt(
            self.method,
            url,
            self.what,
            self.status,
            headers=self.headers(wallet),
            identity=identity if self.status == 200 else {},
            query=self.query(wallet),
            model=model,
        )


def bearer(credential: str) -> Headers:
    """The Authorization header, or none without a credential."""
    return {"authorization": f"Bearer {credential}"} if credential else {}


def oidc(
    what: str,
    status: int,
    token: Callable[[Wallet], str],
    also: Headers | None = None,
) -> Row:
    """A request to the listener for tokens, with a token."""
    return Row("oidc", what, status, lambda wallet: bearer(token(wallet)) | (also or {}))


def api_key(what: str, status: int, headers: Callable[[Wallet], Headers]) -> Row:
    """A request to the listener for API keys."""
    return Row("apiKey", what, status, headers)


DENIED = (
    Row("oidc", "no token", 401, lambda _: {}),
    Row("oidc", "no token, claims to be admin", 401, lambda _: STOLEN),
    Row("oidc", "empty Authorization", 401, lambda _: {"authorization": ""}),
    Row("oidc", "Bearer and nothing", 401, lambda _: {"authorization": "Bearer"}),
    Row("oidc", "Basic", 401, lambda _: {"authorization": "Basic Ym9iOmJvYg=="}),
    oidc("no JWT", 401, lambda _: "nonsense"),
    oidc("expired", 401, lambda w: w.issuer.expired(**w.bob)),
    oidc("wrong audience", 403, lambda w: w.issuer.wrong_audience(sub="bob")),
    oidc("no audience", 403, lambda w: w.issuer.token(**w.bob | {"aud": None})),
    oidc("wrong issuer", 401, lambda w: w.issuer.wrong_issuer(**w.bob)),
    oidc("no issuer", 401, lambda w: w.issuer.token(**w.bob | {"iss": None})),
    oidc("not valid yet", 401, lambda w: w.issuer.token(**w.bob, nbf=4_000_000_000)),
    oidc("unsigned", 401, lambda w: w.issuer.unsigned(**w.bob)),
    oidc("signed by a foreign key", 401, lambda w: w.issuer.foreign(**w.bob)),
    oidc("cut off", 401, lambda w: w.good_token[:-8]),
    oidc("a key of the other method", 401, lambda w: w.key),
    Row("oidc", "a key in X-API-Key", 401, lambda w: {"x-api-key": w.key}),
    Row("oidc", "good token, in a cookie", 401, lambda w: {"cookie": f"token={w.good_token}"}),
    Row(
        "oidc",
        "good token, in the query string",
        401,
        lambda _: {},
        query=lambda w: {"access_token": w.good_token},
    ),
    Row("oidc", "lower-case bearer", 401, lambda w: {"authorization": f"bearer {w.good_token}"}),
    api_key("no key", 401, lambda _: {}),
    api_key("no key, claims to be alice", 401, lambda _: {"x-user-id": CONSUMER}),
    api_key("wrong key", 401, lambda _: {"x-api-key": "0" * 64}),
    api_key("empty key", 401, lambda _: {"x-api-key": ""}),
    api_key("the client id as key", 401, lambda _: {"x-api-key": CONSUMER}),
    api_key("key in capitals", 401, lambda w: {"x-api-key": w.key.upper()}),
    api_key("half of a key", 401, lambda w: {"x-api-key": w.key[:32]}),
    api_key("two keys as one", 401, lambda w: {"x-api-key": ",".join(w.keys.values())}),
    api_key("a token of the other method", 401, lambda w: bearer(w.good_token)),
    api_key("key as lower-case bearer", 401, lambda w: {"authorization": f"bearer {w.key}"}),
    api_key("wrong key beside a good Bearer", 401, lambda w: {"x-api-key": "0"} | bearer(w.key)),
    Row("apiKey", "key in the query string", 401, lambda _: {}, lambda w: {"x-api-key": w.key}),
)
"""Nobody of these may get in."""

LET_IN = (
    oidc("good token", 200, lambda w: w.good_token),
    oidc("good token, claims to be admin", 200, lambda w: w.good_token, also=STOLEN),
    oidc("several audiences", 200, lambda w: w.issuer.token(**w.bob | {"aud": ["x", w.audience]})),
    api_key("good key", 200, lambda w: {"x-api-key": w.key}),
    api_key("good key as Bearer", 200, lambda w: bearer(w.key)),
    api_key("good key, claims to be admin", 200, lambda w: {"x-api-key": w.key, **STOLEN}),
)
"""These get in, as who they are."""
