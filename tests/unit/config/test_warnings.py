"""What is allowed and told all the same."""

from ai_gateway_auth.models import StackConfig, check, warnings

from tests.unit.config.cases import ROOT, TODAY, load

TLS = {"certificateRefs": ["models-tls"]}
DEX = {"dex": {"address": "idp.example.com"}, "audiences": ["models"]}


def _of(provider: object = DEX, **oidc: object) -> list[str]:
    raw = {"oidc": {"listener": {"port": 443, "tls": TLS}, "providers": {"idp": provider}, **oidc}}
    return warnings(check(StackConfig, raw, today=TODAY), today=TODAY)


def test_none_about_a_quiet_config() -> None:
    assert _of() == []


def test_groups_arrive_encoded() -> None:
    (text,) = _of({**DEX, "claimToHeaders": {"sub": "x-user-id", "groups": "x-user-groups"}})
    assert text.startswith("oidc.providers.idp.claimToHeaders.groups: an array claim arrives as")


def test_optional_passes_without_a_token() -> None:
    (text,) = _of(optional=True, until="2026-11-02")
    assert text == (
        "oidc.optional: requests without a token pass until 2026-11-02; a wrong token is refused."
    )


def test_no_tls() -> None:
    assert _of(listener={"port": 8080}) == [
        "oidc.listener.tls: without TLS, tokens and keys can be read on the way."
    ]


def test_google_lets_anybody_in() -> None:
    (text,) = _of({"google": {}, "audiences": ["models"]})
    assert text.startswith("oidc.providers.idp.google: anybody with a Google account can get")
    assert _of({"google": {"hostedDomain": "example.com"}, "audiences": ["models"]}) == []


def test_entra_lets_the_whole_tenant_in() -> None:
    (text,) = _of({"entraId": {"tenantId": "5f2b9c3e"}, "audiences": ["models"]})
    assert text.startswith("oidc.providers.idp.entraId: every user, guest and application")


def test_cors_does_nothing_on_generated_routes() -> None:
    (text,) = _of(cors={"allowOrigins": ["https://chat.example.com"]})
    assert text.startswith("oidc.cors: on the route that the AI Gateway generates, browsers get no")


def test_attach_route_leaves_other_routes_open() -> None:
    raw = {
        "attach": "route",
        "oidc": {"providers": {"idp": DEX}},
        "route": {"existing": {"name": "chat", "namespace": "team-a"}},
    }
    (text,) = warnings(check(StackConfig, raw, today=TODAY), today=TODAY)
    assert text.startswith("attach: a policy on a route leaves the listener's other routes")


def test_of_the_stacks() -> None:
    stacks = {
        name: warnings(load(ROOT / "stacks" / f"Pulumi.{name}.yaml"), today=TODAY)
        for name in STACKS
    }
    assert {name: [text.partition(":")[0] for text in texts] for name, texts in stacks.items()} == (
        STACKS
    )


STACKS = {
    "dev": ["oidc.listener.tls", "apiKey.listener.tls"],
    "staging": ["oidc.cors"],
    "prod": ["oidc.providers.employees.entraId"],
}
