"""Commands of the Pulumi CLI for a stack of the lab."""

import copy
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.deployer import pulumi_cli, pulumi_stack
from lab.deployer.pulumi_stack import PulumiStack
from lab.folders import REPOSITORY
from tests.lab.stack import Stack

Change = Callable[[dict[str, Any]], object]
"""Changes the config of a stack."""


def engine(stack: Stack, program: Path = REPOSITORY) -> PulumiStack:
    """The CLI's commands, for the stack's config as it is now."""
    stack.write()
    return pulumi_stack.prepare(
        stack.file,
        program=program,
        kubeconfig=stack.lab.kubeconfig,
        folder=stack.folder / "state" / pulumi_cli.FOLDER,
    )


@contextmanager
def changed(stack: Stack, *changes: Change) -> Generator[PulumiStack]:
    """The same with a changed config, which is as before in the end."""
    before = copy.deepcopy(stack.config)
    for change in changes:
        change(stack.config)
    try:
        yield engine(stack)
    finally:
        stack.config = before
        stack.write()


def cli(engine: PulumiStack, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run `pulumi` as a user does; nothing of its output is cleaned."""
    return subprocess.run(
        ["pulumi", *words, "--stack", engine.name, "--non-interactive", "--color=never"],
        env=engine.environment,
        cwd=engine.project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def logical_name(urn: str) -> str:
    """The last part of a URN."""
    return urn.rpartition("::")[2]
