"""The dedicated namespace; mirrors models/namespace.py."""

from typing import NotRequired, TypedDict

import pulumi

from ai_gateway_auth.models.namespace import PodSecurity


class NamespaceArgs(TypedDict):
    """Where everything of the stack lives; never the controller's own namespace."""

    name: NotRequired[pulumi.Input[str]]
    """Name of the namespace."""
    create: NotRequired[bool]
    """Whether the stack makes the namespace. With false it must exist: it is only looked up, so
    that it is neither adopted silently nor ever destroyed."""
    pod_security: NotRequired[PodSecurity]
    """The Pod Security Standard that the namespace enforces."""
    labels: NotRequired[dict[str, pulumi.Input[str]]]
    """Further labels of the namespace."""
    annotations: NotRequired[dict[str, pulumi.Input[str]]]
    """Annotations of the namespace."""
