"""The dedicated namespace of the Gateway, its policies and its key Secrets."""

from collections.abc import Iterator
from enum import StrEnum

from .base import Mistake, Model, Path, Text, pending
from .fields import LateDnsLabel

FIRST_VERSION_SAFE_BESIDE_CONTROLLER = (0, 6, 0)


class PodSecurity(StrEnum):
    """A Pod Security Standard, as the label `pod-security.kubernetes.io/enforce` names it."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"


class Namespace(Model):
    """Where everything of the stack lives; never the controller's own namespace."""

    name: LateDnsLabel = "maas-system"
    """Name of the namespace."""
    create: bool = True
    """Whether the stack makes the namespace. With false it must exist: it is only looked up, so
    that it is neither adopted silently nor ever destroyed."""
    pod_security: PodSecurity = PodSecurity.RESTRICTED
    """The Pod Security Standard that the namespace enforces."""
    labels: dict[str, Text] = {}
    """Further labels of the namespace."""
    annotations: dict[str, Text] = {}
    """Annotations of the namespace."""


def namespace_mistakes(
    name: str, controller_namespace: str, ai_gateway_version: str | None, path: Path
) -> Iterator[Mistake]:
    """The Gateway's namespace is not the controller's; the path leads to its name."""
    if pending(name, controller_namespace) or name != controller_namespace:
        return
    version = tuple(int(part) for part in (ai_gateway_version or "0.0.0").split("."))
    if version < FIRST_VERSION_SAFE_BESIDE_CONTROLLER:
        yield Mistake(
            path,
            name,
            "a Gateway does not live in the controller's namespace: before AI Gateway 0.6.0 "
            "its policies are reported to say Accepted=True there while a wrong or missing "
            "key still gets 200.",
            "use a dedicated namespace such as maas-system; with AI Gateway 0.6.0 or newer "
            "say so with aiGatewayVersion.",
        )
