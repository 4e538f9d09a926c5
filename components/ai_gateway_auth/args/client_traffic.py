"""The ClientTrafficPolicy; mirrors models/client_traffic.py."""

from typing import NotRequired, TypedDict

from ai_gateway_auth.models.client_traffic import TlsVersion


class ClientTrafficArgs(TypedDict):
    """Limits that fit LLM requests: large prompts, and answers that stream for minutes."""

    buffer_limit: NotRequired[str]
    """Largest request body that is buffered. The AI Gateway reads the model from the whole body."""
    request_timeout: NotRequired[str]
    """Time for the whole request to arrive."""
    stream_idle_timeout: NotRequired[str]
    """Longest silence within one answer before it is cut."""
    idle_timeout: NotRequired[str]
    """Longest silence of a connection without a request."""
    tls_min_version: NotRequired[TlsVersion]
    """Oldest TLS version of all HTTPS listeners."""
    trusted_hops: NotRequired[int]
    """Proxies in front of Envoy whose X-Forwarded-For is believed when client CIDRs are checked."""
    strip_headers: NotRequired[list[str]]
    """Identity headers to strip from requests, besides those that the methods set."""
