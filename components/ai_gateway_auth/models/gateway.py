"""The Gateway, its class, and who may attach routes to it."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .base import Mistake, Model, Note, Text
from .envoy_proxy import EnvoyProxy
from .fields import LateResourceName, ResourceName


class GatewayClass(Model):
    """The GatewayClass that Envoy Gateway serves."""

    name: ResourceName = "envoy-gateway"
    """Name of the GatewayClass."""
    create: bool = False
    """Whether the stack makes it. It is cluster-wide: at most one stack should."""


class CertManager(Model):
    """The cert-manager issuer of the listeners' certificates; give one of the two."""

    issuer: LateResourceName | None = None
    """Name of an Issuer in the Gateway's namespace."""
    cluster_issuer: LateResourceName | None = None
    """Name of a ClusterIssuer."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Exactly one issuer."""
        del today
        if (self.issuer is None) == (self.cluster_issuer is None):
            yield Mistake(
                (),
                Note("neither" if self.issuer is None else "both"),
                "certManager names exactly one of issuer and clusterIssuer, because the Gateway "
                "carries one annotation.",
                "keep one of the two.",
            )


class AllowedRoutes(Model):
    """Namespaces, besides our own, whose routes may attach."""

    match_labels: Annotated[dict[str, Text], Field(min_length=1)]
    """Labels of those namespaces. Their routes stand behind the listener's authentication too, but
    a route-level SecurityPolicy of theirs would replace it."""


class Gateway(Model):
    """The Gateway that this stack owns."""

    name: ResourceName = "maas"
    """Name of the Gateway."""
    gateway_class: GatewayClass = GatewayClass()
    """The GatewayClass to use."""
    envoy_proxy: EnvoyProxy = EnvoyProxy()
    """How Envoy runs."""
    cert_manager: CertManager | None = None
    """Let cert-manager issue the certificates of listeners with `tls` and no `certificateRefs`."""
    allowed_routes: AllowedRoutes | None = None
    """Admit routes of other namespaces. Missing: only routes of our own namespace."""
    annotations: dict[str, Text] = {}
    """Annotations of the Gateway."""
