from typing import Any

import pytest
from ai_gateway_auth.models.components import PolicyTarget
from ai_gateway_auth.models.oidc import OidcSettings
from ai_gateway_auth.objects.security_policy import jwt_policy_spec
from hypothesis import given, settings
from hypothesis import strategies as st

LISTENER = PolicyTarget(gateway="maas", listener="oidc")
FEW = settings(max_examples=30)

# What each preset derives: https://<preset's documentation>, see models/issuer.py.
PRESETS: dict[str, tuple[dict[str, Any], str, str]] = {
    "dex": (
        {"address": "idp.example.com:8443"},
        "https://idp.example.com:8443/dex",
        "https://idp.example.com:8443/dex/keys",
    ),
    "keycloak": (
        {"address": "sso.example.com", "realm": "platform"},
        "https://sso.example.com/realms/platform",
        "https://sso.example.com/realms/platform/protocol/openid-connect/certs",
    ),
    "auth0": (
        {"domain": "example.eu.auth0.com"},
        "https://example.eu.auth0.com/",
        "https://example.eu.auth0.com/.well-known/jwks.json",
    ),
    "okta": (
        {"domain": "example.okta.com"},
        "https://example.okta.com/oauth2/default",
        "https://example.okta.com/oauth2/default/v1/keys",
    ),
    "google": (
        {},
        "https://accounts.google.com",
        "https://www.googleapis.com/oauth2/v3/certs",
    ),
    "githubActions": (
        {"owner": "example-org"},
        "https://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com/.well-known/jwks",
    ),
    "entraId": (
        {"tenantId": "5f2b9c3e"},
        "https://login.microsoftonline.com/5f2b9c3e/v2.0",
        "https://login.microsoftonline.com/5f2b9c3e/discovery/v2.0/keys",
    ),
    "custom": (
        {"issuer": "https://a.example.com/i", "jwksUri": "https://b.example.com/k"},
        "https://a.example.com/i",
        "https://b.example.com/k",
    ),
}


def provider(preset: str = "dex", **more: object) -> dict[str, object]:
    return {preset: PRESETS[preset][0], "audiences": ["models"], **more}


def spec(settings: object, target: PolicyTarget = LISTENER) -> Any:  # noqa: ANN401 - a spec
    return jwt_policy_spec(OidcSettings.model_validate(settings), target, "maas-oidc-auth")


def rules(**settings: object) -> Any:  # noqa: ANN401 - part of a spec
    rendered = spec(settings)
    return rendered["authorization"]["rules"] if "authorization" in rendered else None


@pytest.mark.parametrize("preset", PRESETS)
def test_preset(preset: str) -> None:
    _, issuer, jwks_uri = PRESETS[preset]
    (rendered,) = spec({"providers": {"idp": provider(preset)}})["jwt"]["providers"]
    assert rendered == {
        "name": "idp",
        "issuer": issuer,
        "audiences": ["models"],
        "remoteJWKS": {"uri": jwks_uri},
        "extractFrom": {"headers": [{"name": "Authorization", "valuePrefix": "Bearer "}]},
        "claimToHeaders": [
            {"claim": "email", "header": "x-user-email"},
            {"claim": "sub", "header": "x-user-id"},
        ],
    }


@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset != "githubActions"])
def test_every_good_token_passes_where_the_preset_demands_no_claim(preset: str) -> None:
    assert rules(providers={"idp": provider(preset)}) is None


@pytest.mark.parametrize(
    ("github", "claims"),
    [
        (
            {"owner": "example-org"},
            [{"name": "repository_owner", "valueType": "String", "values": ["example-org"]}],
        ),
        (
            {"repositories": ["example-org/a", "example-org/b"]},
            [
                {
                    "name": "repository",
                    "valueType": "String",
                    "values": ["example-org/a", "example-org/b"],
                }
            ],
        ),
        (
            {"owner": "example-org", "repositories": ["example-org/a"]},
            [
                {"name": "repository", "valueType": "String", "values": ["example-org/a"]},
                {"name": "repository_owner", "valueType": "String", "values": ["example-org"]},
            ],
        ),
    ],
)
def test_github_is_denied_by_default(github: object, claims: object) -> None:
    rendered = spec({"providers": {"ci": {"githubActions": github, "audiences": ["models"]}}})
    assert rendered["authorization"] == {
        "defaultAction": "Deny",
        "rules": [
            {
                "name": "ci",
                "action": "Allow",
                "principal": {"jwt": {"provider": "ci", "claims": claims}},
            }
        ],
    }


def test_google_workspace() -> None:
    google = {"google": {"hostedDomain": "example.com"}, "audiences": ["models"]}
    (rule,) = rules(providers={"google": google})
    assert rule["principal"]["jwt"]["claims"] == [
        {"name": "hd", "valueType": "String", "values": ["example.com"]}
    ]


def test_required_claims_stand_beside_those_of_the_preset() -> None:
    roles = {"values": ["Models.Use", "Models.Admin"], "array": True}
    demanded = provider("githubActions", requiredClaims={"roles": roles})
    (rule,) = rules(providers={"ci": demanded})
    assert rule["principal"]["jwt"]["claims"] == [
        {"name": "repository_owner", "valueType": "String", "values": ["example-org"]},
        {"name": "roles", "valueType": "StringArray", "values": ["Models.Use", "Models.Admin"]},
    ]


def test_a_provider_beside_a_restricted_one_gets_a_rule_of_its_own() -> None:
    found = rules(providers={"idp": provider("dex"), "ci": provider("githubActions")})
    assert [(rule["name"], rule["principal"]["jwt"]) for rule in found] == [
        (
            "ci",
            {
                "provider": "ci",
                "claims": [
                    {"name": "repository_owner", "valueType": "String", "values": ["example-org"]}
                ],
            },
        ),
        (
            "idp",
            {
                "provider": "idp",
                "claims": [
                    {
                        "name": "iss",
                        "valueType": "String",
                        "values": ["https://idp.example.com:8443/dex"],
                    }
                ],
            },
        ),
    ]


def test_client_cidrs_stand_in_the_same_principal_as_the_token() -> None:
    found = rules(
        providers={"a": provider("dex"), "b": provider("githubActions")},
        clientCidrs=["10.0.0.0/8", "2001:db8::/32"],
    )
    for rule in found:
        assert rule["principal"]["clientCIDRs"] == ["10.0.0.0/8", "2001:db8::/32"]
        assert rule["principal"]["jwt"]["provider"] == rule["name"]


def test_optional() -> None:
    assert spec({"providers": {"idp": provider()}})["jwt"]["optional"] is False
    until = {"optional": True, "until": "2999-01-01"}
    rendered = spec({"providers": {"idp": provider()}, **until})
    assert rendered["jwt"]["optional"] is True
    assert "authorization" not in rendered


def test_targets() -> None:
    settings = {"providers": {"idp": provider()}}
    assert spec(settings)["targetRefs"] == [
        {
            "group": "gateway.networking.k8s.io",
            "kind": "Gateway",
            "name": "maas",
            "sectionName": "oidc",
        }
    ]
    assert spec(settings, PolicyTarget(route="theirs"))["targetRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "theirs"}
    ]


def test_jwks_from_elsewhere() -> None:
    elsewhere = provider("dex", jwks={"uri": "https://dex.dex.svc.cluster.local:5554/dex/keys"})
    (rendered,) = spec({"providers": {"idp": elsewhere}})["jwt"]["providers"]
    assert rendered["issuer"] == "https://idp.example.com:8443/dex"
    assert rendered["remoteJWKS"] == {"uri": "https://dex.dex.svc.cluster.local:5554/dex/keys"}


def test_jwks_with_a_ca_of_its_own() -> None:
    with_ca = provider("dex", jwks={"caConfigMap": "idp-ca"})
    (rendered,) = spec({"providers": {"idp": with_ca}})["jwt"]["providers"]
    assert rendered["remoteJWKS"] == {
        "uri": "https://idp.example.com:8443/dex/keys",
        "backendRefs": [
            {
                "group": "gateway.envoyproxy.io",
                "kind": "Backend",
                "name": "maas-oidc-auth-idp-jwks",
            }
        ],
    }


def test_cors_and_ext_auth_stand_in_the_same_policy() -> None:
    rendered = spec(
        {
            "providers": {"idp": provider()},
            "cors": {"allowOrigins": ["https://chat.example.com"]},
            "extAuth": {"service": "checks", "port": 8080, "headersToBackend": ["x-team"]},
        }
    )
    assert rendered["cors"] == {
        "allowOrigins": ["https://chat.example.com"],
        "allowMethods": ["GET", "POST", "OPTIONS"],
        "allowHeaders": ["authorization", "content-type", "x-api-key"],
        "maxAge": "600s",
    }
    assert rendered["extAuth"] == {
        "failOpen": False,
        "http": {
            "backendRefs": [{"group": "", "kind": "Service", "name": "checks", "port": 8080}],
            "path": "/",
            "headersToBackend": ["x-team"],
        },
    }


@FEW
@given(order=st.permutations(sorted(PRESETS)), claims=st.permutations(["sub", "email", "tier"]))
def test_order_of_the_config_does_not_matter(order: list[str], claims: list[str]) -> None:
    def rendered(presets: list[str], mapped: list[str]) -> object:
        headers = {claim: f"x-user-{claim}" for claim in mapped}
        providers = {preset.lower(): provider(preset, claimToHeaders=headers) for preset in presets}
        return spec({"providers": providers})

    assert rendered(order, claims) == rendered(sorted(PRESETS), ["sub", "email", "tier"])


def _demanding(preset: str, values: list[str], *, array: bool) -> dict[str, object]:
    groups = {"groups": {"values": values, "array": array}}
    return provider(preset, requiredClaims=groups if values else {})


PROVIDERS = st.builds(
    _demanding,
    st.sampled_from(sorted(PRESETS)),
    st.lists(st.text("abc", min_size=1, max_size=3), max_size=2),
    array=st.booleans(),
)


@FEW
@given(
    providers=st.dictionaries(
        st.sampled_from(["a", "b", "c", "d"]), PROVIDERS, min_size=1, max_size=4
    ),
    cidrs=st.lists(st.sampled_from(["10.0.0.0/8", "192.0.2.0/24"]), unique=True, max_size=2),
)
def test_rules_cover_all_providers_or_none(
    providers: dict[str, dict[str, object]], cidrs: list[str]
) -> None:
    rendered = spec({"providers": providers, "clientCidrs": cidrs})
    restricted = [
        name
        for name, given_provider in providers.items()
        if "githubActions" in given_provider or given_provider["requiredClaims"]
    ]
    if not restricted and not cidrs:
        assert "authorization" not in rendered
        return
    assert rendered["authorization"]["defaultAction"] == "Deny"
    found = {rule["name"]: rule["principal"] for rule in rendered["authorization"]["rules"]}
    assert found.keys() == providers.keys()
    for name, principal in found.items():
        assert principal.get("clientCIDRs", []) == cidrs
        assert principal["jwt"]["provider"] == name
        claims = {claim["name"] for claim in principal["jwt"]["claims"]}
        assert claims
        assert ("iss" in claims) == (name not in restricted)
