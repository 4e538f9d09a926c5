"""What is accepted, and that nothing but a ConfigError is ever raised."""

import copy
import json
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
from ai_gateway_auth import schema
from ai_gateway_auth.models import ConfigError, Pending, StackConfig, check
from ai_gateway_auth.models.base import PENDING
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.unit.config.cases import ROOT, TODAY, load

STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))

Data = dict[str, Any]

PRESETS: Data = {
    "dex": {"address": "idp.example.com:8443"},
    "keycloak": {"address": "sso.example.com", "realm": "platform"},
    "auth0": {"domain": "example.eu.auth0.com"},
    "okta": {"domain": "example.okta.com"},
    "google": {"hostedDomain": "example.com"},
    "githubActions": {"owner": "example-org"},
    "entraId": {"tenantId": "5f2b9c3e-7d41-4a60-9b1e-2c8f0d6a7e35"},
    "custom": {"issuer": "https://idp.example.com", "jwksUri": "https://idp.example.com/keys"},
}
PROVIDER_PARTS: Data = {
    "requiredClaims": {"tier": {"values": ["gold"]}, "groups": {"values": ["ml"], "array": True}},
    "jwks": {"uri": "https://keys.example.com/jwks", "caConfigMap": "idp-ca"},
    "allowInsecureIssuer": True,
}
METHOD_PARTS: Data = {
    "policyName": "a-policy",
    "cors": {"allowOrigins": ["https://chat.example.com"], "maxAge": "1h"},
    "clientCidrs": ["10.0.0.0/8", "2001:db8::/32"],
    "extAuth": {"service": "checker", "port": 9000, "headersToBackend": ["x-checked"]},
}
STACK_PARTS: Data = {
    "context": "prod",
    "controllerNamespace": "gateways",
    "aiGatewayVersion": "1.1.0",
    "namespace": {"name": "models", "create": False, "podSecurity": "baseline"},
    "gateway": {
        "gatewayClass": {"create": True},
        "envoyProxy": {
            "autoscaling": {"minReplicas": 2, "maxReplicas": 4},
            "minAvailable": 1,
            "resources": {"requests": {"cpu": 2, "memory": "1Gi"}},
            "service": {"type": "NodePort", "annotations": {"example.com/a": "b"}},
        },
        "allowedRoutes": {"matchLabels": {"models": "true"}},
    },
    "clientTraffic": {"bufferLimit": "1Gi", "tlsMinVersion": "1.3", "trustedHops": 2},
    "wait": {"policies": 30},
}
ROUTES: list[Data] = [
    {},
    {"route": {"existing": {"name": "chat"}}},
    {
        "route": {
            "create": {
                "models": {"llama": {"backends": {"a": {"weight": 1}, "b": {"priority": 1}}}},
                "backends": {
                    "a": {"service": {"name": "vllm", "namespace": "llm", "port": 8000}},
                    "b": {"endpoint": {"hostname": "api.anthropic.com"}, "api": "Anthropic"},
                },
            }
        }
    },
]
KEYS: Data = {
    "apiKey": {"listener": {"port": 8443, "tls": {"certificateRefs": ["keys-tls"]}}},
    "consumers": {"alice": {}, "CI_runner.2": {"description": "tests"}},
}


def _subset(parts: Data) -> st.SearchStrategy[Data]:
    return st.sets(st.sampled_from(sorted(parts))).map(
        lambda names: {name: parts[name] for name in sorted(names)}
    )


@st.composite
def _good(draw: st.DrawFn) -> Data:
    preset = draw(st.sampled_from(sorted(PRESETS)))
    provider = {preset: PRESETS[preset], "audiences": ["models"], **draw(_subset(PROVIDER_PARTS))}
    oidc = {"listener": {"port": 8080}, "providers": {"idp": provider}}
    methods: Data = draw(
        st.sampled_from([{"oidc": oidc}, KEYS, {"oidc": oidc, **copy.deepcopy(KEYS)}])
    )
    for name in draw(st.sets(st.sampled_from(sorted(methods.keys() & {"oidc", "apiKey"})))):
        parts = draw(_subset(METHOD_PARTS))
        methods = {**methods, name: {**methods[name], **parts, "policyName": f"{name.lower()}-p"}}
    return {**methods, **draw(_subset(STACK_PARTS)), **draw(st.sampled_from(ROUTES))}


@given(_good())
def test_any_subset_of_good_parts_is_good(raw: Data) -> None:
    before = copy.deepcopy(raw)
    config = check(StackConfig, raw, today=TODAY)
    assert raw == before
    assert config.listeners()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just(PENDING),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(JSON)
def test_any_data_is_good_or_a_config_error(raw: object) -> None:
    _refused_or_good(raw)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(StackConfig.model_fields, JSON)))
def test_any_data_in_the_right_places_is_good_or_a_config_error(raw: Data) -> None:
    _refused_or_good(raw)


@given(_good(), st.data())
def test_one_broken_value_is_told_with_a_path_to_it(raw: Data, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_paths(raw)))
    value = data.draw(JSON)
    raw = _replaced(raw, path, value)
    _refused_or_good(raw)


Place = tuple[str | int, ...]


def _replaced(raw: Data, path: Place, value: object) -> Data:
    changed = json.loads(json.dumps(raw))  # unlike deepcopy, unties parts that are shared
    parent: Any = changed
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    return changed


def _paths(value: object, path: Place = ()) -> list[Place]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(cast("dict[str, object]", value).items())
    elif isinstance(value, list):
        items = list(enumerate(cast("list[object]", value)))
    return [found for key, item in items for found in [(*path, key), *_paths(item, (*path, key))]]


def _refused_or_good(raw: object) -> None:
    try:
        check(StackConfig, raw, today=TODAY)
    except ConfigError as error:
        mistakes, text = error.mistakes, str(error)
    else:
        return
    assert mistakes
    assert "Input should" not in text


SECRET = "correct-horse-battery-staple"


@given(_good(), st.data())
def test_a_secret_is_never_told(raw: Data, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_paths(raw)))
    value = data.draw(st.sampled_from([SECRET, [SECRET], {"a": [SECRET]}]))
    raw = _replaced(raw, path, value)
    raw["unknown"] = 1
    with pytest.raises(ConfigError) as caught:
        check(StackConfig, raw, today=TODAY, secret_paths=[path])
    assert SECRET not in str(caught.value)


def test_pending_values_are_accepted_where_a_value_may_be_late() -> None:
    raw = {
        "kubeconfig": PENDING,
        "namespace": {"name": PENDING},
        "oidc": {
            "listener": {"port": 443, "hostname": PENDING, "tls": {"certificateRefs": [PENDING]}},
            "providers": {
                "idp": {"keycloak": {"address": PENDING, "realm": PENDING}, "audiences": [PENDING]}
            },
        },
        "route": {"existing": {"name": PENDING, "namespace": PENDING}},
    }
    assert isinstance(check(StackConfig, raw, today=TODAY).namespace.name, Pending)


@pytest.mark.parametrize("stack", STACKS, ids=lambda path: path.stem)
def test_stack(stack: Path) -> None:
    assert load(stack)
    assert stack.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


@pytest.mark.parametrize("stack", STACKS, ids=lambda path: path.stem)
def test_an_editor_finds_nothing_wrong_in_a_stack(stack: Path) -> None:
    yaml: Any = YAML(typ="safe", pure=True)
    jsonschema.validate(yaml.load(stack), schema.editor_schema())
