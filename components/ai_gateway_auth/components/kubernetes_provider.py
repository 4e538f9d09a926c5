"""The Kubernetes provider that updates Secrets in place."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes


class KubernetesProvider(kubernetes.Provider):
    """`pulumi_kubernetes.Provider` with `enable_secret_mutable`, which it also shows.

    By default pulumi-kubernetes (4.32) replaces a Secret whose data changes, and with a fixed name
    that is a deletion first: every consumer would get 500 until the new one is there. A plain
    Provider does not tell its settings to the program (SDK 3.259), so that nothing could check it.

    `enable_patch_force` takes back what somebody else has changed of our objects: without it, `up`
    fails with a conflict after a policy or Secret was edited by anything but kubectl (4.32).

    `upsert_existing_objects` is only on while a stack adopts: with it, `up` silently takes over
    what somebody else made, and `destroy` deletes it.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
        # The settings are pulumi-kubernetes' own, of many types; it checks them.
        **settings: Any,  # noqa: ANN401
    ) -> None:
        """Take the same settings as `pulumi_kubernetes.Provider`, e.g. kubeconfig and context."""
        self.adopts = adopt
        settings |= {
            "enable_secret_mutable": True,
            "enable_server_side_apply": True,
            "enable_patch_force": True,
            "upsert_existing_objects": adopt,
        }
        super().__init__(resource_name, opts=opts, **settings)


def require_mutable_secrets(provider: pulumi.ProviderResource | None) -> KubernetesProvider:
    """Refuse a provider that is not known to update Secrets in place.

    At once, so that a preview says so too: there, the settings of a plain Provider are unknown.

    Raises:
        pulumi.RunError: It is not a `KubernetesProvider`.

    """
    if not isinstance(provider, KubernetesProvider):
        raise pulumi.RunError(
            "the Kubernetes provider of ApiKeys must show that it has enable_secret_mutable. "
            "Without it, a new consumer deletes the Secret of all keys before it is made anew, "
            "and everybody gets 500 in between. Make the provider with "
            "ai_gateway_auth.KubernetesProvider, which takes the same settings, or give "
            "kubeconfig and context and no provider."
        )
    return provider


def require_adoption(provider: pulumi.ProviderResource, *, adopt: bool) -> None:
    """Refuse a provider of the caller's that does not do what `adopt` says.

    Raises:
        pulumi.RunError: The two differ.

    """
    if isinstance(provider, KubernetesProvider) and provider.adopts != adopt:
        raise pulumi.RunError(
            f"adopt is {str(adopt).lower()}, and the given KubernetesProvider was made with "
            f"adopt={provider.adopts}. Objects that exist are taken over by the provider, keys by "
            "the component, and one without the other would change keys. Give both the same."
        )
