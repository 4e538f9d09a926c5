"""What the parts of one run share."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from lab.deployer.cluster import Loop
from lab.deployer.result import DeployError
from lab.deployer.stack_config import StackConfig
from lab.deployer.state import State
from lab.deployer.values import Object, Redactor

Outcome = Literal["created", "updated", "replaced", "unchanged", "deleted"]


@dataclass
class Placed:
    """A resource as the program gets it back."""

    id: str
    outputs: Object
    outcome: Outcome


@dataclass
class Context:
    """One run of one stack."""

    config: StackConfig
    state: State
    kubeconfig: str
    """The path that the default provider uses."""
    say: Callable[[str], None]
    redactor: Redactor = field(default_factory=Redactor)
    loop: Loop = field(default_factory=Loop)
    stopped: threading.Event = field(default_factory=threading.Event)
    counts: Counter[str] = field(default_factory=Counter[str])

    @property
    def manager(self) -> str:
        """The field manager; at most 128 characters (Kubernetes 1.36)."""
        return f"in-process-deployer/{self.config.project}/{self.config.stack}"[:128]

    def check_stopped(self) -> None:
        """Raise when the run was told to end, or another resource failed.

        Raises:
            DeployError: then.
        """
        if self.stopped.is_set():
            raise DeployError(
                "Stopped before this resource. Another one failed, or the run was interrupted. "
                "Deploy again."
            )
