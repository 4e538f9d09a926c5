"""What the components take: TypedDicts that mirror the models one to one.

A value is an `Input` where it may be another resource's output. Everything else decides which
objects exist and what they are called, and is plain.
"""

from .access import CorsArgs, ExtAuthArgs
from .api_key import ApiKeySettingsArgs
from .backend import BackendArgs, EndpointBackendArgs, ServiceBackendArgs
from .client_traffic import ClientTrafficArgs
from .components import (
    ApiKeyAuthenticationArgs,
    ApiKeysArgs,
    DedicatedGatewayArgs,
    ModelRouteArgs,
    OidcAuthenticationArgs,
    PolicyTargetArgs,
)
from .consumer import ConsumerArgs
from .delivery import DeliverToArgs, PushToArgs
from .envoy_proxy import AutoscalingArgs, EnvoyProxyArgs, ResourcesArgs, ServiceArgs
from .existing_key import ExistingKeyArgs
from .gateway import AllowedRoutesArgs, CertManagerArgs, GatewayArgs, GatewayClassArgs
from .issuer import (
    Auth0Args,
    CustomIssuerArgs,
    DexArgs,
    EntraIdArgs,
    GithubActionsArgs,
    GoogleArgs,
    JwksArgs,
    KeycloakArgs,
    OktaArgs,
)
from .listener import ListenerArgs, TlsArgs
from .namespace import NamespaceArgs
from .oidc import OidcSettingsArgs
from .provider import JwtProviderArgs, RequiredClaimArgs
from .route import BackendUseArgs, ExistingRouteArgs, NewRouteArgs, RouteArgs, ServedModelArgs
from .shards import ShardsArgs
from .stack import AuthenticatedGatewayArgs
from .wait import WaitArgs

__all__ = [
    "AllowedRoutesArgs",
    "ApiKeyAuthenticationArgs",
    "ApiKeySettingsArgs",
    "ApiKeysArgs",
    "Auth0Args",
    "AuthenticatedGatewayArgs",
    "AutoscalingArgs",
    "BackendArgs",
    "BackendUseArgs",
    "CertManagerArgs",
    "ClientTrafficArgs",
    "ConsumerArgs",
    "CorsArgs",
    "CustomIssuerArgs",
    "DedicatedGatewayArgs",
    "DeliverToArgs",
    "DexArgs",
    "EndpointBackendArgs",
    "EntraIdArgs",
    "EnvoyProxyArgs",
    "ExistingKeyArgs",
    "ExistingRouteArgs",
    "ExtAuthArgs",
    "GatewayArgs",
    "GatewayClassArgs",
    "GithubActionsArgs",
    "GoogleArgs",
    "JwksArgs",
    "JwtProviderArgs",
    "KeycloakArgs",
    "ListenerArgs",
    "ModelRouteArgs",
    "NamespaceArgs",
    "NewRouteArgs",
    "OidcAuthenticationArgs",
    "OidcSettingsArgs",
    "OktaArgs",
    "PolicyTargetArgs",
    "PushToArgs",
    "RequiredClaimArgs",
    "ResourcesArgs",
    "RouteArgs",
    "ServedModelArgs",
    "ServiceArgs",
    "ServiceBackendArgs",
    "ShardsArgs",
    "TlsArgs",
    "WaitArgs",
]
