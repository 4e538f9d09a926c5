"""Programs that come as wheels, installed into the cache folder and not into the virtualenv."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from lab import versions
from lab.errors import LabError
from lab.folders import cache
from lab.progress import Progress


def install(requirement: str, progress: Progress) -> Path:
    """The folder that the wheel `name==version` is installed in; installs it on first use.

    Raises:
        LabError: pip failed, or the wheel has another checksum than the pinned one.
    """
    folder = cache() / "wheels" / requirement.replace("==", "-")
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if folder.exists():
            return folder
        with progress.step(f"Installing {requirement}"):
            _install(requirement, folder)
    return folder


def _install(requirement: str, folder: Path) -> None:
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    hashes = " ".join(f"--hash=sha256:{sum_}" for sum_ in versions.wheel_hashes(requirement))
    requirements = temporary / "requirements.txt"
    requirements.write_text(f"{requirement} {hashes}\n")
    target = temporary / "target"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--only-binary", ":all:", "--no-compile", "--require-hashes"),
            "--no-cache-dir",
            *("--target", str(target), "--requirement", str(requirements)),
        ],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        shutil.rmtree(temporary, ignore_errors=True)
        raise LabError(
            f"{requirement} can't be installed. pip said: {run.stderr.strip()[-2000:]} "
            "Check that the package index is reachable and has a wheel for this machine."
        )
    target.rename(folder)
    shutil.rmtree(temporary)
