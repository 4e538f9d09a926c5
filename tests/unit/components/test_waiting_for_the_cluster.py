"""`up` against an API server that is data: what is not in force keeps the route from being made."""

import pytest

from lab.deployer.values import Object
from tests.api_server import ApiServer
from tests.pulumi_program import Run, attempt
from tests.unit.components.build import BOTH, program
from tests.unit.components.programs import objects

HOME = "/namespaces/maas-system"
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
ENVOY_GATEWAY = "/apis/gateway.envoyproxy.io/v1alpha1"
AI_GATEWAY = "/apis/aigateway.envoyproxy.io/v1beta1"
KEYS = "/api/v1/namespaces/maas-system/secrets/maas-api-keys"
CLASS = f"{GATEWAY_API}/gatewayclasses/envoy-gateway"
CONFIG = "/api/v1/namespaces/envoy-gateway-system/configmaps/envoy-gateway-config"
GATEWAY = f"{GATEWAY_API}{HOME}/gateways/maas"
CLOSED = f"{ENVOY_GATEWAY}{HOME}/securitypolicies/maas-closed"
CLIENT_TRAFFIC = f"{ENVOY_GATEWAY}{HOME}/clienttrafficpolicies/maas-client-traffic"
ANCHOR_POLICY = f"{ENVOY_GATEWAY}{HOME}/securitypolicies/maas-anchor"
ANCHOR_ROUTE = f"{GATEWAY_API}{HOME}/httproutes/maas-anchor"
OIDC_POLICY = f"{ENVOY_GATEWAY}{HOME}/securitypolicies/maas-oidc-auth"
API_KEY_POLICY = f"{ENVOY_GATEWAY}{HOME}/securitypolicies/maas-apikey-auth"
ROUTE = f"{AI_GATEWAY}{HOME}/aigatewayroutes/maas"
HTTP_ROUTE = f"{GATEWAY_API}{HOME}/httproutes/maas"

SERVED = {
    GATEWAY_API: ("gateways", "httproutes"),
    ENVOY_GATEWAY: ("backends", "clienttrafficpolicies", "envoyproxies", "securitypolicies"),
    AI_GATEWAY: ("aigatewayroutes", "aiservicebackends"),
}
MANAGED = "extensionApis: {enableBackend: true}\nextensionManager: {hooks: {}}"


def conditions(*kinds: str, status: str = "True", reason: str = "", text: str = "") -> list[Object]:
    return [
        {"type": kind, "status": status, "reason": reason, "message": text, "observedGeneration": 1}
        for kind in kinds
    ]


def policy(logical_name: str, listener: str | None, found: list[Object]) -> Object:
    return policy_on(logical_name, [listener], found)


def policy_on(logical_name: str, listeners: list[str | None], found: list[Object]) -> Object:
    sections = [{} if name is None else {"sectionName": name} for name in listeners]
    entries = [
        {"ancestorRef": {"kind": "Gateway", "name": "maas", **section}, "conditions": found}
        for section in sections
    ]
    metadata = {"uid": f"uid-of-{logical_name}", "generation": 1}
    return {"metadata": metadata, "status": {"ancestors": entries}}


def gateway(found: list[Object]) -> Object:
    listener = conditions("Accepted", "Programmed", "ResolvedRefs")
    return {
        "metadata": {"uid": "uid-of-maas-gateway-gateway", "generation": 1},
        "status": {
            "addresses": [{"value": "192.0.2.7"}],
            "conditions": found,
            "listeners": [{"name": name, "conditions": listener} for name in ("oidc", "api-key")],
        },
    }


@pytest.fixture
def cluster(server: ApiServer) -> ApiServer:
    """A cluster on which everything is in force."""
    for path, plurals in SERVED.items():
        server.answer(path, {"resources": [{"name": plural} for plural in plurals]})
    server.answer(CLASS, {"metadata": {"name": "envoy-gateway"}})
    server.answer(CONFIG, {"data": {"envoy-gateway.yaml": MANAGED}})
    accepted = conditions("Accepted")
    server.answer(KEYS, {"metadata": {"uid": "uid-of-maas-api-keys-secret"}, "data": {}})
    server.answer(GATEWAY, gateway(conditions("Accepted", "Programmed")))
    server.answer(CLOSED, policy("maas-gateway-closed", None, accepted))
    server.answer(CLIENT_TRAFFIC, policy("maas-gateway-client-traffic", None, accepted))
    server.answer(OIDC_POLICY, policy("maas-oidc-policy", "oidc", accepted))
    server.answer(API_KEY_POLICY, policy("maas-api-key-policy", "api-key", accepted))
    metadata = {"uid": "uid-of-maas-route-route", "generation": 1}
    server.answer(ROUTE, {"metadata": metadata, "status": {"conditions": accepted}})
    parents = [
        {
            "parentRef": {"kind": "Gateway", "name": "maas", "sectionName": name},
            "conditions": conditions("Accepted", "ResolvedRefs"),
        }
        for name in ("oidc", "api-key")
    ]
    server.answer(HTTP_ROUTE, {"metadata": {"generation": 1}, "status": {"parents": parents}})
    server.answer(
        ANCHOR_POLICY, policy_on("maas-gateway-anchor-policy", ["oidc", "api-key"], accepted)
    )
    metadata = {"uid": "uid-of-maas-gateway-anchor", "generation": 1}
    server.answer(ANCHOR_ROUTE, {"metadata": metadata, "status": {"parents": parents}})
    return server


def up(cluster: ApiServer, **more: object) -> Run:
    args = {**BOTH, "kubeconfig": cluster.kubeconfig, "wait": {"policies": 1, "gateway": 1}, **more}
    return attempt(program(args), preview=False)


def test_everything_is_in_force(cluster: ApiServer) -> None:
    done = up(cluster)
    assert not done.error
    assert done.objects("AIGatewayRoute")
    outputs = done.component_outputs["maas"]
    assert outputs["gatewayAddress"] == "192.0.2.7"
    assert [listener["url"] for listener in outputs["listeners"]] == [
        "http://192.0.2.7:8080",
        "http://192.0.2.7:8081",
    ]
    assert not [text for text in done.messages if "not checked" in text]
    assert "the-token" not in f"{done.messages}"


def test_it_waits_until_the_controller_has_seen_the_change(cluster: ApiServer) -> None:
    late = policy("maas-oidc-policy", "oidc", conditions("Accepted"))
    stale = {**late, "metadata": {**late["metadata"], "generation": 2}}
    cluster.answer(OIDC_POLICY, 404, stale, late)
    assert not up(cluster, wait={"policies": 60, "gateway": 60}).error


REFUSED = conditions("Accepted", status="False", reason="Conflicted", text="another one is there")
POLICIES = {"maas-oidc-policy", "maas-api-key-policy"}


@pytest.mark.parametrize(
    ("path", "answer", "reason", "not_made"),
    [
        (
            GATEWAY,
            gateway(conditions("Accepted", "Programmed", status="False", reason="NoResources")),
            "Gateway maas-system/maas is not in force after 1 s: Gateway: Accepted=False",
            POLICIES,
        ),
        (
            CLOSED,
            policy("maas-gateway-closed", None, REFUSED),
            (
                "SecurityPolicy maas-system/maas-closed is not in force after 1 s: Gateway maas: "
                "Accepted=False, Conflicted: another one is there"
            ),
            POLICIES,
        ),
        (
            ANCHOR_ROUTE,
            404,
            "HTTPRoute maas-system/maas-anchor is not in force after 1 s: it does not exist",
            POLICIES,
        ),
        (
            CLIENT_TRAFFIC,
            policy("maas-gateway-client-traffic", None, REFUSED),
            "ClientTrafficPolicy maas-system/maas-client-traffic is not in force",
            POLICIES,
        ),
        (
            OIDC_POLICY,
            policy("maas-oidc-policy", "oidc", REFUSED),
            (
                "SecurityPolicy maas-system/maas-oidc-auth is not in force after 1 s: Gateway "
                "maas, listener oidc: Accepted=False, Conflicted: another one is there"
            ),
            set[str](),
        ),
        (
            API_KEY_POLICY,
            policy("of-another-cluster", "api-key", conditions("Accepted")),
            "has another object of this name",
            set[str](),
        ),
        (OIDC_POLICY, 403, "is not allowed (403)", set[str]()),
    ],
)
def test_what_is_not_in_force_keeps_the_route_from_being_made(
    cluster: ApiServer, path: str, answer: Object | int, reason: str, not_made: set[str]
) -> None:
    cluster.answer(path, answer)
    done = up(cluster)
    assert reason in done.error
    assert not done.objects("AIGatewayRoute")
    assert not not_made & set(done.names)


def test_a_route_that_is_not_accepted_fails_the_update(cluster: ApiServer) -> None:
    cluster.answer(HTTP_ROUTE, 404)
    done = up(cluster)
    assert "HTTPRoute maas-system/maas is not in force after 1 s: it does not exist" in done.error


def test_nothing_is_made_on_a_cluster_that_lacks_something(cluster: ApiServer) -> None:
    cluster.answer(CLASS, 404)
    cluster.answer(AI_GATEWAY, 404)
    done = up(cluster)
    assert done.error.startswith("the cluster lacks what this stack needs:\n  - ")
    assert "there is no GatewayClass envoy-gateway" in done.error
    assert "install Envoy AI Gateway" in done.error
    assert not objects(done)


def test_a_preview_says_so_too(cluster: ApiServer) -> None:
    cluster.answer(CONFIG, {"data": {"envoy-gateway.yaml": "{}"}})
    done = attempt(program({**BOTH, "kubeconfig": cluster.kubeconfig}))
    assert "Backend API is off" in done.error
    assert not objects(done)


def test_an_existing_route_that_names_our_listeners_is_fine(cluster: ApiServer) -> None:
    refs = [{"name": "maas", "sectionName": name} for name in ("oidc", "api-key")]
    path = f"{AI_GATEWAY}{HOME}/aigatewayroutes/theirs"
    cluster.answer(path, {"metadata": {}, "spec": {"parentRefs": refs}})
    done = up(cluster, route={"existing": {"name": "theirs"}})
    assert not done.error
    assert not [text for text in done.warnings if "AIGatewayRoute" in text]
