"""What a person runs to see that it is closed."""

import shlex
from collections.abc import Sequence

from ai_gateway_auth.models.listener import Listener

_JSONPATH = '{.status.ancestors[*].conditions[?(@.type=="Accepted")].status}'
_DEFAULT_PORTS = {"http": 80, "https": 443}


def listener_url(listener: Listener, address: str) -> str:
    """Base URL of a listener; a wildcard hostname stays as it is, for the reader to fill in."""
    scheme = "http" if listener.tls is None else "https"
    host = listener.hostname or address or "GATEWAY-ADDRESS"
    if ":" in host:
        host = f"[{host}]"  # an IPv6 address
    port = "" if listener.port == _DEFAULT_PORTS[scheme] else f":{listener.port}"
    return f"{scheme}://{host}{port}"


def verify_command(namespace: str, policies: Sequence[str], urls: Sequence[str]) -> str:
    """Ask for each policy's status, then send each listener a request without a credential.

    The status must be True and the request must get 401; Accepted=True alone proves nothing.
    """
    output = f'jsonpath={_JSONPATH}{{"\\n"}}'
    asking = ("curl", "-sS", "-o", "/dev/null", "-w", r"%{http_code}\n")
    commands = [
        ["kubectl", "-n", namespace, "get", "securitypolicy", policy, "-o", output]
        for policy in policies
    ] + [[*asking, f"{url}/v1/models"] for url in urls]
    return " && ".join(shlex.join(command) for command in commands)
