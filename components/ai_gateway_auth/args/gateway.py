"""The Gateway, its class, and who may attach routes to it; mirrors models/gateway.py."""

from typing import NotRequired, TypedDict

import pulumi

from .envoy_proxy import EnvoyProxyArgs


class GatewayClassArgs(TypedDict):
    """The GatewayClass that Envoy Gateway serves."""

    name: NotRequired[str]
    """Name of the GatewayClass."""
    create: NotRequired[bool]
    """Whether the stack makes it. It is cluster-wide: at most one stack should."""


class CertManagerArgs(TypedDict):
    """The cert-manager issuer of the listeners' certificates; give one of the two."""

    issuer: NotRequired[pulumi.Input[str]]
    """Name of an Issuer in the Gateway's namespace."""
    cluster_issuer: NotRequired[pulumi.Input[str]]
    """Name of a ClusterIssuer."""


class AllowedRoutesArgs(TypedDict):
    """Namespaces, besides our own, whose routes may attach."""

    match_labels: dict[str, pulumi.Input[str]]
    """Labels of those namespaces. Their routes stand behind the listener's authentication too, but
    a route-level SecurityPolicy of theirs would replace it."""


class GatewayArgs(TypedDict):
    """The Gateway that this stack owns."""

    name: NotRequired[str]
    """Name of the Gateway."""
    gateway_class: NotRequired[GatewayClassArgs]
    """The GatewayClass to use."""
    envoy_proxy: NotRequired[EnvoyProxyArgs]
    """How Envoy runs."""
    cert_manager: NotRequired[CertManagerArgs]
    """Let cert-manager issue the certificates of listeners with `tls` and no `certificateRefs`."""
    allowed_routes: NotRequired[AllowedRoutesArgs]
    """Admit routes of other namespaces. Missing: only routes of our own namespace."""
    annotations: NotRequired[dict[str, pulumi.Input[str]]]
    """Annotations of the Gateway."""
