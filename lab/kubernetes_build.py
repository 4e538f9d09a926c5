"""Build kube-apiserver, kube-controller-manager and etcd.

k8s.io/kubernetes on the module proxy can't be built by itself: its go.mod replaces each of its
staging modules by a folder that isn't in the module. A module of our own requires it and replaces
them by the published v0.y.z. etcd is among its dependencies, so one build serves all three.
"""

import re
from collections.abc import Callable
from pathlib import Path

from lab import golang
from lab.errors import LabError
from lab.folders import REPOSITORY, cache

MODULE = "k8s.io/kubernetes"
PACKAGES = (
    "k8s.io/kubernetes/cmd/kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-controller-manager",
    "go.etcd.io/etcd/server/v3",
)
SUMS = REPOSITORY / "lab" / "sums"


def go_mod(upstream: str, version: str, etcd: str) -> str:
    """The go.mod of our module, from that of k8s.io/kubernetes and the versions without v."""
    directives = re.findall(r"^(?:go|godebug) .*$", upstream, re.MULTILINE)
    staging = re.findall(r"^\s(k8s\.io/\S+) => \./staging/", upstream, re.MULTILINE)
    minor_and_patch = version.partition(".")[2]
    return "\n\n".join(
        [
            "module lab.invalid/kubernetes",
            *directives,
            f"require (\n\t{MODULE} v{version}\n\tgo.etcd.io/etcd/server/v3 v{etcd}\n)",
            "replace (\n"
            + "\n".join(f"\t{name} => {name} v0.{minor_and_patch}" for name in staging)
            + "\n)\n",
        ]
    )


def build(
    go: golang.Go, version: str, etcd: str, output: Path, update: Callable[[str], None]
) -> None:
    """Build the three programs into `output`.

    Raises:
        LabError: a download or the build failed.
    """
    sums = SUMS / f"kubernetes-{version}.sum"
    if not sums.exists():
        raise LabError(
            f"Kubernetes {version} can't be built. The checksums of its parts aren't in {SUMS}. "
            "Add them with its version, or choose a version that is there."
        )
    update("downloading")
    source = golang.download(go, f"{MODULE}@v{version}")
    folder = cache() / "go" / f"kubernetes-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text(go_mod((source / "go.mod").read_text(), version, etcd))
    (folder / "go.sum").write_text((source / "go.sum").read_text() + sums.read_text())
    major, minor, _ = version.split(".")
    reported = "k8s.io/component-base/version"
    golang.build(
        go,
        folder,
        PACKAGES,
        linked={
            f"{reported}.gitVersion": f"v{version}",
            f"{reported}.gitMajor": major,
            f"{reported}.gitMinor": minor,
            f"{reported}.gitTreeState": "clean",
        },
        output=output,
        update=update,
    )
    # Go names a program after the last folder of its package, here the module's major version...
    for name in ("server", "v3"):
        if (output / name).exists():
            (output / name).rename(output / "etcd")
