"""The deployer for machines without the Pulumi CLI; each run is a process of its own."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lab.deployer import child, stack_config
from lab.deployer.result import DeployError, Deployment, quiet, with_secrets
from lab.folders import REPOSITORY

KIND = "in-process deployer (simulated: not the Pulumi engine, no preview)"
STATE_FILE = "in-process.json"


class InProcess:
    """Runs the program under the SDK's mock monitor, which applies what it registers.

    It differs from the engine in these ways, besides having no preview: deletions and the
    replacement of an object don't spread to what depends on it, `replace_on_changes`, hooks,
    functions (invokes), imports and remote components are refused, and of the kinds that
    pulumi-kubernetes waits for by itself (Deployment, Service ...) it waits for Namespaces only.
    """

    @property
    def kind(self) -> str:
        """Says that this isn't the engine."""
        return KIND

    def deploy(
        self,
        stack_file: Path,
        *,
        program: Path,
        kubeconfig: Path,
        state: Path,
        say: Callable[[str], None] = quiet,
    ) -> Deployment:
        """Run the program; then delete what it no longer registers.

        Raises:
            DeployError: the program or an operation failed; nothing was deleted at the end then.
        """
        return _run(stack_file, program=program, kubeconfig=kubeconfig, state=state, say=say)

    def destroy(
        self,
        stack_file: Path,
        *,
        program: Path,
        kubeconfig: Path,
        state: Path,
        say: Callable[[str], None] = quiet,
    ) -> Deployment:
        """Delete what was made, dependents first; the program isn't run.

        Raises:
            DeployError: something is protected, or isn't gone in time.
        """
        return _run(
            stack_file, "--destroy", program=program, kubeconfig=kubeconfig, state=state, say=say
        )


def has_resources(state: Path) -> bool:
    """Whether this deployer made something that it hasn't deleted."""
    file = state / STATE_FILE
    return file.exists() and bool(json.loads(file.read_text())["resources"])


def _run(
    stack_file: Path,
    *options: str,
    program: Path,
    kubeconfig: Path,
    state: Path,
    say: Callable[[str], None],
) -> Deployment:
    stack = stack_config.stack_name(stack_file)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    result = state / f".result.{os.getpid()}"
    temporary = state / "tmp"
    temporary.mkdir(mode=0o700, exist_ok=True)
    command = [
        *(sys.executable, "-m", "lab.deployer.run", *options),
        *("--stack-file", str(stack_file.absolute())),
        *("--program", str(program.absolute())),
        *("--kubeconfig", str(kubeconfig.absolute())),
        *("--state", str((state / STATE_FILE).absolute())),
        *("--result", str(result.absolute())),
    ]
    environment = os.environ | {
        "GRPC_VERBOSITY": os.environ.get("GRPC_VERBOSITY", "NONE"),
        "KUBECONFIG": str(kubeconfig.absolute()),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *_python_path()]),
        "TMPDIR": str(temporary.absolute()),  # kr8s writes client keys to temporary files
    }
    try:
        with FileLock(state / ".lock", timeout=0):
            lines: list[str] = []

            def on_line(line: str) -> None:
                lines.append(line)
                say(line)

            child.run(command, environment=environment, on_line=on_line)
            return _result(stack, result, lines)
    except Timeout as error:
        raise DeployError(
            f"Another deployment of {state} is running. Two at once would undo each other's work. "
            "Wait until it has ended."
        ) from error
    finally:
        result.unlink(missing_ok=True)


def _python_path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def _result(stack: str, file: Path, lines: list[str]) -> Deployment:
    if not file.exists():
        end = "\n".join(lines[-10:])
        raise DeployError(f"{KIND}: stack {stack} failed. It ended without a result:\n{end}")
    result: dict[str, Any] = json.loads(file.read_text())
    if result["error"]:
        raise DeployError(f"{KIND}: stack {stack} failed. {result['error']}")
    return Deployment(
        kind=KIND,
        stack=stack,
        outputs=with_secrets(result["outputs"]),
        messages=tuple(result["messages"]),
        **result["counts"],
    )
