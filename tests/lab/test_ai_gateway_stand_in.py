"""What the stand-in generates, without a cluster."""

import ast
import inspect
from pathlib import Path

import pytest

from lab import ai_gateway_stand_in
from lab.ai_gateway_stand_in.models import declared
from lab.ai_gateway_stand_in.objects import Object, items, part
from lab.ai_gateway_stand_in.routes import NotAcceptedError, generated
from lab.ai_gateway_stand_in.xds import BUFFER, FILTER, insertion_index


def route(*backend_refs: Object, **spec: object) -> Object:
    header = {"type": "Exact", "name": "x-ai-eg-model", "value": "m"}
    rule = {"matches": [{"headers": [header]}], "backendRefs": [*backend_refs]}
    return {
        "apiVersion": "aigateway.envoyproxy.io/v1beta1",
        "metadata": {
            "name": "r",
            "namespace": "n",
            "uid": "u",
            "labels": {"l": "1"},
            "creationTimestamp": "2026-01-02T03:04:05Z",
        },
        "spec": {"parentRefs": [{"name": "gw", "sectionName": "s"}], "rules": [rule]} | spec,
    }


def backend(**spec: object) -> Object:
    ref = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "up"}
    return {"metadata": {"name": "b", "namespace": "n"}, "spec": {"backendRef": ref} | spec}


def http_route(made: Object, **spec: object) -> Object:
    return generated(made, {("n", "b"): backend(**spec)})[-1]


def test_the_http_route_has_the_rules_and_the_catch_all_last() -> None:
    made = http_route(route({"name": "b"}, hostnames=["h.example.com"]))
    assert part(made, "metadata")["ownerReferences"] == [
        {
            "apiVersion": "aigateway.envoyproxy.io/v1beta1",
            "kind": "AIGatewayRoute",
            "name": "r",
            "uid": "u",
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    assert part(part(made, "metadata"), "annotations") == {
        "gateway.envoyproxy.io/ai-gateway-generated": "true",
        "gateway.envoyproxy.io/backend-ref-priority": "0:b:0",
    }
    spec = part(made, "spec")
    assert spec["parentRefs"] == [{"name": "gw", "sectionName": "s"}]
    assert spec["hostnames"] == ["h.example.com"]
    rule, last = items(spec, "rules")
    assert items(items(rule, "matches")[0], "headers")[0]["value"] == "m"
    assert items(rule, "backendRefs")[0]["name"] == "up"
    assert rule["timeouts"] == {"request": "60s"}
    assert last["name"] == "route-not-found"
    assert "backendRefs" not in last


def test_the_filters_that_the_rules_refer_to_are_applied_first() -> None:
    made = generated(route({"name": "b"}), {("n", "b"): backend()})
    assert [part(m, "metadata")["name"] for m in made] == [
        "ai-eg-host-rewrite-r",
        "ai-eg-route-not-found-response-r",
        "r",
    ]


def test_header_mutations_are_merged_and_the_route_wins() -> None:
    made = http_route(
        route({"name": "b", "headerMutation": {"set": [{"name": "X-A", "value": "route"}]}}),
        headerMutation={
            "set": [{"name": "x-a", "value": "backend"}],
            "remove": ["Authorization"],
        },
    )
    ref = items(items(part(made, "spec"), "rules")[0], "backendRefs")[0]
    assert items(ref, "filters") == [
        {
            "type": "RequestHeaderModifier",
            "requestHeaderModifier": {
                "set": [{"name": "x-a", "value": "route"}],
                "remove": ["authorization"],
            },
        }
    ]


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ({"name": "gone"}, "AIServiceBackend gone.n not found"),
        ({"name": "b", "namespace": "other"}, "ReferenceGrant"),
        ({"name": "b", "kind": "InferencePool"}, "InferencePool"),
    ],
)
def test_what_cannot_be_served_is_not_accepted(ref: Object, reason: str) -> None:
    with pytest.raises(NotAcceptedError, match=reason):
        http_route(route(ref))


def test_models_are_listed_by_hostname_when_one_route_has_one() -> None:
    plain, scoped = route({"name": "b"}), route({"name": "b"}, hostnames=["h"])
    (model,) = declared([plain]).of_host("anything")
    assert (model["id"], model["created"]) == ("m", 1767323045)
    assert declared([scoped]).of_host("h") == [model]
    assert declared([scoped]).of_host("other") == []
    assert declared([plain, scoped]).of_host("other") == [model]
    assert declared([plain, scoped]).of_host("h") == [model, model]


def test_the_filter_stands_behind_authentication_and_before_rbac() -> None:
    names = [
        "envoy.filters.http.cors",
        "envoy.filters.http.api_key_auth/listener",
        "envoy.filters.http.jwt_authn/listener",
        "envoy.filters.http.lua/policy",
        "envoy.filters.http.rbac",
        "envoy.filters.http.ratelimit",
        "envoy.filters.http.router",
    ]
    assert insertion_index(names) == names.index("envoy.filters.http.lua/policy")
    assert insertion_index([*names[:-1], BUFFER, names[-1]]) == len(names)
    assert FILTER.startswith("envoy.filters.http.ext_proc")


def test_it_has_no_authentication_code() -> None:
    """No status of a denial and no header of a credential occurs in its source."""
    folder = Path(inspect.getfile(ai_gateway_stand_in)).parent
    for file in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant):
                assert node.value not in {401, 403, "authorization", "x-api-key"}, file.name


def test_every_output_says_that_it_is_simulated() -> None:
    assert "(simulated)" in ai_gateway_stand_in.NAME
    assert "(simulated)" in ai_gateway_stand_in.EXT_PROC_NAME
