"""The AIGatewayRoute, and the HTTPRoute that redirects to HTTPS."""

from collections.abc import Mapping, Sequence
from typing import cast

from ai_gateway_auth.models.route import NewRoute, ServedModel

from .metadata import Spec, gateway_reference

MODEL_HEADER = "x-ai-eg-model"
"""The header in which the AI Gateway's ext_proc puts the model that it read from the body."""


def parent_references(gateway: str, listeners: Sequence[str]) -> list[Spec]:
    """One parentRef per listener, by its name: never the whole Gateway."""
    return [gateway_reference(gateway, listener) for listener in listeners]


def ai_gateway_route_spec(route: NewRoute, *, gateway: str, listeners: Sequence[str]) -> Spec:
    """Models to backends; models with the same backends share a rule."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for model, served in sorted(route.models.items()):
        groups.setdefault(tuple(served.shape()), []).append(model)
    return {
        "parentRefs": parent_references(gateway, listeners),
        "rules": [
            _rule(models, route.models[models[0]], route.request_timeout)
            for models in groups.values()
        ],
    }


def redirect_route_spec(*, gateway: str, listener: str, port: int) -> Spec:
    """Send everybody to the HTTPS port and answer nothing else."""
    redirect = {"scheme": "https", "port": port, "statusCode": 301}
    return {
        "parentRefs": [gateway_reference(gateway, listener)],
        "rules": [
            {"filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]},
        ],
    }


def _rule(models: Sequence[str], served: ServedModel, timeout: str) -> Spec:
    return {
        "matches": [
            {"headers": [{"type": "Exact", "name": MODEL_HEADER, "value": model}]}
            for model in models
        ],
        "backendRefs": _backends(served),
        "timeouts": {"request": timeout},
    }


def _backends(served: ServedModel) -> list[Spec]:
    references: list[Spec] = []
    for name, use in sorted(served.backends.items()):
        given = {
            "weight": use.weight,
            "priority": use.priority,
            "modelNameOverride": use.model_name_override,
        }
        references.append(
            {"name": name, **{key: value for key, value in given.items() if value is not None}}
        )
    return references


def missing_parents(
    route: Mapping[str, object], *, gateway: str, listeners: Sequence[str]
) -> list[str]:
    """Listeners that an existing route does not name in its parentRefs."""
    spec = cast("Mapping[str, list[Mapping[str, str]]]", route.get("spec") or {})
    named = {
        parent.get("sectionName")
        for parent in spec.get("parentRefs", [])
        if parent.get("name") == gateway
    }
    # A parentRef without sectionName names every listener of the Gateway.
    return [] if None in named else [name for name in listeners if name not in named]
