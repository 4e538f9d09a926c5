"""Pulumi components. They wire resources together; what an object says is decided in `objects`."""

from .api_key_authentication import ApiKeyAuthentication
from .api_keys import ApiKeys
from .authenticated_gateway import AuthenticatedGateway
from .dedicated_gateway import DedicatedGateway
from .kubernetes_provider import KubernetesProvider
from .model_route import ModelRoute
from .oidc_authentication import OidcAuthentication

__all__ = [
    "ApiKeyAuthentication",
    "ApiKeys",
    "AuthenticatedGateway",
    "DedicatedGateway",
    "KubernetesProvider",
    "ModelRoute",
    "OidcAuthentication",
]
