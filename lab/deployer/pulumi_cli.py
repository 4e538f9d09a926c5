"""The deployer that is the real one: `pulumi up` with a file backend and a local passphrase."""

from collections.abc import Callable
from pathlib import Path

from lab.deployer import in_process, pulumi_stack
from lab.deployer.result import DeployError, Deployment, quiet

FOLDER = "pulumi"


class PulumiCli:
    """Deploys with the Pulumi CLI and plugins that are on PATH; nothing is downloaded."""

    @property
    def kind(self) -> str:
        """The engine and its version."""
        return f"pulumi up (Pulumi {pulumi_stack.version()}, file backend)"

    def deploy(
        self,
        stack_file: Path,
        *,
        program: Path,
        kubeconfig: Path,
        state: Path,
        say: Callable[[str], None] = quiet,
    ) -> Deployment:
        """Run `pulumi up`.

        Raises:
            DeployError: it failed, or the in-process deployer has resources in this state.
        """
        if in_process.has_resources(state):
            raise DeployError(
                f"{state} was deployed by the in-process deployer. The Pulumi engine doesn't know "
                "those objects. Destroy them with the deployer that made them, or bring up a new "
                "lab."
            )
        stack = pulumi_stack.prepare(
            stack_file, program=program, kubeconfig=kubeconfig, folder=state / FOLDER
        )
        return stack.up(say)

    def destroy(
        self,
        stack_file: Path,
        *,
        program: Path,
        kubeconfig: Path,
        state: Path,
        say: Callable[[str], None] = quiet,
    ) -> Deployment:
        """Run `pulumi destroy`.

        Raises:
            DeployError: it failed.
        """
        stack = pulumi_stack.prepare(
            stack_file, program=program, kubeconfig=kubeconfig, folder=state / FOLDER
        )
        return stack.destroy(say)
