from typing import Any

from ai_gateway_auth.models.api_key import ApiKeySettings
from ai_gateway_auth.models.components import PolicyTarget
from ai_gateway_auth.objects.key_secret import encoded
from ai_gateway_auth.objects.security_policy import (
    api_key_policy_spec,
    closed_policy_spec,
    redirect_policy_spec,
)

GATEWAY = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "maas"}


def spec(**settings: object) -> Any:  # noqa: ANN401 - a spec
    target = PolicyTarget(gateway="maas", listener="api-key")
    return api_key_policy_spec(ApiKeySettings.model_validate(settings), target)


def test_defaults() -> None:
    assert spec() == {
        "targetRefs": [{**GATEWAY, "sectionName": "api-key"}],
        "apiKeyAuth": {
            "credentialRefs": [{"group": "", "kind": "Secret", "name": "maas-api-keys"}],
            "extractFrom": [{"headers": ["X-API-Key", "Authorization"]}],
            "forwardClientIDHeader": "x-user-id",
            "sanitize": True,
        },
    }


def test_key_never_comes_from_the_query_string_or_a_cookie() -> None:
    assert [set(source) for source in spec()["apiKeyAuth"]["extractFrom"]] == [{"headers"}]


def test_names_and_headers_of_the_stack() -> None:
    rendered = spec(secretName="keys", headers=["X-Key"], forwardClientIdHeader="x-team-id")[
        "apiKeyAuth"
    ]
    assert rendered["credentialRefs"][0]["name"] == "keys"
    assert rendered["extractFrom"] == [{"headers": ["X-Key"]}]
    assert rendered["forwardClientIDHeader"] == "x-team-id"


def test_client_cidrs() -> None:
    assert spec(clientCidrs=["10.0.0.0/8"])["authorization"] == {
        "defaultAction": "Deny",
        "rules": [
            {
                "name": "client-cidrs",
                "action": "Allow",
                "principal": {"clientCIDRs": ["10.0.0.0/8"]},
            }
        ],
    }


def test_cors_and_ext_auth() -> None:
    rendered = spec(
        cors={"allowOrigins": ["https://a.example.com"], "exposeHeaders": ["x-request-id"]},
        extAuth={"service": "checks", "port": 9000, "path": "/check"},
    )
    assert rendered["cors"]["exposeHeaders"] == ["x-request-id"]
    assert rendered["extAuth"]["failOpen"] is False
    assert rendered["extAuth"]["http"]["path"] == "/check"
    assert "headersToBackend" not in rendered["extAuth"]["http"]


def test_route_as_target() -> None:
    rendered = api_key_policy_spec(ApiKeySettings(), PolicyTarget(route="theirs"))
    assert rendered["targetRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "theirs"}
    ]


def test_closed_policy_is_on_the_whole_gateway_and_admits_nobody() -> None:
    assert closed_policy_spec("maas") == {
        "targetRefs": [GATEWAY],
        "authorization": {"defaultAction": "Deny"},
    }


def test_only_the_redirect_is_for_everybody() -> None:
    assert redirect_policy_spec("maas-oidc-redirect") == {
        "targetRefs": [
            {
                "group": "gateway.networking.k8s.io",
                "kind": "HTTPRoute",
                "name": "maas-oidc-redirect",
            }
        ],
        "authorization": {"defaultAction": "Allow"},
    }


def test_key_as_a_secret_holds_it() -> None:
    assert encoded("00ff") == "MDBmZg=="
