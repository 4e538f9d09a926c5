"""A listener of the Gateway: one authentication method, on a port or hostname of its own."""

from .base import Model
from .fields import Hostname, LateResourceName, Port


class Tls(Model):
    """TLS termination at the listener."""

    certificate_refs: list[LateResourceName] = []
    """Names of the kubernetes.io/tls Secrets in the Gateway's namespace. Empty where
    `gateway.certManager` issues the certificate."""
    redirect_from_port: Port | None = None
    """A plain HTTP port that answers with a redirect to HTTPS and with nothing else."""


class Listener(Model):
    """Where callers of one authentication method connect."""

    port: Port
    """Port that callers connect to."""
    hostname: Hostname | None = None
    """Host name that the listener serves; all where it is missing."""
    tls: Tls | None = None
    """Terminate TLS (HTTPS). Missing: plain HTTP, and a warning."""
