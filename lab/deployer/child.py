"""Programs that run to their end while this one reads what they write."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.process import LAUNCHER

STOP_SECONDS = 60


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path | None = None,
    on_line: Callable[[str], None],
    stop_with: signal.Signals = signal.SIGTERM,
) -> int:
    """Run it and return its exit code; each line of its output goes to `on_line`.

    It never outlives this process. On Ctrl-C it's asked to end, and awaited.
    """
    program = shutil.which(command[0]) or command[0]
    with subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())),
            *(os.path.abspath(program), *command[1:]),  # noqa: PTH100 - keeps symlinks
        ],
        env=dict(environment),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    ) as child:
        assert child.stdout  # noqa: S101 - it's a pipe
        try:
            for line in child.stdout:
                on_line(line.rstrip("\n"))
        except BaseException:
            child.send_signal(stop_with)
            try:
                child.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
            raise
    return child.returncode
