"""The AI Gateway of the lab: the real one when its binaries are named, else the stand-in."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import ai_gateway_stand_in
from lab.errors import LabError
from lab.folders import REPOSITORY
from lab.ports import answers, free_port
from lab.process import Process

CONTROLLER_VARIABLE = "AI_GATEWAY_CONTROLLER"
EXT_PROC_VARIABLE = "AI_GATEWAY_EXTPROC"
START_SECONDS = 30


@dataclass(frozen=True)
class AiGateway:
    """A running AI Gateway."""

    kind: str
    """Which one it is: every output of the lab says so."""
    extension_manager: dict[str, object] | None
    """The `extensionManager` section that Envoy Gateway's own configuration needs."""
    stop: Callable[[], None]
    """End all its processes."""


def start(kubeconfig: Path, folder: Path, logs: Path) -> AiGateway:
    """Start the real controller if the environment names both of its binaries, else the stand-in.

    It needs the API server and the CRDs, and must run before Envoy Gateway is started. `folder`
    gets its files and `logs` its logs.

    Raises:
        LabError: only one binary is named, one isn't there, or a part didn't start.
    """
    controller = os.environ.get(CONTROLLER_VARIABLE)
    ext_proc = os.environ.get(EXT_PROC_VARIABLE)
    folder.mkdir(parents=True, exist_ok=True)
    if not controller and not ext_proc:
        return _start_stand_in(kubeconfig, folder, logs)
    if not controller or not ext_proc:
        raise LabError(
            f"The AI Gateway can't be started. {CONTROLLER_VARIABLE} and {EXT_PROC_VARIABLE} name "
            "its two programs, and only one of them is set. Set both, or none for the stand-in."
        )
    # Imported here: protobuf's descriptors of Envoy take a while to load, and few need them.
    from lab.ai_gateway_real import controller as real  # noqa: PLC0415

    port, stop = real.start(controller, ext_proc, kubeconfig, folder, logs)
    return AiGateway(
        f"Envoy AI Gateway {real.version(controller)}",
        extension_manager(port, ("Translation", "Cluster", "Route")),
        stop,
    )


def extension_manager(port: int, hooks: Sequence[str]) -> dict[str, object]:
    """The section for a hook on 127.0.0.1: as in AI Gateway 1.1's own values for Envoy Gateway."""
    everything = {kind: {"includeAll": True} for kind in ("listener", "route", "cluster", "secret")}
    return {
        "hooks": {
            "xdsTranslator": {
                "translation": everything,
                "post": list(hooks),
            }
        },
        "service": {"fqdn": {"hostname": "localhost", "port": port}},
    }


def _start_stand_in(kubeconfig: Path, folder: Path, logs: Path) -> AiGateway:
    hook_port, ext_proc_port = free_port(), free_port()
    models = folder / "models.json"
    package = ai_gateway_stand_in.__name__
    ext_proc = Process(
        "ai-gateway-ext-proc (simulated)",
        [sys.executable, "-m", f"{package}.ext_proc", str(ext_proc_port), models],
        log=logs / "ai-gateway-stand-in-ext-proc.log",
        directory=REPOSITORY,
    )
    ports = [str(hook_port), str(ext_proc_port)]
    controller = Process(
        "ai-gateway-controller (simulated)",
        [sys.executable, "-m", f"{package}.controller", kubeconfig, *ports, models],
        log=logs / "ai-gateway-stand-in-controller.log",
        directory=REPOSITORY,
    )

    def stop() -> None:
        controller.stop()
        ext_proc.stop()

    try:
        ext_proc.start()
        controller.start()
        ext_proc.wait_until(lambda: answers(ext_proc_port), timeout=START_SECONDS)
        controller.wait_until(lambda: answers(hook_port), timeout=START_SECONDS)
    except LabError:
        stop()
        raise
    return AiGateway(ai_gateway_stand_in.NAME, extension_manager(hook_port, ("Translation",)), stop)
