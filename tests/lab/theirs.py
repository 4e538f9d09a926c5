"""Objects of somebody else, made by hand: a backend and AIGatewayRoutes to it."""

from collections.abc import Sequence

from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.lab.stack import Stack

NAME = "theirs"


def make_backend(stack: Stack, api: KubernetesApi, upstream: Upstream) -> None:
    """Their backend is the lab's upstream."""
    endpoint = {"fqdn": {"hostname": "up.localhost", "port": upstream.port}}
    stack.apply(api, "Backend", "backends", NAME, spec={"endpoints": [endpoint]})
    reference = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": NAME}
    spec = {"schema": {"name": "OpenAI"}, "backendRef": reference}
    stack.apply(api, "AIServiceBackend", "aiservicebackends", NAME, spec=spec)


def make_route(
    stack: Stack,
    api: KubernetesApi,
    name: str,
    model: str,
    *,
    gateway: str = NAME,
    listeners: Sequence[str] = ("http",),
) -> None:
    """A route of theirs for one model, on listeners of a Gateway."""
    header = {"type": "Exact", "name": "x-ai-eg-model", "value": model}
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway}
    rule = {"matches": [{"headers": [header]}], "backendRefs": [{"name": NAME}]}
    parents = [{**parent, "sectionName": listener} for listener in listeners]
    spec = {"parentRefs": parents, "rules": [rule]}
    stack.apply(api, "AIGatewayRoute", "aigatewayroutes", name, spec=spec)
