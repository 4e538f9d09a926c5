"""A handle on the running lab, for the command line, the tests and the demo."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lab import binaries, info, versions
from lab.certificates import Certificate
from lab.errors import LabError
from lab.folders import LOGS, REPOSITORY, RUN, SERVER_LOG
from lab.info import Info
from lab.kubernetes_api import KubernetesApi
from lab.progress import Progress
from lab.server import STAY

STOP_SECONDS = 30
RESTART_SECONDS = 30
POLL_SECONDS = 0.05


class Lab:
    """A lab that runs; made by `start` or `attach`."""

    def __init__(self, server: "subprocess.Popen[bytes] | None") -> None:
        """Use `start` or `attach`."""
        self._server = server

    @classmethod
    def start(cls, *, stay: bool = False, progress: Progress | None = None) -> "Lab":
        """Install what's missing and start a lab with an empty cluster.

        It ends with this program, however that ends, unless `stay` is true or `keep` is called.

        Raises:
            LabError: it didn't start, or another lab runs.
        """
        shown = progress or Progress()
        binaries.install(versions.chosen(), shown)
        LOGS.mkdir(parents=True, exist_ok=True)
        with SERVER_LOG.open("ab") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "lab.server"],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        lab = cls(server)
        try:
            lab._await_start(server, shown)
        except BaseException:
            lab.stop()
            raise
        finally:
            if server.stdout is not None:
                server.stdout.close()
        if stay:
            lab.keep()
        return lab

    @classmethod
    def attach(cls) -> "Lab":
        """The lab that runs in this repository.

        Raises:
            LabError: none does.
        """
        if info.read() is None:
            raise LabError(
                "No lab runs in this repository. It was not started, or it has ended. "
                "Start one with `python -m lab up`."
            )
        return cls(None)

    def _await_start(self, server: "subprocess.Popen[bytes]", progress: Progress) -> None:
        assert server.stdout is not None  # noqa: S101 - it's a pipe
        with progress.step("Starting the lab") as update:
            for line in server.stdout:
                text = line.decode().rstrip()
                if text == "ready":
                    return
                if text.startswith("error: "):
                    rest = server.stdout.read().decode().rstrip()
                    raise LabError(f"{text.removeprefix('error: ')}\n{rest}".rstrip())
                update(text)
        raise LabError(
            f"The lab's server ended while it started. See {SERVER_LOG}. "
            "Start it again with `python -m lab up`."
        )

    @property
    def info(self) -> Info:
        """What the lab says about itself now.

        Raises:
            LabError: it has ended.
        """
        found = info.read()
        if found is None:
            raise LabError(f"The lab has ended. See {SERVER_LOG}. Start it again.")
        return found

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the cluster's administrator."""
        return Path(self.info["kubeconfig"])

    def api(self) -> KubernetesApi:
        """A client of the API server, as the cluster's administrator; the caller closes it."""
        folder = RUN / "certificates"
        admin = Certificate(folder / "client-admin.crt", folder / "client-admin.key")
        return KubernetesApi(self.info["api_server"], folder / "ca.crt", admin)

    def keep(self) -> None:
        """Let the lab run on when this program ends."""
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.write(STAY)
            self._server.stdin.close()
            self._server.stdin = None

    def stop(self) -> None:
        """End the lab and wait until all its processes are gone; no error if it has ended.

        Raises:
            LabError: it doesn't end.
        """
        found = info.read()
        pid = self._server.pid if self._server else found and found["server_pid"]
        if pid and _is_running(self._server, pid):
            os.kill(pid, signal.SIGTERM)
            _wait(lambda: not _is_running(self._server, pid), STOP_SECONDS, "The lab doesn't end")
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.close()

    def kill(self, name: str, *, hold: bool = False) -> None:
        """Kill a process (SIGKILL) by its name in `info`; it's started again unless `hold`.

        Raises:
            LabError: the lab has no such process.
        """
        pid = self._pid(name)
        if hold:
            info.HELD.mkdir(exist_ok=True)
            Path(info.held_file(name)).touch()
        os.kill(pid, signal.SIGKILL)
        _wait(lambda: not info.process_exists(pid), STOP_SECONDS, f"{name} doesn't end")

    def release(self, name: str) -> None:
        """Let a process that was killed with `hold` start again, and wait until it runs.

        Raises:
            LabError: it isn't started again.
        """
        Path(info.held_file(name)).unlink(missing_ok=True)
        _wait(
            lambda: info.process_exists(self._pid(name)),
            RESTART_SECONDS,
            f"{name} isn't started again",
        )

    def restart(self, name: str) -> None:
        """Kill a process and wait until its successor runs (which may not be ready yet).

        Raises:
            LabError: the lab has no such process, or it isn't started again.
        """
        before = self._pid(name)
        self.kill(name)
        _wait(lambda: self._pid(name) != before, RESTART_SECONDS, f"{name} isn't started again")

    def _pid(self, name: str) -> int:
        found = self.info
        pid = found["processes"].get(name)
        if pid is None:
            raise LabError(
                f"The lab has no process {name!r}. "
                f"It has: {', '.join(sorted(found['processes']))}. Use one of these names."
            )
        return pid


def _is_running(server: "subprocess.Popen[bytes] | None", pid: int) -> bool:
    return server.poll() is None if server else info.is_server(pid)


def _wait(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(
                f"{otherwise}. {seconds:g} s have passed. See the logs in {LOGS} for the reason."
            )
        time.sleep(POLL_SECONDS)
