"""Kubernetes provider resources: which cluster they stand for, and with which settings."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from lab.deployer.cluster import Cluster
from lab.deployer.result import DeployError
from lab.deployer.run_context import Context

PROVIDER_TYPE = "pulumi:providers:kubernetes"
# Settings that change what happens, and that this deployer doesn't follow.
_REFUSED = ("cluster", "renderYamlToDirectory", "upsertExistingObjects")


@dataclass(frozen=True)
class Settings:
    """What a provider's inputs say; the defaults are those of pulumi-kubernetes 4.32."""

    kubeconfig: str
    context: str | None
    namespace: str | None
    secret_mutable: bool
    config_map_mutable: bool
    patch_force: bool


def settings(inputs: Mapping[str, object], kubeconfig: str) -> Settings:
    """The settings in a provider's inputs (non-strings arrive as JSON text).

    Raises:
        DeployError: one isn't supported.
    """
    refused = [name for name in _REFUSED if inputs.get(name) not in (None, "", "false", False)]
    if inputs.get("enableServerSideApply") in ("false", False):
        refused.append("enableServerSideApply: false")
    if refused:
        raise DeployError(
            f"The in-process deployer doesn't know the provider setting {', '.join(refused)}. It "
            "follows those that the lab needs. Leave it out, or deploy with the Pulumi CLI."
        )

    def text(name: str) -> str | None:
        value = inputs.get(name)
        return str(value) if value else None

    def is_on(name: str) -> bool:
        return inputs.get(name) in ("true", True)

    return Settings(
        kubeconfig=text("kubeconfig") or kubeconfig,
        context=text("context"),
        namespace=text("namespace"),
        secret_mutable=is_on("enableSecretMutable"),
        config_map_mutable=is_on("enableConfigMapMutable"),
        patch_force=is_on("enablePatchForce"),
    )


class Providers:
    """The providers of a run, and one client for each cluster that they name."""

    def __init__(self, context: Context) -> None:
        """Connect to nothing yet."""
        self._context = context
        self._clusters: dict[tuple[str, str | None], Cluster] = {}
        self._lock = threading.Lock()

    def settings(self, urn: str) -> Settings:
        """The settings of the provider with the URN; the default one's for the empty URN."""
        record = self._context.state.resources.get(urn)
        return settings(record.values if record else self._default(), self._context.kubeconfig)

    def cluster(self, urn: str) -> Cluster:
        """The cluster that the provider stands for."""
        chosen = self.settings(urn)
        key = (chosen.kubeconfig, chosen.context)
        with self._lock:
            if key not in self._clusters:
                self._clusters[key] = Cluster(
                    self._context.loop, *key, manager=self._context.manager
                )
            return self._clusters[key]

    def _default(self) -> dict[str, object]:
        prefix = "kubernetes:"
        values = self._context.config.values
        return {key[len(prefix) :]: text for key, text in values.items() if key.startswith(prefix)}
