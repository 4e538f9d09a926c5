"""The Gateway, its class and its listeners."""

from collections.abc import Mapping

from ai_gateway_auth.models.gateway import Gateway
from ai_gateway_auth.models.listener import Listener

from .metadata import ENVOY_GATEWAY_API, Spec, reference

CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"


def gateway_class_spec() -> Spec:
    """Envoy Gateway's controller name."""
    return {"controllerName": CONTROLLER}


def gateway_annotations(gateway: Gateway) -> dict[str, str]:
    """The stack's, and cert-manager's when it issues the certificates."""
    annotations = dict(gateway.annotations)
    issuer = gateway.cert_manager
    if issuer and issuer.issuer:
        annotations["cert-manager.io/issuer"] = issuer.issuer
    if issuer and issuer.cluster_issuer:
        annotations["cert-manager.io/cluster-issuer"] = issuer.cluster_issuer
    return annotations


def gateway_spec(gateway: Gateway, listeners: Mapping[str, Listener]) -> Spec:
    """One listener per method, and one more for each redirect to HTTPS; sorted by name.

    A mapping that another language hands over has another order each time, and a list in another
    order is an update.
    """
    rendered = [_listener(gateway, name, listener) for name, listener in sorted(listeners.items())]
    for name, listener in sorted(listeners.items()):
        if listener.tls and listener.tls.redirect_from_port:
            rendered.append(_redirect_listener(name, listener, listener.tls.redirect_from_port))
    return {
        "gatewayClassName": gateway.gateway_class.name,
        "infrastructure": {
            "parametersRef": reference(ENVOY_GATEWAY_API, "EnvoyProxy", gateway.name)
        },
        "listeners": rendered,
    }


def redirect_listener_name(listener: str) -> str:
    """Name of the plain HTTP listener that redirects to a listener."""
    return f"{listener}-redirect"


def certificate_names(gateway: Gateway, name: str, listener: Listener) -> list[str]:
    """Names of the Secrets that hold a listener's certificates."""
    if listener.tls is None:
        return []
    return listener.tls.certificate_refs or [f"{gateway.name}-{name}-tls"]


def _listener(gateway: Gateway, name: str, listener: Listener) -> Spec:
    spec: Spec = {
        "name": name,
        "protocol": "HTTP" if listener.tls is None else "HTTPS",
        "port": listener.port,
        "allowedRoutes": {"namespaces": _allowed_namespaces(gateway)},
    }
    if listener.hostname is not None:
        spec["hostname"] = listener.hostname
    if listener.tls is not None:
        names = certificate_names(gateway, name, listener)
        spec["tls"] = {
            "mode": "Terminate",
            "certificateRefs": [reference("", "Secret", secret) for secret in names],
        }
    return spec


def _allowed_namespaces(gateway: Gateway) -> Spec:
    if gateway.allowed_routes is None:
        return {"from": "Same"}
    labels = dict(gateway.allowed_routes.match_labels)
    return {"from": "Selector", "selector": {"matchLabels": labels}}


def _redirect_listener(name: str, listener: Listener, port: int) -> Spec:
    hostname = {} if listener.hostname is None else {"hostname": listener.hostname}
    return {
        "name": redirect_listener_name(name),
        "protocol": "HTTP",
        "port": port,
        "allowedRoutes": {"namespaces": {"from": "Same"}},
        **hostname,
    }
