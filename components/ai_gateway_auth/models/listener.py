"""A listener of the Gateway: one authentication method, on a port or hostname of its own."""

from collections.abc import Callable, Iterator

from .base import Mistake, Model, Note, Path, pending
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


def collisions(listeners: dict[str, Listener], path_of: Callable[[str], Path]) -> Iterator[Mistake]:
    """Two listeners on one port need two hostnames and one protocol; redirects need plain ports."""
    taken: dict[int, tuple[str, Listener]] = {}
    for name, listener in listeners.items():
        other_name, other = taken.setdefault(listener.port, (name, listener))
        if other is listener:
            continue
        path = path_of(name)
        if _overlap(listener, other):
            yield Mistake(
                (*path, "port"),
                listener.port,
                f"listeners {other_name} and {name} collide: on one port each needs a hostname "
                "of its own, because the listener decides the authentication method.",
                "use another port, or two hostnames.",
            )
        if (listener.tls is None) != (other.tls is None):
            yield Mistake(
                (*path, "tls"),
                Note("HTTP and HTTPS"),
                f"listeners {other_name} and {name} share port {listener.port}, and a port speaks "
                "either HTTP or HTTPS.",
                "give both tls, or use another port.",
            )
    yield from _redirect_collisions(listeners, path_of, taken)


def _redirect_collisions(
    listeners: dict[str, Listener],
    path_of: Callable[[str], Path],
    taken: dict[int, tuple[str, Listener]],
) -> Iterator[Mistake]:
    redirects: dict[int, tuple[str, Listener]] = {}
    for name, listener in listeners.items():
        port = listener.tls.redirect_from_port if listener.tls else None
        if port is None:
            continue
        path = (*path_of(name), "tls", "redirectFromPort")
        if port in taken:
            yield Mistake(
                path,
                port,
                f"the redirect's port is listener {taken[port][0]}'s port already.",
                "use a port that no listener has, e.g. 80.",
            )
        other_name, other = redirects.setdefault(port, (name, listener))
        if other is not listener and _overlap(listener, other):
            yield Mistake(
                path,
                port,
                f"listeners {other_name} and {name} can't both be redirected to from one port, "
                "because without two hostnames nothing tells which one is meant.",
                "give each a hostname of its own, or redirect from two ports.",
            )


def _overlap(listener: Listener, other: Listener) -> bool:
    """Whether a request could be for either of two listeners on one port."""
    hostnames = (listener.hostname, other.hostname)
    return not pending(*hostnames) and (hostnames[0] == hostnames[1] or None in hostnames)


def certificate_mistakes(
    listeners: dict[str, Listener], path_of: Callable[[str], Path], issuer: object | None
) -> Iterator[Mistake]:
    """A listener with TLS has a certificate, of its own or by an issuer (`gateway.certManager`)."""
    for name, listener in listeners.items():
        if listener.tls is None or listener.tls.certificate_refs:
            continue
        if issuer is None:
            yield Mistake(
                (*path_of(name), "tls", "certificateRefs"),
                [],
                "a listener with TLS needs a certificate.",
                "name its Secret in certificateRefs, or set gateway.certManager.",
            )
        elif listener.hostname is None:
            yield Mistake(
                (*path_of(name), "hostname"),
                None,
                "cert-manager issues a certificate for a host name.",
                "add hostname to the listener, or name a Secret in tls.certificateRefs.",
            )
