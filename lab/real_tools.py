"""The programs that no package registry has: which are here, and which versions."""

import os
import shutil
import subprocess
from typing import NamedTuple

from lab.ai_gateway import CONTROLLER_VARIABLE, EXT_PROC_VARIABLE
from lab.ai_gateway_real.controller import version as linked_version
from lab.deployer.pulumi_stack import PROGRAMS


class RealTool(NamedTuple):
    """One program."""

    name: str
    version: str | None
    """What it says, or None where the program is missing."""
    where: str
    """How it is found, for people."""


def real_tools() -> list[RealTool]:
    """Every program that the tests marked `real` need."""
    on_path = [RealTool(name, _on_path(name), "on PATH") for name in PROGRAMS]
    named = [
        RealTool(name, _named(variable), f"by the variable {variable}")
        for name, variable in (
            ("ai-gateway-controller", CONTROLLER_VARIABLE),
            ("ai-gateway-extproc", EXT_PROC_VARIABLE),
        )
    ]
    return [*on_path, *named]


def _on_path(name: str) -> str | None:
    program = shutil.which(name)
    if program is None:
        return None
    # The CLI has a command for it and pulumi-resource-kubernetes nothing at all.
    words = ["version"] if name == "pulumi" else ["--version"]
    run = subprocess.run(
        [program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    said = run.stdout.strip()
    return said.removeprefix("v") if run.returncode == 0 and said else "version not told"


def _named(variable: str) -> str | None:
    program = os.environ.get(variable, "")
    return linked_version(program) if shutil.which(program) else None
