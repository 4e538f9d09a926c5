import pytest
from ai_gateway_auth.models.backend import Backend
from ai_gateway_auth.models.provider import JwtProvider
from ai_gateway_auth.objects.backend import (
    ai_service_backend_spec,
    backend_spec,
    backend_tls_policy_spec,
)
from ai_gateway_auth.objects.jwks import (
    has_jwks_backend,
    jwks_backend_name,
    jwks_backend_spec,
    jwks_tls_policy_spec,
)

CREDENTIALS = ["X-API-Key", "Authorization"]
TARGET = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "openai"}


def backend(**given: object) -> Backend:
    return Backend.model_validate(given)


def at(hostname: str, port: int) -> object:
    return {"endpoints": [{"fqdn": {"hostname": hostname, "port": port}}]}


def test_service() -> None:
    service = backend(service={"name": "vllm", "port": 8000})
    there = backend(service={"name": "vllm", "namespace": "models"})
    assert backend_spec(service, namespace="maas") == at("vllm.maas.svc.cluster.local", 8000)
    assert backend_spec(there, namespace="maas") == at("vllm.models.svc.cluster.local", 80)


def test_endpoint() -> None:
    endpoint = backend(endpoint={"hostname": "api.openai.com"})
    assert backend_spec(endpoint, namespace="maas") == at("api.openai.com", 443)


def test_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="a service or an endpoint"):
        backend_spec(backend(), namespace="maas")


def test_certificate_is_checked_against_the_hostname() -> None:
    assert backend_tls_policy_spec("openai", hostname="api.openai.com", ca_config_map=None) == {
        "targetRefs": [TARGET],
        "validation": {"hostname": "api.openai.com", "wellKnownCACertificates": "System"},
    }
    assert backend_tls_policy_spec("openai", hostname="a.example.com", ca_config_map="ca") == {
        "targetRefs": [TARGET],
        "validation": {
            "hostname": "a.example.com",
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}],
        },
    }


def test_caller_credential_stays_with_us_unless_the_stack_says_otherwise() -> None:
    service = {"name": "vllm"}
    assert ai_service_backend_spec("openai", backend(service=service), CREDENTIALS) == {
        "schema": {"name": "OpenAI"},
        "backendRef": TARGET,
        "headerMutation": {"remove": ["authorization", "x-api-key"]},
    }
    open_backend = backend(service=service, forwardAuthorization=True)
    spec = ai_service_backend_spec("openai", open_backend, CREDENTIALS)
    assert spec["headerMutation"] == {"remove": ["x-api-key"]}


def test_api_with_a_version() -> None:
    azure = backend(service={"name": "a"}, api="AzureOpenAI", apiVersion="2025-01-01-preview")
    assert ai_service_backend_spec("openai", azure, CREDENTIALS)["schema"] == {
        "name": "AzureOpenAI",
        "version": "2025-01-01-preview",
    }


def provider(**jwks: str) -> JwtProvider:
    given = {"dex": {"address": "idp.example.com"}, "audiences": ["models"]}
    return JwtProvider.model_validate({**given, **({"jwks": jwks} if jwks else {})})


def test_keys_behind_a_ca_of_their_own() -> None:
    there = provider(uri="https://dex.dex.svc.cluster.local:5554/dex/keys", caConfigMap="dex-ca")
    assert has_jwks_backend(there)
    assert jwks_backend_name("maas-oidc-auth", "dex") == "maas-oidc-auth-dex-jwks"
    assert jwks_backend_spec(there) == at("dex.dex.svc.cluster.local", 5554)
    assert jwks_tls_policy_spec(there, "openai") == {
        "targetRefs": [TARGET],
        "validation": {
            "hostname": "dex.dex.svc.cluster.local",
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "dex-ca"}],
        },
    }


def test_keys_of_the_preset_behind_a_ca_of_their_own() -> None:
    assert jwks_backend_spec(provider(caConfigMap="ca")) == at("idp.example.com", 443)


def test_keys_that_the_system_trusts() -> None:
    assert not has_jwks_backend(provider())
    assert not has_jwks_backend(provider(uri="https://keys.example.com/"))
