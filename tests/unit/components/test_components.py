import json
from collections.abc import Mapping
from typing import Any, cast

import ai_gateway_auth
import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from ai_gateway_auth import (
    ApiKeyAuthentication,
    ApiKeys,
    AuthenticatedGateway,
    DedicatedGateway,
    KubernetesProvider,
    ModelRoute,
    OidcAuthentication,
)
from ai_gateway_auth.models import Model, StackConfig
from ai_gateway_auth.models.components import (
    ApiKeyAuthenticationConfig,
    ApiKeysConfig,
    DedicatedGatewayConfig,
    ModelRouteConfig,
    OidcAuthenticationConfig,
)
from pulumi.provider.experimental.analyzer import Analyzer

from tests.pulumi_program import PROVIDER_TYPE, Run, attempt, run
from tests.unit.components.build import (
    API_KEY,
    BOTH,
    CONSUMERS,
    DEX,
    OIDC,
    ROUTE,
    gateway,
    refused,
)
from tests.unit.components.programs import identities, objects

TARGET = {"gateway": "theirs", "listener": "web"}
# Each component with the least that it needs, and its model.
COMPONENTS: dict[str, tuple[Any, type[Model], Mapping[str, object]]] = {
    "ApiKeyAuthentication": (
        ApiKeyAuthentication,
        ApiKeyAuthenticationConfig,
        {"namespace": "here", "target": TARGET, "settings": {}},
    ),
    "ApiKeys": (ApiKeys, ApiKeysConfig, {"namespace": "here", "consumers": {"alice": {}}}),
    "AuthenticatedGateway": (AuthenticatedGateway, StackConfig, BOTH),
    "DedicatedGateway": (
        DedicatedGateway,
        DedicatedGatewayConfig,
        {"listeners": {"web": {"port": 80}}, "identity_headers": ["x-user-id"]},
    ),
    "ModelRoute": (
        ModelRoute,
        ModelRouteConfig,
        {"namespace": "here", "gateway": "theirs", "listeners": ["web"], "route": ROUTE},
    ),
    "OidcAuthentication": (
        OidcAuthentication,
        OidcAuthenticationConfig,
        {"namespace": "here", "target": TARGET, "settings": {"providers": {"dex": DEX}}},
    ),
}
OBJECTS = {
    "ApiKeyAuthentication": ["SecurityPolicy here/maas-apikey-auth"],
    "ApiKeys": ["Secret here/maas-api-keys"],
    "DedicatedGateway": [
        "Namespace maas-system",
        "EnvoyProxy maas-system/maas",
        "Secret maas-system/maas-anchor",
        "SecurityPolicy maas-system/maas-anchor",
        "SecurityPolicy maas-system/maas-closed",
        "HTTPRoute maas-system/maas-anchor",
        "Gateway maas-system/maas",
        "ClientTrafficPolicy maas-system/maas-client-traffic",
    ],
    "ModelRoute": ["AIServiceBackend here/vllm", "Backend here/vllm", "AIGatewayRoute here/maas"],
    "OidcAuthentication": ["SecurityPolicy here/maas-oidc-auth"],
}


def alone(name: str, args: object, **options: Any) -> Run:  # noqa: ANN401 - resource options
    """One component by itself, with a provider of the caller's."""

    def build() -> None:
        provider = KubernetesProvider("cluster")
        opts = pulumi.ResourceOptions(providers=[provider], **options)
        COMPONENTS[name][0]("it", cast("Any", args), opts)

    return attempt(build)


@pytest.mark.parametrize("name", COMPONENTS)
def test_type_token(name: str) -> None:
    done = alone(name, COMPONENTS[name][2])
    assert not done.error
    assert done["it"].type == f"ai-gateway-auth:index:{name}"
    assert done["it"].parent == ""
    assert done["it"].custom is False


@pytest.mark.parametrize("name", OBJECTS)
def test_component_alone(name: str) -> None:
    done = alone(name, COMPONENTS[name][2])
    assert list(identities(objects(done))) == OBJECTS[name]
    for thing in done.resources:
        if thing.name not in {"it", "cluster"}:
            assert thing.parent == "it"
            assert thing.name.startswith("it-")
    assert {thing.provider for thing in objects(done)} == {"cluster"}
    assert done.component_outputs["it"]


@pytest.mark.parametrize("name", COMPONENTS)
def test_wrong_args_are_all_told(name: str) -> None:
    done = alone(name, {**COMPONENTS[name][2], "no_such": 1, "wait": 1, "namespace": 1})
    assert done.error.startswith(f"{name} it: the config has ")
    assert "\n  no_such\n" in done.error
    assert "\n  namespace\n" in done.error
    assert "\n  wait\n" in done.error
    assert done.names == ["cluster", "it"]


@pytest.mark.parametrize("name", COMPONENTS)
def test_inferred_inputs_are_the_fields_of_the_model(name: str) -> None:
    component, model, _ = COMPONENTS[name]
    definition = Analyzer("ai-gateway-auth").analyze([component])["component_definitions"][name]
    fields = {field.alias or key: field for key, field in model.model_fields.items()}
    assert definition.inputs.keys() == fields.keys()
    for key, field in fields.items():
        assert bool(definition.inputs[key].optional) == (not field.is_required()), key


def test_every_component_is_exported() -> None:
    assert set(ai_gateway_auth.__all__) == {*COMPONENTS, "KubernetesProvider"}
    definitions = Analyzer("ai-gateway-auth").analyze(
        [component for component, _, _ in COMPONENTS.values()]
    )["component_definitions"]
    assert definitions.keys() == COMPONENTS.keys()
    outputs = definitions["AuthenticatedGateway"].outputs
    assert outputs.keys() >= {
        "gatewayAddress",
        "listeners",
        "apiKeys",
        "namespace",
        "securityPolicies",
        "verifyCommand",
    }


def test_outputs() -> None:
    done = gateway(BOTH)
    outputs = done.component_outputs["maas"]
    assert outputs["namespace"] == "maas-system"
    assert outputs["securityPolicies"] == ["maas-oidc-auth", "maas-apikey-auth"]
    assert outputs["listeners"] == [
        {"name": "oidc", "method": "OIDC token (JWT)", "url": "http://GATEWAY-ADDRESS:8080"},
        {"name": "api-key", "method": "API key", "url": "http://GATEWAY-ADDRESS:8081"},
    ]
    assert outputs["gatewayAddress"] == ""
    assert "get securitypolicy maas-oidc-auth" in outputs["verifyCommand"]
    assert done.component_outputs["maas-gateway"] == {
        "namespace": "maas-system",
        "gatewayName": "maas",
        "address": "",
    }


def test_one_method_alone() -> None:
    keys = gateway({"api_key": API_KEY, "consumers": CONSUMERS})
    assert {thing.plain["metadata"]["name"] for thing in keys.objects("SecurityPolicy")} == {
        "maas-anchor",
        "maas-apikey-auth",
        "maas-closed",
    }
    tokens = gateway({"oidc": OIDC})
    assert [thing.plain["metadata"]["name"] for thing in tokens.objects("Secret")] == [
        "maas-anchor"
    ]
    assert tokens.component_outputs["maas"]["securityPolicies"] == ["maas-oidc-auth"]


def test_a_namespace_of_somebody_else_is_only_read() -> None:
    done = gateway({**BOTH, "namespace": {"name": "theirs", "create": False}})
    (namespace,) = (thing for thing in done.resources if thing.type.endswith(":Namespace"))
    assert namespace.is_read
    assert not done.objects("Namespace")
    assert done["maas-gateway-gateway"].plain["metadata"]["namespace"] == "theirs"


def test_keys_of_an_issuer_with_a_ca_of_its_own() -> None:
    dex = {**DEX, "jwks": {"ca_config_map": "dex-ca"}}
    done = gateway({"oidc": {**OIDC, "providers": {"dex": dex}}})
    policy = done["maas-oidc-policy"]
    for name in ("maas-oidc-dex-jwks", "maas-oidc-dex-jwks-tls"):
        assert done.comes_after(policy, done[name])


ATTACH: dict[str, object] = {
    "attach": "route",
    "oidc": {"providers": {"dex": DEX}},
    "route": {"existing": {"name": "their-route", "namespace": "their-namespace"}},
}


def test_attach_route_makes_one_policy_and_warns() -> None:
    done = gateway(ATTACH)
    assert list(identities(objects(done))) == ["SecurityPolicy their-namespace/maas-oidc-auth"]
    (policy,) = done.objects("SecurityPolicy")
    assert policy.spec["targetRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "their-route"}
    ]
    assert done.component_outputs["maas"]["namespace"] == "their-namespace"
    assert done.component_outputs["maas"]["listeners"] == []
    (warning,) = done.warnings
    assert warning.startswith("attach: a policy on a route leaves the listener's other routes")


def test_attach_route_keeps_the_order_too() -> None:
    args = {**ATTACH, "api_key": {}, "consumers": CONSUMERS}
    del args["oidc"]
    done = gateway(args)
    assert [thing.inputs["kind"] for thing in objects(done)] == ["Secret", "SecurityPolicy"]
    assert done.comes_after(done["maas-api-key-policy"], done["maas-api-keys-secret"])


def test_an_existing_route_is_never_written() -> None:
    done = gateway({**BOTH, "route": {"existing": {"name": "theirs"}}})
    assert not done.objects("AIGatewayRoute")
    (warning,) = (text for text in done.warnings if "AIGatewayRoute" in text)
    assert warning == (
        "AIGatewayRoute maas-system/theirs is not attached to oidc, api-key of Gateway maas. Its "
        "owner adds:\n"
        "parentRefs:\n"
        "- group: gateway.networking.k8s.io\n"
        "  kind: Gateway\n"
        "  name: maas\n"
        "  sectionName: oidc\n"
        "- group: gateway.networking.k8s.io\n"
        "  kind: Gateway\n"
        "  name: maas\n"
        "  sectionName: api-key\n"
    )


def test_a_policy_on_a_rule_is_refused() -> None:
    done = refused({**BOTH, "route": {"existing": {"name": "theirs", "rule": "llama"}}})
    assert "a policy can't be aimed at a rule of an AIGatewayRoute" in done.error


def test_without_a_provider_the_kubeconfig_decides() -> None:
    done = gateway({**BOTH, "kubeconfig": "~/some.yaml", "context": "dev"})
    (provider,) = (thing for thing in done.resources if thing.type == PROVIDER_TYPE)
    assert provider.name == "maas-kubernetes"
    assert provider.parent == "maas"
    assert provider.plain["kubeconfig"] == "~/some.yaml"
    assert provider.plain["context"] == "dev"


def test_a_secret_kubeconfig_stays_one() -> None:
    content = json.dumps({"users": [{"user": {"token": "hush"}}]})

    def build() -> None:
        args = {**BOTH, "kubeconfig": pulumi.Output.secret(content)}
        AuthenticatedGateway("maas", cast("Any", args))

    done = run(build)
    provider = done["maas-kubernetes"]
    assert provider.plain["kubeconfig"] == content
    assert "hush" not in json.dumps({**provider.inputs, "kubeconfig": None})
    assert "value" in provider.inputs["kubeconfig"]
    assert "hush" not in f"{done.messages}"


def test_options_of_the_caller_reach_the_children() -> None:
    def label(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
        props = dict(args.props)
        if args.type_.endswith(":Gateway"):
            metadata = cast("dict[str, object]", props["metadata"])
            props["metadata"] = {**metadata, "annotations": {"by": "transform"}}
        return pulumi.ResourceTransformResult(props, args.opts)

    def build() -> None:
        first = kubernetes.core.v1.ConfigMap("first", metadata={"name": "first"})
        opts = pulumi.ResourceOptions(depends_on=[first], transforms=[label])
        AuthenticatedGateway("maas", cast("Any", BOTH), opts)

    done = run(build)
    assert done["maas-gateway-gateway"].plain["metadata"]["annotations"] == {"by": "transform"}
    for thing in objects(done):
        if thing.name != "first":
            assert done.comes_after(thing, done["first"])


def test_two_gateways_in_one_program() -> None:
    def build() -> None:
        for name in ("one", "two"):
            args = {**BOTH, "namespace": {"name": name}}
            AuthenticatedGateway(name, cast("Any", args))

    done = run(build)
    found = list(identities(objects(done)))
    assert len(found) == len(set(found))
    assert len(done.names) == len(set(done.names))


def test_order_of_the_args_does_not_matter() -> None:
    reverse = {key: BOTH[key] for key in reversed(BOTH)}
    assert objects(gateway(BOTH)) == objects(gateway(reverse))
