"""Labels that every object of this package carries, and references between objects."""

GATEWAY_API = "gateway.networking.k8s.io"
ENVOY_GATEWAY_API = "gateway.envoyproxy.io"
AI_GATEWAY_API = "aigateway.envoyproxy.io"

GATEWAY_API_V1 = f"{GATEWAY_API}/v1"
ENVOY_GATEWAY_V1ALPHA1 = f"{ENVOY_GATEWAY_API}/v1alpha1"
AI_GATEWAY_V1BETA1 = f"{AI_GATEWAY_API}/v1beta1"

LABELS = {
    "app.kubernetes.io/managed-by": "pulumi",
    "app.kubernetes.io/part-of": "ai-gateway-auth",
}

Spec = dict[str, object]


def reference(group: str, kind: str, name: str, **more: object) -> Spec:
    """A reference to an object of our own namespace, e.g. an entry of `targetRefs`."""
    return {"group": group, "kind": kind, "name": name, **more}


def gateway_reference(name: str, listener: str | None = None) -> Spec:
    """A reference to a Gateway, or to one of its listeners."""
    section = {} if listener is None else {"sectionName": listener}
    return reference(GATEWAY_API, "Gateway", name, **section)
