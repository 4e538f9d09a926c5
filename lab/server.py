"""The process that every part of the lab is a child of: `python -m lab.server`, by lab/client.py.

It writes its progress to standard output, then `.lab/run/lab.json`, and runs until it gets SIGTERM
or SIGINT, or until its standard input ends (the program that started it is gone), unless that
says `stay`.
"""

import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import FrameType

import httpx

from lab import binaries, cluster, envoy_gateway_build, info, process, versions
from lab.cluster import Cluster
from lab.envoy_gateway import FIXED_PORTS, NAMESPACE
from lab.errors import LabError
from lab.folders import KUBECONFIG, LOGS, RUN, SERVER_LOG
from lab.info import Info
from lab.lock import LabLock
from lab.node_agent import NodeAgent
from lab.progress import Progress
from lab.proxy import Proxy

STAY = b"stay"
SUPERVISE_SECONDS = 0.2
RESTART_SECONDS = 1.0
log = logging.getLogger("lab.server")


class Server:
    """The running lab, seen from inside."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._stays = threading.Event()
        self._writing = threading.Lock()
        self._info: Info | None = None
        self._envoys: Mapping[str, Proxy] = {}
        self._died: dict[str, float] = {}

    def run(self) -> None:
        """Start everything, wait for the end, stop everything.

        Raises:
            LabError: a part didn't start, or another lab runs.
        """
        lock = LabLock()
        lock.acquire(FIXED_PORTS)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        threading.Thread(target=self._follow_input, name="input", daemon=True).start()
        agent: NodeAgent | None = None
        try:
            _empty(RUN)
            _empty_logs()
            chosen = versions.chosen()
            programs = binaries.install(chosen, Progress())
            running = cluster.start(programs, self._say)
            agent = NodeAgent(
                running.apiserver.api, programs.envoy, RUN / "envoys", LOGS, self._envoys_changed
            )
            agent.start()
            self._info = self._describe(running, programs.kubectl)
            self._write()
            self._say("ready")
            _to_log()
            while not self._stop.wait(SUPERVISE_SECONDS):
                self._supervise()
        finally:
            info.FILE.unlink(missing_ok=True)
            if agent is not None:
                agent.stop()
            process.stop_all()
            shutil.rmtree(RUN, ignore_errors=True)
            lock.release()

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._end()

    def _end(self) -> None:
        self._stop.set()
        if self._info is None:  # else `run` is in its loop and does it
            threading.Thread(target=process.stop_all, name="end").start()

    def _say(self, text: str) -> None:
        if self._stop.is_set():
            raise LabError(
                "The lab was ended while it started. Somebody asked for it. Start again."
            )
        log.info("%s", text)
        print(text, flush=True)

    def _follow_input(self) -> None:
        # Unbuffered: a thread that waits in sys.stdin would hold its lock at the exit.
        while said := os.read(0, 100):
            if said.strip() == STAY:
                self._stays.set()
        if not self._stays.is_set():
            self._end()

    def _envoys_changed(self, envoys: Mapping[str, Proxy]) -> None:
        self._envoys = dict(envoys)
        self._write()

    def _describe(self, running: Cluster, kubectl: Path) -> Info:
        chosen = asdict(versions.chosen())
        name = chosen.pop("name")
        return {
            "server_pid": os.getpid(),
            "kubeconfig": str(KUBECONFIG),
            "api_server": running.apiserver.url,
            "logs": str(LOGS),
            "versions_set": name,
            "versions": chosen,
            "kubectl": str(kubectl),
            "ai_gateway": running.ai_gateway.kind,
            "ai_gateway_crds": running.crds.ai_gateway_origin,
            "envoy_gateway_build": envoy_gateway_build.SUMMARY,
            "controller_namespace": NAMESPACE,
            "issuer_url": running.issuer.url,
            "upstream_url": running.upstream.url,
            "upstream_port": running.upstream.port,
            "envoy_gateway_admin_port": running.envoy_gateway.admin_port,
            "processes": {},
            "envoys": {},
            "start_seconds": round(time.monotonic() - self._began, 1),
        }

    def _write(self) -> None:
        with self._writing:
            if self._info is None or self._stop.is_set():
                return
            self._info["processes"] = _pids()
            self._info["envoys"] = {
                name: {
                    "pid": proxy.process.pid or 0,
                    "admin_port": proxy.ports.admin,
                    "metrics_port": proxy.ports.metrics,
                }
                for name, proxy in self._envoys.items()
            }
            info.write(self._info)

    def _supervise(self) -> None:
        """Start again what died; the node agent does that for the Envoys."""
        now = time.monotonic()
        for name, part in process.started().items():
            if name in self._envoys or part.running or Path(info.held_file(name)).exists():
                continue
            if name not in self._died:
                log.warning("%s ended with %s", name, part.exit_code)
                self._died[name] = now
            elif now - self._died[name] > RESTART_SECONDS:
                del self._died[name]
                part.start()
                log.info("%s runs again as %s", name, part.pid)
        # Some parts start later, such as the AI Gateway's own ext_proc with its first Gateway.
        if self._info is not None and self._info["processes"] != _pids():
            self._write()


def _pids() -> dict[str, int]:
    return {name: part.pid for name, part in process.started().items() if part.pid}


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def _empty_logs() -> None:
    for file in LOGS.glob("*.log"):
        if file == SERVER_LOG:
            os.truncate(file, 0)  # it's open, to append
        else:
            file.unlink()


def _to_log() -> None:
    # The program that read our output may end now.
    os.dup2(2, 1)


def main() -> None:
    """Run the lab; an error goes to standard output, where lab/client.py reads it."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        Server().run()
    except LabError as error:
        log.error("%s", error)  # noqa: TRY400 - it says all there is to say
        print(f"error: {error}", flush=True)
        sys.exit(1)
    except (httpx.HTTPError, OSError) as error:
        log.exception("the lab failed")
        print(f"error: {type(error).__name__}: {error}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
