from typing import Any

from ai_gateway_auth.models.envoy_proxy import EnvoyProxy
from ai_gateway_auth.models.gateway import AllowedRoutes, Gateway
from ai_gateway_auth.models.listener import Listener
from ai_gateway_auth.models.namespace import Namespace
from ai_gateway_auth.objects.envoy_proxy import envoy_proxy_spec
from ai_gateway_auth.objects.gateway import (
    certificate_names,
    gateway_annotations,
    gateway_class_spec,
    gateway_spec,
)
from ai_gateway_auth.objects.namespace import namespace_labels
from hypothesis import given
from hypothesis import strategies as st

SAME = {"namespaces": {"from": "Same"}}


def listeners(**given: object) -> dict[str, Listener]:
    return {
        name.replace("_", "-"): Listener.model_validate(listener)
        for name, listener in given.items()
    }


def spec(gateway: object, **given: object) -> Any:  # noqa: ANN401 - a spec
    return gateway_spec(Gateway.model_validate(gateway), listeners(**given))


def test_plain_listeners() -> None:
    assert spec({}, oidc={"port": 8080}, api_key={"port": 8081}) == {
        "gatewayClassName": "envoy-gateway",
        "infrastructure": {
            "parametersRef": {
                "group": "gateway.envoyproxy.io",
                "kind": "EnvoyProxy",
                "name": "maas",
            }
        },
        "listeners": [
            {"name": "api-key", "protocol": "HTTP", "port": 8081, "allowedRoutes": SAME},
            {"name": "oidc", "protocol": "HTTP", "port": 8080, "allowedRoutes": SAME},
        ],
    }


@given(order=st.permutations(["api_key", "oidc", "other"]))
def test_order_of_the_listeners_does_not_matter(order: list[str]) -> None:
    tls = {"certificateRefs": ["a"], "redirectFromPort": 80}
    found = {
        name: {"port": 443, "hostname": f"{len(name)}.example.com", "tls": tls} for name in order
    }
    assert spec({}, **found) == spec({}, **dict(sorted(found.items())))


def test_tls() -> None:
    tls = {"certificateRefs": ["a-tls", "b-tls"]}
    (listener,) = spec({}, oidc={"port": 443, "hostname": "a.example.com", "tls": tls})["listeners"]
    assert listener == {
        "name": "oidc",
        "protocol": "HTTPS",
        "port": 443,
        "hostname": "a.example.com",
        "allowedRoutes": SAME,
        "tls": {
            "mode": "Terminate",
            "certificateRefs": [
                {"group": "", "kind": "Secret", "name": "a-tls"},
                {"group": "", "kind": "Secret", "name": "b-tls"},
            ],
        },
    }


def test_cert_manager() -> None:
    gateway = Gateway.model_validate(
        {"certManager": {"clusterIssuer": "letsencrypt"}, "annotations": {"a": "b"}}
    )
    assert gateway_annotations(gateway) == {
        "a": "b",
        "cert-manager.io/cluster-issuer": "letsencrypt",
    }
    own = Gateway.model_validate({"certManager": {"issuer": "ours"}})
    assert gateway_annotations(own) == {"cert-manager.io/issuer": "ours"}
    made = listeners(oidc={"port": 443, "hostname": "a.example.com", "tls": {}})
    (rendered,) = spec(
        {"certManager": {"issuer": "ours"}},
        oidc={"port": 443, "hostname": "a.example.com", "tls": {}},
    )["listeners"]
    assert [ref["name"] for ref in rendered["tls"]["certificateRefs"]] == ["maas-oidc-tls"]
    assert certificate_names(gateway, "oidc", made["oidc"]) == ["maas-oidc-tls"]


def test_listener_without_tls_has_no_certificate() -> None:
    (listener,) = listeners(oidc={"port": 80}).values()
    assert certificate_names(Gateway(), "oidc", listener) == []


def test_redirect_is_a_listener_for_our_own_namespace_only() -> None:
    rendered = spec(
        {"allowedRoutes": {"matchLabels": {"team": "a"}}},
        oidc={
            "port": 443,
            "hostname": "a.example.com",
            "tls": {"certificateRefs": ["a"], "redirectFromPort": 80},
        },
    )["listeners"]
    assert rendered[1] == {
        "name": "oidc-redirect",
        "protocol": "HTTP",
        "port": 80,
        "hostname": "a.example.com",
        "allowedRoutes": SAME,
    }


def test_allowed_routes() -> None:
    (listener,) = spec(
        {"allowedRoutes": {"matchLabels": {"team": "a", "models": "yes"}}}, oidc={"port": 80}
    )["listeners"]
    assert listener["allowedRoutes"] == {
        "namespaces": {
            "from": "Selector",
            "selector": {"matchLabels": {"team": "a", "models": "yes"}},
        }
    }


def test_gateway_class() -> None:
    assert gateway_class_spec() == {
        "controllerName": "gateway.envoyproxy.io/gatewayclass-controller"
    }
    rendered = spec({"gatewayClass": {"name": "public"}}, oidc={"port": 80})
    assert rendered["gatewayClassName"] == "public"


def kubernetes(**proxy: object) -> Any:  # noqa: ANN401 - a spec
    spec: Any = envoy_proxy_spec(EnvoyProxy.model_validate(proxy))
    assert spec["provider"]["type"] == "Kubernetes"
    return spec["provider"]["kubernetes"]


def test_envoy_proxy_says_only_what_the_stack_says() -> None:
    assert kubernetes() == {"envoyService": {"type": "LoadBalancer"}}


def test_envoy_proxy() -> None:
    assert kubernetes(
        replicas=3,
        minAvailable=2,
        resources={"requests": {"cpu": "1"}},
        service={"type": "ClusterIP", "annotations": {"a": "b"}},
    ) == {
        "envoyService": {"type": "ClusterIP", "annotations": {"a": "b"}},
        "envoyDeployment": {"replicas": 3, "container": {"resources": {"requests": {"cpu": "1"}}}},
        "envoyPDB": {"minAvailable": 2},
    }


def test_autoscaling() -> None:
    assert kubernetes(autoscaling={"maxReplicas": 9})["envoyHpa"] == {
        "minReplicas": 2,
        "maxReplicas": 9,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 80},
                },
            }
        ],
    }


def test_namespace_enforces_pod_security() -> None:
    labels = namespace_labels(Namespace.model_validate({"labels": {"team": "a"}}))
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["pod-security.kubernetes.io/warn"] == "restricted"
    assert labels["team"] == "a"


def test_own_namespace_is_among_those_that_a_listener_selects() -> None:
    allowed = AllowedRoutes(match_labels={"models": "yes", "kubernetes.io/metadata.name": "other"})
    labels = namespace_labels(Namespace(), allowed)
    assert labels["models"] == "yes"
    assert "kubernetes.io/metadata.name" not in labels
