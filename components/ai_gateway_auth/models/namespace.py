"""The dedicated namespace of the Gateway, its policies and its key Secrets."""

from enum import StrEnum

from .base import Model, Text
from .fields import LateDnsLabel


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
