"""What every deployer gives back, and the interface of them all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lab.deployer import values
from lab.errors import LabError


class DeployError(LabError):
    """A deployment failed: the program's or the deployer's message, without a secret in it."""


class Secret:
    """A secret output; its text is `[secret]`, only `reveal` gives the value."""

    def __init__(self, value: values.Json) -> None:
        """Hold the value."""
        self._value = value

    def reveal(self) -> values.Json:
        """The value itself."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self._value

    def __hash__(self) -> int:
        return hash(repr(self._value))

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True)
class Deployment:
    """What a deployment did; counts are of resources, components and the stack included."""

    kind: str
    stack: str
    # Outputs are whatever JSON the program exported, with `Secret` in the place of secrets.
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    created: int = 0
    updated: int = 0
    replaced: int = 0
    unchanged: int = 0
    deleted: int = 0
    messages: tuple[str, ...] = ()
    """What the program logged, one per call: `warning: ...`."""

    @property
    def changed(self) -> int:
        """How many resources were written or deleted."""
        return self.created + self.updated + self.replaced + self.deleted

    def __str__(self) -> str:
        counts = [
            f"{count} {name}"
            for name, count in (
                ("created", self.created),
                ("updated", self.updated),
                ("replaced", self.replaced),
                ("deleted", self.deleted),
                ("unchanged", self.unchanged),
            )
            if count
        ]
        return f"{self.kind}: stack {self.stack}: {', '.join(counts) or 'nothing to do'}"


def quiet(_line: str) -> None:
    """Show no progress."""


class Deployer(Protocol):
    """Deploys a Pulumi program; `state` is a folder that this deployer may write."""

    @property
    def kind(self) -> str:
        """What runs, for every output: the Pulumi engine, or what stands in for it."""
        ...

    def deploy(
        self,
        stack_file: Path,
        *,
        program: Path,
        kubeconfig: Path,
        state: Path,
        say: Callable[[str], None] = quiet,
    ) -> Deployment:
        """Bring the cluster to what the program describes.

        Raises:
            DeployError: the program or an operation failed; what was made is remembered.
        """
        ...

    def destroy(
        self,
        stack_file: Path,
        *,
        program: Path,
        kubeconfig: Path,
        state: Path,
        say: Callable[[str], None] = quiet,
    ) -> Deployment:
        """Delete everything that earlier deployments made.

        Raises:
            DeployError: an object couldn't be deleted.
        """
        ...


def with_secrets(value: values.Json) -> values.Json:
    """The value with each marked secret in a `Secret`."""
    if values.is_secret(value):
        return Secret(values.plain(value))
    if values.is_object(value):
        return {key: with_secrets(entry) for key, entry in value.items()}
    if values.is_array(value):
        return [with_secrets(entry) for entry in value]
    return value
