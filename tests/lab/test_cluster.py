from collections.abc import Iterator

import httpx
import pytest

from lab.client import Lab
from lab.errors import LabError
from lab.kubernetes_api import KubernetesApi, Object
from lab.ports import answers, free_port
from tests.lab import plain_gateway
from tests.lab.plain_gateway import until

pytestmark = pytest.mark.lab


@pytest.fixture
def gateway(lab: Lab, api: KubernetesApi, request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a running Gateway that is named after the test."""
    port = free_port()
    name = name_of(request)
    plain_gateway.deploy(api, name, port, lab.info["upstream_port"])
    until(lambda: plain_gateway.answers(port), "the Gateway answers")
    yield port
    plain_gateway.remove(api, name)


def name_of(request: pytest.FixtureRequest) -> str:
    name: str = request.node.name  # pyright: ignore[reportUnknownVariableType] - pytest's own types
    return name.replace("_", "-").removeprefix("test-")


def config_map(name: str, owner: Object | None = None) -> Object:
    metadata: Object = {"name": name, "namespace": "default"}
    if owner is not None:
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"]}
        metadata["ownerReferences"] = [{**reference, "uid": owner["metadata"]["uid"]}]
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


@pytest.mark.usefixtures("gateway")
def test_gateway_is_programmed_on_loopback(
    api: KubernetesApi, request: pytest.FixtureRequest
) -> None:
    name = name_of(request)
    until(lambda: plain_gateway.programmed(api, name), "Programmed")
    assert plain_gateway.addresses(api, name) == ["127.0.0.1"]


def test_gateway_routes_to_the_upstream(gateway: int, lab: Lab) -> None:
    url = f"http://127.0.0.1:{gateway}/v1/models"
    answer = httpx.get(url, headers={"x-lab-request": "plain"}, trust_env=False)
    assert answer.status_code == 200
    records = httpx.get(f"{lab.info['upstream_url']}/_lab/requests", trust_env=False).text
    assert '"plain"' in records


def test_killed_envoy_comes_back(
    gateway: int, lab: Lab, api: KubernetesApi, request: pytest.FixtureRequest
) -> None:
    envoy = plain_gateway.envoy_of(api, name_of(request))
    assert envoy is not None
    lab.restart(envoy)
    until(lambda: plain_gateway.answers(gateway), "it answers again")


def test_two_gateways(gateway: int, lab: Lab, api: KubernetesApi) -> None:
    port = free_port()
    plain_gateway.deploy(api, "second", port, lab.info["upstream_port"])
    until(lambda: plain_gateway.answers(port), "the second answers")
    plain_gateway.remove(api, "second")
    until(lambda: not plain_gateway.answers(port), "the second is gone")
    assert plain_gateway.answers(gateway)


def test_port_of_another_gateway(gateway: int, lab: Lab, api: KubernetesApi) -> None:
    plain_gateway.deploy(api, "same-port", gateway, lab.info["upstream_port"])

    def message() -> str:
        name = plain_gateway.envoy_of(api, "same-port")
        path = f"/apis/apps/v1/namespaces/envoy-gateway-system/deployments/{name}"
        conditions = (api.get(path) or {}).get("status", {}).get("conditions", [])
        return conditions[0]["message"] if conditions else ""

    until(lambda: "listens on its port" in message(), "the Deployment says why")
    assert not plain_gateway.programmed(api, "same-port")
    plain_gateway.remove(api, "same-port")


def test_deleted_namespace_goes(api: KubernetesApi) -> None:
    path = "/api/v1/namespaces/short-lived"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "short-lived"}}
    api.apply(path, namespace)
    until(lambda: api.get(f"{path}/serviceaccounts/default") is not None, "its service account")
    api.delete(path)
    until(lambda: api.get(path) is None, "the namespace goes")


def test_deleted_owner_takes_its_child(api: KubernetesApi) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    owner = api.create(path, config_map("owner"))
    api.create(path, config_map("child", owner))
    api.delete(f"{path}/owner")
    until(lambda: api.get(f"{path}/child") is None, "the child goes")


def test_deleted_owner_of_a_custom_kind(api: KubernetesApi) -> None:
    """As the HTTPRoutes that the AI Gateway makes; of a kind on which nobody puts a finalizer."""
    backends = "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/default/backends"
    kind = {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "Backend"}
    spec = {"endpoints": [{"fqdn": {"hostname": "up.localhost", "port": 80}}]}
    owner = api.create(backends, {**kind, "metadata": {"name": "owner"}, "spec": spec})
    child = config_map("child-of-custom")
    reference = {**kind, "name": "owner", "uid": owner["metadata"]["uid"]}
    child["metadata"]["ownerReferences"] = [reference]
    path = "/api/v1/namespaces/default/configmaps"
    api.create(path, child)
    api.delete(f"{backends}/owner")
    until(lambda: api.get(f"{path}/child-of-custom") is None, "the child goes")


@pytest.mark.usefixtures("lab")
def test_second_lab_is_refused() -> None:
    with pytest.raises(LabError, match="Another lab runs already"):
        Lab.start()


def test_restarted_controller(lab: Lab, gateway: int, api: KubernetesApi) -> None:
    lab.restart("envoy-gateway")
    port = free_port()
    plain_gateway.deploy(api, "after-restart", port, lab.info["upstream_port"])
    until(lambda: plain_gateway.answers(port), "a new Gateway answers")
    assert plain_gateway.answers(gateway)
    plain_gateway.remove(api, "after-restart")


def test_restarted_api_server(lab: Lab, gateway: int, api: KubernetesApi) -> None:
    lab.restart("kube-apiserver")
    until(api.ready, "the API server is back")
    assert plain_gateway.answers(gateway)
    port = free_port()
    plain_gateway.deploy(api, "after-outage", port, lab.info["upstream_port"])
    until(lambda: plain_gateway.answers(port), "a new Gateway answers")
    plain_gateway.remove(api, "after-outage")


def test_held_process(lab: Lab) -> None:
    port = lab.info["upstream_port"]
    lab.kill("upstream", hold=True)
    assert not answers(port)
    lab.release("upstream")
    until(lambda: answers(port), "the upstream is back")


def test_unknown_process(lab: Lab) -> None:
    with pytest.raises(LabError, match="no process 'nobody'"):
        lab.kill("nobody")
