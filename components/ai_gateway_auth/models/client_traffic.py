"""The ClientTrafficPolicy: what a client may send, how much and for how long."""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Mistake, Model, Note, Path
from .fields import Duration, IdentityHeader, Quantity

MOST_STRIPPED_HEADERS = 64
"""Envoy Gateway's limit for `earlyRequestHeaders.remove` (CRD of 1.8.1 and 1.9.1)."""


class TlsVersion(StrEnum):
    """The oldest TLS version that a client may speak."""

    V1_2 = "1.2"
    V1_3 = "1.3"


class ClientTraffic(Model):
    """Limits that fit LLM requests: large prompts, and answers that stream for minutes."""

    buffer_limit: Quantity = "50Mi"
    """Largest request body that is buffered. The AI Gateway reads the model from the whole body."""
    request_timeout: Duration = "300s"
    """Time for the whole request to arrive."""
    stream_idle_timeout: Duration = "600s"
    """Longest silence within one answer before it is cut."""
    idle_timeout: Duration = "3600s"
    """Longest silence of a connection without a request."""
    tls_min_version: TlsVersion = TlsVersion.V1_2
    """Oldest TLS version of all HTTPS listeners."""
    trusted_hops: Annotated[int, Field(ge=0, le=20, strict=True)] = 0
    """Proxies in front of Envoy whose X-Forwarded-For is believed when client CIDRs are checked."""
    strip_headers: list[IdentityHeader] = []
    """Identity headers to strip from requests, besides those that the methods set."""


def header_count_mistakes(headers: Collection[str], path: Path) -> Iterator[Mistake]:
    """Every identity header must fit into the policy that strips it."""
    if len(headers) > MOST_STRIPPED_HEADERS:
        yield Mistake(
            path,
            Note(f"{len(headers)} headers"),
            f"at most {MOST_STRIPPED_HEADERS} identity headers can be stripped from requests, "
            "and one that is not stripped can be spoofed.",
            "map fewer claims, or strip fewer headers.",
        )
