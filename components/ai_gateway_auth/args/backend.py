"""Backends; mirrors models/backend.py."""

from typing import NotRequired, TypedDict

import pulumi

from ai_gateway_auth.models.backend import ApiSchema


class ServiceBackendArgs(TypedDict):
    """A Service inside the cluster."""

    name: pulumi.Input[str]
    """Name of the Service."""
    namespace: NotRequired[pulumi.Input[str]]
    """Its namespace; the Gateway's own where missing."""
    port: NotRequired[int]
    """Its port."""


class EndpointBackendArgs(TypedDict):
    """A server outside the cluster, or any DNS name."""

    hostname: pulumi.Input[str]
    """Its DNS name."""
    port: NotRequired[int]
    """Its port."""
    tls: NotRequired[bool]
    """Speak TLS and check the certificate against the hostname."""
    ca_config_map: NotRequired[pulumi.Input[str]]
    """ConfigMap in the Gateway's namespace whose `ca.crt` signs the certificate; the system's CAs
    where missing."""


class BackendArgs(TypedDict):
    """One backend. Give exactly one of `service` and `endpoint`."""

    service: NotRequired[ServiceBackendArgs]
    """A Service inside the cluster."""
    endpoint: NotRequired[EndpointBackendArgs]
    """A server outside the cluster."""
    api: NotRequired[ApiSchema]
    """The API that it speaks."""
    api_version: NotRequired[str]
    """Version of that API, where the schema needs one."""
    forward_authorization: NotRequired[bool]
    """Pass the caller's Authorization header on. Off: the caller's token never reaches it."""
