import asyncio
from typing import cast

import pytest
from ai_gateway_auth.cluster.conditions import object_unmet
from ai_gateway_auth.cluster.connection import Cluster, Connection, Json, Unreachable
from ai_gateway_auth.cluster.prerequisites import Findings, Needs, findings
from ai_gateway_auth.cluster.waiting import Awaited, NotInForceError, in_force, now

from lab.deployer.values import Object
from tests.api_server import ApiServer, kubeconfig

PATH = "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/maas/securitypolicies/one"
NOWHERE = Connection(kubeconfig("http://127.0.0.1:1"))


def policy(status: str = "True", reason: str = "Accepted", text: str = "fine") -> Object:
    condition = {"type": "Accepted", "status": status, "reason": reason, "message": text}
    return {"metadata": {"uid": "ours"}, "status": {"conditions": [condition]}}


def wait(connection: Connection, *, seconds: float, uid: str | None = "ours") -> Json:
    def unmet(found: Json) -> list[str]:
        return object_unmet(found, ["Accepted"])

    awaited = Awaited("SecurityPolicy maas/one", PATH, unmet, uid)
    return asyncio.run(in_force(connection, awaited, seconds=seconds))


def failure(connection: Connection, uid: str | None = "ours") -> str:
    with pytest.raises(NotInForceError) as failed:
        wait(connection, seconds=0, uid=uid)
    return str(failed.value)


def test_in_force_at_last(server: ApiServer) -> None:
    server.answer(PATH, 404, 503, policy("False", "Pending", "wait"), policy())
    found = wait(Connection(server.kubeconfig), seconds=60)
    assert cast("Object", found)["status"] == policy()["status"]


def test_reason_of_the_controller_is_told(server: ApiServer) -> None:
    server.answer(PATH, policy("False", "Conflicted", "another one has attached already"))
    assert failure(Connection(server.kubeconfig)) == (
        "SecurityPolicy maas/one is not in force after 0 s: Accepted=False, Conflicted: another "
        "one has attached already. Nothing was routed to it, because a route without its policy is "
        "open. Mend what the controller says, then run `pulumi up` again."
    )


def test_it_does_not_exist(server: ApiServer) -> None:
    assert "after 0 s: it does not exist." in failure(Connection(server.kubeconfig))


def test_another_cluster(server: ApiServer) -> None:
    server.answer(PATH, policy())
    connection = Connection(server.kubeconfig)
    assert "another object of this name" in failure(connection, uid="of another cluster")
    assert wait(connection, seconds=60, uid=None)


@pytest.mark.parametrize("status", [401, 403])
def test_reading_is_not_allowed(server: ApiServer, status: int) -> None:
    server.answer(PATH, status)
    assert f"reading {PATH} is not allowed ({status})" in failure(Connection(server.kubeconfig))


def test_unreachable_and_no_secret_of_the_kubeconfig_is_told() -> None:
    text = failure(NOWHERE)
    assert "the cluster can't be read" in text
    assert "the-token" not in text


@pytest.mark.parametrize("text", ["{", "no such file", "- a list", "the-token: {}"])
def test_a_kubeconfig_that_is_none(text: str) -> None:
    with pytest.raises(Unreachable) as failed:
        asyncio.run(Cluster(Connection(text)).get(PATH))
    assert "the-token" not in str(failed.value)


def test_an_unknown_context(server: ApiServer) -> None:
    with pytest.raises(Unreachable):
        asyncio.run(Cluster(Connection(server.kubeconfig, "no-such-context")).get(PATH))


def test_now(server: ApiServer) -> None:
    connection = Connection(server.kubeconfig)
    assert asyncio.run(now(connection, PATH)) == {}
    server.answer(PATH, policy())
    assert asyncio.run(now(connection, PATH)) == policy()
    server.answer(PATH, 403)
    assert asyncio.run(now(connection, PATH)) == {}
    assert asyncio.run(now(NOWHERE, PATH)) == {}


NEEDS = Needs(
    gateway_class="envoy-gateway",
    backends=True,
    ai_gateway=True,
    controller_namespace="envoy-gateway-system",
)
SERVED = {
    "/apis/gateway.networking.k8s.io/v1": ("gateways", "httproutes"),
    "/apis/gateway.envoyproxy.io/v1alpha1": (
        "backends",
        "clienttrafficpolicies",
        "envoyproxies",
        "securitypolicies",
    ),
    "/apis/aigateway.envoyproxy.io/v1beta1": ("aigatewayroutes", "aiservicebackends"),
}
CLASS = "/apis/gateway.networking.k8s.io/v1/gatewayclasses/envoy-gateway"
CONFIG = "/api/v1/namespaces/envoy-gateway-system/configmaps/envoy-gateway-config"
GOOD = "extensionApis: {enableBackend: true}\nextensionManager: {hooks: {}}"


def good_cluster(server: ApiServer) -> Connection:
    for path, plurals in SERVED.items():
        server.answer(path, {"resources": [{"name": plural} for plural in plurals]})
    server.answer(CLASS, {"metadata": {"name": "envoy-gateway"}})
    server.answer(CONFIG, {"data": {"envoy-gateway.yaml": GOOD}})
    return Connection(server.kubeconfig)


def found(connection: Connection, needs: Needs = NEEDS) -> Findings:
    return asyncio.run(findings(connection, needs))


def test_a_good_cluster(server: ApiServer) -> None:
    assert found(good_cluster(server)) == Findings([], [])


def test_kinds_that_are_not_served(server: ApiServer) -> None:
    connection = good_cluster(server)
    server.answer("/apis/gateway.envoyproxy.io/v1alpha1", {"resources": [{"name": "backends"}]})
    server.answer("/apis/aigateway.envoyproxy.io/v1beta1", 404)
    assert found(connection).missing == [
        (
            "the cluster does not serve clienttrafficpolicies, envoyproxies, securitypolicies of "
            "gateway.envoyproxy.io/v1alpha1: install Envoy Gateway 1.8.1 or newer with its CRDs."
        ),
        (
            "the cluster does not serve aigatewayroutes, aiservicebackends of "
            "aigateway.envoyproxy.io/v1beta1: install Envoy AI Gateway 1.0.0 or newer with its "
            "CRDs."
        ),
    ]
    assert len(found(connection, NEEDS._replace(ai_gateway=False)).missing) == 1


def test_gateway_class(server: ApiServer) -> None:
    connection = good_cluster(server)
    server.answer(CLASS, 404)
    (text,) = found(connection).missing
    assert "set gateway.gatewayClass.create: true" in text
    assert found(connection, NEEDS._replace(gateway_class=None)).missing == []


def test_what_can_not_be_read_is_said_and_not_guessed(server: ApiServer) -> None:
    connection = good_cluster(server)
    server.answer(CLASS, 403)
    server.answer(CONFIG, 404)
    missing, unchecked = found(connection)
    assert missing == []
    assert unchecked == [
        f"reading {CLASS} is not allowed (403)",
        (
            "Envoy Gateway's configuration is not at "
            f"{CONFIG}; set controllerNamespace if the controller runs elsewhere"
        ),
    ]


def test_unreachable() -> None:
    missing, (text,) = found(NOWHERE)
    assert missing == []
    assert "can't be read" in text
