"""A listener of the Gateway; mirrors models/listener.py."""

from typing import NotRequired, TypedDict

import pulumi


class TlsArgs(TypedDict):
    """TLS termination at the listener."""

    certificate_refs: NotRequired[list[pulumi.Input[str]]]
    """Names of the kubernetes.io/tls Secrets in the Gateway's namespace. Empty where
    `gateway.certManager` issues the certificate."""
    redirect_from_port: NotRequired[int]
    """A plain HTTP port that answers with a redirect to HTTPS and with nothing else."""


class ListenerArgs(TypedDict):
    """Where callers of one authentication method connect."""

    port: int
    """Port that callers connect to."""
    hostname: NotRequired[pulumi.Input[str]]
    """Host name that the listener serves; all where it is missing."""
    tls: NotRequired[TlsArgs]
    """Terminate TLS (HTTPS). Missing: plain HTTP, and a warning."""
