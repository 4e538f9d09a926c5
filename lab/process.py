import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.errors import LabError

LAUNCHER = Path(__file__).with_name("launcher.py")
POLL_SECONDS = 0.05
TAIL_LINES = 15

# PR_SET_PDEATHSIG counts the *thread* that started a process as its parent. This one thread starts
# them all and lives as long as the program, so that a short-lived thread may call start().
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="process-starter")
_started: "dict[str, Process]" = {}


def started() -> "dict[str, Process]":
    """The processes of this program by name, oldest first: started and not stopped by it.

    One that ended by itself is still among them.
    """
    return dict(_started)


def stop_all(timeout: float = 2) -> None:
    """Stop every process of this program at once, with SIGKILL after `timeout` seconds."""
    stopping = started().values()
    for process in stopping:
        process.terminate()
    deadline = time.monotonic() + timeout
    for process in stopping:
        process.stop(max(0.0, deadline - time.monotonic()))


class Process:
    """A program that the lab runs, in its own process group and never longer than the lab."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        """Describe the process; `environment` replaces that of this process when it's given."""
        self.name = name
        self.command = [str(word) for word in command]
        self.log = log
        self._environment = environment
        self._directory = directory
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._lock = threading.RLock()

    @property
    def pid(self) -> int | None:
        """The process id, or None before the first start."""
        return self._child.pid if self._child else None

    @property
    def running(self) -> bool:
        """Whether it was started and hasn't ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code (negative: the signal), or None while it runs or before it's started."""
        return self._child.poll() if self._child else None

    def start(self) -> None:
        """Start it; its output is appended to the log.

        Raises:
            LabError: it already runs, or there's no such program.
        """
        with self._lock:
            if self.running:
                raise LabError(f"{self.name} runs already. Stop it before it's started again.")
            program = shutil.which(self.command[0])
            if program is None:
                raise LabError(
                    f"{self.name} can't start. There's no program {self.command[0]}. "
                    "Check the path, or delete the lab's cache so that it's installed again."
                )
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self._child = _starter.submit(self._spawn, program).result()
            _started[self.name] = self

    def _spawn(self, program: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())),
                    *(os.path.abspath(program), *self.command[1:]),  # noqa: PTH100 - keeps symlinks
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if self._environment is None else dict(self._environment),
                cwd=self._directory,
                process_group=0,
            )

    def wait_until(self, is_ready: Callable[[], bool], *, timeout: float) -> None:
        """Wait until the condition holds, `timeout` seconds at most.

        Raises:
            LabError: the process ended first or the time passed; with the end of its log.
        """
        deadline = time.monotonic() + timeout
        while not is_ready():
            if not self.running:
                raise LabError(
                    f"{self.name} ended with code {self.exit_code} before it was ready. "
                    f"Its log {self.log} ends with:\n{self.log_tail()}"
                )
            if time.monotonic() > deadline:
                raise LabError(
                    f"{self.name} wasn't ready after {timeout:g} s. "
                    f"Its log {self.log} ends with:\n{self.log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    def log_tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines of what the present run of the process wrote."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])

    def stop(self, timeout: float = 10) -> None:
        """End it with SIGTERM, and with SIGKILL after `timeout` seconds; no error if it ended."""
        with self._lock:
            self.terminate()
            if self._child is None or not self.running:
                return
            try:
                self._child.wait(timeout)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM) and don't wait; `stop` does."""
        with self._lock:
            _started.pop(self.name, None)
            if self._child is not None and self.running:
                self._child.terminate()

    def kill(self) -> None:
        """End it at once with SIGKILL, as a crash would."""
        with self._lock:
            if self._child is not None and self.running:
                self._child.send_signal(signal.SIGKILL)
                self._child.wait()
