"""The AIGatewayRoute hook-up; mirrors models/route.py."""

from typing import NotRequired, TypedDict

import pulumi

from .backend import BackendArgs


class BackendUseArgs(TypedDict):
    """How a model uses a backend."""

    weight: NotRequired[int]
    """Share of the requests, relative to the model's other backends."""
    priority: NotRequired[int]
    """0 is tried first; a higher number is a fallback."""
    model_name_override: NotRequired[pulumi.Input[str]]
    """Name of the model at this backend, where it differs."""


class ServedModelArgs(TypedDict):
    """A model that callers may ask for."""

    backends: dict[str, BackendUseArgs]
    """Backends that serve it, by their name in `route.create.backends`."""


class NewRouteArgs(TypedDict):
    """An AIGatewayRoute of our own, attached to every authenticated listener by its name."""

    name: NotRequired[str]
    """Name of the AIGatewayRoute, and of the HTTPRoute that the AI Gateway makes of it."""
    models: dict[str, ServedModelArgs]
    """Models by the name that callers send."""
    backends: dict[str, BackendArgs]
    """Backends by a name of your choice."""
    request_timeout: NotRequired[str]
    """Longest time for a whole answer, streams included."""


class ExistingRouteArgs(TypedDict):
    """An AIGatewayRoute that somebody else owns. It is never written."""

    name: pulumi.Input[str]
    """Its name."""
    namespace: NotRequired[pulumi.Input[str]]
    """Its namespace; the Gateway's own where missing."""
    rule: NotRequired[str]
    """Refused, whatever its value: a policy on one rule lets everybody in."""


class RouteArgs(TypedDict):
    """Give exactly one of `create` and `existing`."""

    create: NotRequired[NewRouteArgs]
    """Make an AIGatewayRoute."""
    existing: NotRequired[ExistingRouteArgs]
    """Hook up to an AIGatewayRoute by its name."""
