"""Authentication in front of Envoy AI Gateway, closed by construction."""

from .components import (
    ApiKeyAuthentication,
    ApiKeys,
    AuthenticatedGateway,
    DedicatedGateway,
    KubernetesProvider,
    ModelRoute,
    OidcAuthentication,
)

__all__ = [
    "ApiKeyAuthentication",
    "ApiKeys",
    "AuthenticatedGateway",
    "DedicatedGateway",
    "KubernetesProvider",
    "ModelRoute",
    "OidcAuthentication",
]
