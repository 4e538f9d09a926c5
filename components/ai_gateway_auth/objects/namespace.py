"""The Namespace's labels."""

from ai_gateway_auth.models.gateway import AllowedRoutes
from ai_gateway_auth.models.namespace import Namespace

from .metadata import LABELS

NAME_LABEL = "kubernetes.io/metadata.name"
"""The label that the API server sets, and nobody else may."""


def namespace_labels(
    namespace: Namespace, allowed_routes: AllowedRoutes | None = None
) -> dict[str, str]:
    """Ours, then the stack's; Pod Security is enforced, and warned of before it would be.

    A listener that selects namespaces by labels admits those only, so our own carries the labels
    too: our own route would not be admitted otherwise.
    """
    level = namespace.pod_security.value
    selected = allowed_routes.match_labels if allowed_routes else {}
    return {
        **LABELS,
        **{key: value for key, value in selected.items() if key != NAME_LABEL},
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/warn": level,
        **namespace.labels,
    }
