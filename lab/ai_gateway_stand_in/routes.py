"""The objects that AI Gateway 1.1 generates from an AIGatewayRoute, as far as routing goes."""

from collections.abc import Mapping
from typing import cast

from lab.ai_gateway_stand_in.objects import Object, items, name_of, part, text

GROUP = "aigateway.envoyproxy.io"
EXTENSION_GROUP = "gateway.envoyproxy.io"
NOT_FOUND_TEXT = (
    "No matching route found. It is likely because the model specified in your request is not "
    "configured in the Gateway."
)
REQUEST_TIMEOUT = "60s"
ROOT = {"type": "PathPrefix", "value": "/"}

Backends = Mapping[tuple[str, str], Object]


class NotAcceptedError(Exception):
    """The AIGatewayRoute can't be served; the text goes to its status."""


def generated(route: Object, backends: Backends) -> list[Object]:
    """Everything that the route's controller makes, in the order it has to be applied in.

    Raises:
        NotAcceptedError: a backend is missing, or of a kind that the stand-in doesn't know.
    """
    return [*_filters(route), _http_route(route, backends)]


def _http_route(route: Object, backends: Backends) -> Object:
    metadata, spec = part(route, "metadata"), part(route, "spec")
    rules = [_rule(route, rule, backends) for rule in items(spec, "rules")]
    annotations = dict(part(metadata, "annotations"))
    annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    # Envoy Gateway hands annotations of this prefix to its extension hook: so the hook knows them.
    annotations[f"{EXTENSION_GROUP}/ai-gateway-generated"] = "true"
    annotations[f"{EXTENSION_GROUP}/backend-ref-priority"] = _priorities(spec)
    made = _made(route, "gateway.networking.k8s.io/v1", "HTTPRoute", text(metadata, "name"))
    made["metadata"] = part(made, "metadata") | {
        "labels": part(metadata, "labels"),
        "annotations": annotations,
    }
    made["spec"] = {
        "parentRefs": spec.get("parentRefs") or [],
        "rules": [*rules, _not_found(route)],
    }
    if spec.get("hostnames"):
        part(made, "spec")["hostnames"] = spec["hostnames"]
    return made


def _rule(route: Object, rule: Object, backends: Backends) -> Object:
    rendered: Object = {
        "matches": [
            {"path": ROOT, "headers": match.get("headers") or []}
            for match in items(rule, "matches")
        ],
        "filters": [_extension_ref(_filter_name(route, "host-rewrite"))],
        "backendRefs": [_backend(route, ref, backends) for ref in items(rule, "backendRefs")],
        "timeouts": {"request": REQUEST_TIMEOUT} | part(rule, "timeouts"),
    }
    return rendered | ({"name": rule["name"]} if rule.get("name") else {})


def _not_found(route: Object) -> Object:
    return {
        "name": "route-not-found",
        "matches": [{"path": ROOT}],
        "filters": [_extension_ref(_filter_name(route, "route-not-found-response"))],
    }


def _backend(route: Object, ref: Object, backends: Backends) -> Object:
    namespace, _ = name_of(route)
    name, elsewhere = text(ref, "name"), text(ref, "namespace", namespace)
    if ref.get("kind", "AIServiceBackend") != "AIServiceBackend":
        raise NotAcceptedError(f"{name} is an {ref['kind']}, which the stand-in doesn't know")
    if elsewhere != namespace:
        raise NotAcceptedError(f"{name}.{elsewhere}: the stand-in knows no ReferenceGrant")
    backend = backends.get((namespace, name))
    if backend is None:
        raise NotAcceptedError(f"AIServiceBackend {name}.{namespace} not found")
    spec = part(backend, "spec")
    rendered = dict(part(spec, "backendRef")) | {"weight": ref.get("weight", 1)}
    changes = _merged(part(ref, "headerMutation"), part(spec, "headerMutation"))
    if changes:
        rendered["filters"] = [{"type": "RequestHeaderModifier", "requestHeaderModifier": changes}]
    return rendered


def _merged(of_route: Object, of_backend: Object) -> Object:
    """Both header mutations in one; the route's value wins."""
    mutations = (of_backend, of_route)
    values = {text(h, "name").lower(): h.get("value") for m in mutations for h in items(m, "set")}
    removed = {
        str(name).lower() for m in mutations for name in cast("list[object]", m.get("remove") or [])
    }
    merged: Object = {}
    if values:
        merged["set"] = [{"name": name, "value": values[name]} for name in sorted(values)]
    if removed:
        merged["remove"] = sorted(removed)
    return merged


def _filters(route: Object) -> list[Object]:
    rewrite: Object = {"urlRewrite": {"hostname": {"type": "Backend"}}}
    body = {"type": "Inline", "inline": NOT_FOUND_TEXT}
    not_found: Object = {"directResponse": {"statusCode": 404, "body": body}}
    filters: list[Object] = []
    for kind, spec in (("host-rewrite", rewrite), ("route-not-found-response", not_found)):
        made = _made(
            route, f"{EXTENSION_GROUP}/v1alpha1", "HTTPRouteFilter", _filter_name(route, kind)
        )
        filters.append(made | {"spec": spec})
    return filters


def _filter_name(route: Object, kind: str) -> str:
    return f"ai-eg-{kind}-{name_of(route)[1]}"


def _extension_ref(name: str) -> Object:
    ref = {"group": EXTENSION_GROUP, "kind": "HTTPRouteFilter", "name": name}
    return {"type": "ExtensionRef", "extensionRef": ref}


def _made(route: Object, version: str, kind: str, name: str) -> Object:
    """The head of an object that the garbage collector deletes with the route."""
    metadata = part(route, "metadata")
    owner = {
        "apiVersion": route["apiVersion"],
        "kind": "AIGatewayRoute",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    own: Object = {
        "name": name,
        "namespace": metadata["namespace"],
        "ownerReferences": [owner],
    }
    return {"apiVersion": version, "kind": kind, "metadata": own}


def _priorities(spec: Object) -> str:
    return ",".join(
        f"{number}:{text(ref, 'name')}:{ref.get('priority') or 0}"
        for number, rule in enumerate(items(spec, "rules"))
        for ref in items(rule, "backendRefs")
    )
