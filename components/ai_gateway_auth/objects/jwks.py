"""A JWKS endpoint whose server has a CA of its own: a Backend and its BackendTLSPolicy."""

from urllib.parse import urlsplit

from ai_gateway_auth.models.provider import JwtProvider

from .backend import backend_tls_policy_spec, fqdn_spec
from .metadata import Spec


def jwks_backend_name(policy_name: str, provider_name: str) -> str:
    """Name of both objects."""
    return f"{policy_name}-{provider_name}-jwks"


def has_jwks_backend(provider: JwtProvider) -> bool:
    """Whether the provider's keys come from such a server."""
    return provider.jwks is not None and provider.jwks.ca_config_map is not None


def jwks_backend_spec(provider: JwtProvider) -> Spec:
    """Where the server is."""
    parts = urlsplit(provider.endpoints().jwks_uri)
    default_port = 443 if parts.scheme == "https" else 80
    return fqdn_spec(parts.hostname or "", parts.port or default_port)


def jwks_tls_policy_spec(provider: JwtProvider, backend: str) -> Spec:
    """Which CA signs its certificate."""
    hostname = urlsplit(provider.endpoints().jwks_uri).hostname or ""
    ca_config_map = provider.jwks.ca_config_map if provider.jwks else None
    return backend_tls_policy_spec(backend, hostname=hostname, ca_config_map=ca_config_map)
