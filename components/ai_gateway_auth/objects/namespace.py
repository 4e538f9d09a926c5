"""The Namespace's labels."""

from ai_gateway_auth.models.namespace import Namespace

from .metadata import LABELS


def namespace_labels(namespace: Namespace) -> dict[str, str]:
    """Ours, then the stack's; Pod Security is enforced, and warned of before it would be."""
    level = namespace.pod_security.value
    return {
        **LABELS,
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/warn": level,
        **namespace.labels,
    }
