"""The Kubernetes provider that updates Secrets in place."""

from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes


class KubernetesProvider(kubernetes.Provider):
    """`pulumi_kubernetes.Provider` with `enable_secret_mutable`, which it also shows.

    By default pulumi-kubernetes (4.32) replaces a Secret whose data changes, and with a fixed name
    that is a deletion first: every consumer would get 500 until the new one is there. A plain
    Provider does not tell its settings to the program (SDK 3.259), so that nothing could check it.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        opts: pulumi.ResourceOptions | None = None,
        # The settings are pulumi-kubernetes' own, of many types; it checks them.
        **settings: Any,  # noqa: ANN401
    ) -> None:
        """Take the same settings as `pulumi_kubernetes.Provider`, e.g. kubeconfig and context."""
        settings |= {"enable_secret_mutable": True, "enable_server_side_apply": True}
        super().__init__(resource_name, opts=opts, **settings)


def shows_mutable_secrets(provider: pulumi.ProviderResource | None) -> pulumi.Output[bool]:
    """Whether a provider is known to update Secrets in place."""
    if isinstance(provider, KubernetesProvider):
        return pulumi.Output.from_input(True)  # noqa: FBT003 - the value itself
    # Not filled by SDK 3.259; read for those that will.
    shown = cast("object", getattr(provider, "enable_secret_mutable", None))
    return pulumi.Output.from_input(shown).apply(lambda value: value in {True, "true"})
