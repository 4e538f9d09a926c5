"""API paths of the objects that are read."""

from ai_gateway_auth.objects.metadata import GATEWAY_API_V1


def namespaced(group_version: str, plural: str, namespace: str, name: str) -> str:
    """Path of a namespaced object, e.g. of a SecurityPolicy."""
    return f"/apis/{group_version}/namespaces/{namespace}/{plural}/{name}"


def cluster_wide(group_version: str, plural: str, name: str) -> str:
    """Path of a cluster-wide object, e.g. of a GatewayClass."""
    return f"/apis/{group_version}/{plural}/{name}"


def config_map(namespace: str, name: str) -> str:
    """Path of a ConfigMap."""
    return f"/api/v1/namespaces/{namespace}/configmaps/{name}"


def secret_path(namespace: str, name: str) -> str:
    """Path of a Secret."""
    return f"/api/v1/namespaces/{namespace}/secrets/{name}"


def http_route_path(namespace: str, name: str) -> str:
    """Path of an HTTPRoute."""
    return namespaced(GATEWAY_API_V1, "httproutes", namespace, name)
