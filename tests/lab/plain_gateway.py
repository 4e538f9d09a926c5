"""A Gateway with one open HTTP listener in a namespace of its own, for tests of the cluster."""

import time
from collections.abc import Callable

import httpx

from lab.envoy_gateway import CONTROLLER, NAMESPACE
from lab.kubernetes_api import KubernetesApi, Object

GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
WAIT_SECONDS = 60


def until(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def deploy(api: KubernetesApi, name: str, port: int, upstream_port: int) -> None:
    """Apply namespace, GatewayClass, Gateway, HTTPRoute and Backend, all of one name."""
    collection = f"namespaces/{name}"
    api.apply(f"/api/v1/{collection}", _object("v1", "Namespace", name))
    gateway_class = _object("gateway.networking.k8s.io/v1", "GatewayClass", name)
    gateway_class["spec"] = {"controllerName": CONTROLLER}
    api.apply(f"{GATEWAY_API}/gatewayclasses/{name}", gateway_class)
    gateway = _object("gateway.networking.k8s.io/v1", "Gateway", name, name)
    gateway["spec"] = {
        "gatewayClassName": name,
        "listeners": [{"name": "http", "port": port, "protocol": "HTTP"}],
    }
    api.apply(f"{GATEWAY_API}/{collection}/gateways/{name}", gateway)
    backend = _object("gateway.envoyproxy.io/v1alpha1", "Backend", name, name)
    # On Kubernetes a Backend with a loopback address is refused; this name isn't.
    fqdn = {"hostname": "up.localhost", "port": upstream_port}
    backend["spec"] = {"endpoints": [{"fqdn": fqdn}]}
    api.apply(f"/apis/gateway.envoyproxy.io/v1alpha1/{collection}/backends/{name}", backend)
    route = _object("gateway.networking.k8s.io/v1", "HTTPRoute", name, name)
    reference = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": name}
    route["spec"] = {
        "parentRefs": [{"name": name}],
        "rules": [{"backendRefs": [reference]}],
    }
    api.apply(f"{GATEWAY_API}/{collection}/httproutes/{name}", route)


def remove(api: KubernetesApi, name: str) -> None:
    """Delete what `deploy` made, and wait until its Envoy is gone."""
    api.delete(f"{GATEWAY_API}/namespaces/{name}/gateways/{name}")
    api.delete(f"{GATEWAY_API}/gatewayclasses/{name}")
    api.delete(f"/api/v1/namespaces/{name}")
    until(lambda: envoy_of(api, name) is None, f"the Deployment of {name} goes")


def programmed(api: KubernetesApi, name: str) -> bool:
    """Whether the Gateway's status says Programmed."""
    gateway = api.get(f"{GATEWAY_API}/namespaces/{name}/gateways/{name}") or {}
    conditions = gateway.get("status", {}).get("conditions", [])
    return any(
        condition["type"] == "Programmed" and condition["status"] == "True"
        for condition in conditions
    )


def addresses(api: KubernetesApi, name: str) -> list[str]:
    """The addresses in the Gateway's status."""
    gateway = api.get(f"{GATEWAY_API}/namespaces/{name}/gateways/{name}") or {}
    return [address["value"] for address in gateway["status"]["addresses"]]


def envoy_of(api: KubernetesApi, name: str) -> str | None:
    """The name of the Deployment (and of its process) of the Gateway."""
    label = f"gateway.envoyproxy.io/owning-gateway-name={name}"
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments?labelSelector={label}"
    found = (api.get(path) or {"items": []})["items"]
    return found[0]["metadata"]["name"] if found else None


def answers(port: int) -> bool:
    """Whether the listener answers a call of the upstream's health with 200."""
    try:
        url = f"http://127.0.0.1:{port}/healthz"
        return httpx.get(url, trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def _object(version: str, kind: str, name: str, namespace: str | None = None) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
