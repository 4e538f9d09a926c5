"""The programs that no package registry has: which are here, and which versions."""

import os
import shutil
import subprocess
from typing import Any, NamedTuple, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from lab.ai_gateway import CONTROLLER_VARIABLE, EXT_PROC_VARIABLE
from lab.ai_gateway_real.controller import version as linked_version
from lab.deployer.pulumi_stack import PROGRAMS

SECONDS = 20


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
    if name.startswith("pulumi-resource-"):
        return _plugin_version(program)
    words = ["version"] if name == "pulumi" else ["--version"]
    return subprocess.check_output([program, *words], text=True).strip().removeprefix("v")


def _plugin_version(program: str) -> str:
    """Asked as the engine does: pulumi-resource-kubernetes 4.32 has no option for it."""
    with subprocess.Popen(
        [program, "127.0.0.1:1"],  # where the engine would listen
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as plugin:
        try:
            assert plugin.stdout is not None  # noqa: S101 - it's a pipe
            port = plugin.stdout.readline().strip()
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                # Generated code without types.
                stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
                nothing = cast("Any", empty_pb2).Empty()
                found = stub.GetPluginInfo(nothing, timeout=SECONDS)
                return cast("str", found.version).removeprefix("v")
        finally:
            plugin.terminate()


def _named(variable: str) -> str | None:
    program = os.environ.get(variable, "")
    return linked_version(program) if shutil.which(program) else None
