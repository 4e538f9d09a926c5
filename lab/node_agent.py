"""What a cluster's nodes and its load balancer would do for the Gateways of Envoy Gateway.

It runs the Envoy of each proxy Deployment and writes the status of Deployments and Services. There
are no Pods: one Envoy runs for a Deployment, whatever its `replicas` (none for 0).
"""

import datetime as dt
import logging
import queue
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from lab import bootstrap, proxy
from lab.envoy_gateway import NAMESPACE
from lab.errors import LabError
from lab.kubernetes_api import KubernetesApi, Object
from lab.ports import is_free
from lab.proxy import Proxy
from lab.watch import Snapshot, Watch

TICK_SECONDS = 0.1
ADDRESS = "127.0.0.1"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
SERVICES = f"/api/v1/namespaces/{NAMESPACE}/services"
log = logging.getLogger(__name__)


class NodeAgent:
    """Runs in a thread of its own; it alone starts and ends Envoys."""

    def __init__(
        self,
        api: KubernetesApi,
        program: Path,
        folder: Path,
        logs: Path,
        changed: Callable[[Mapping[str, Proxy]], None],
    ) -> None:
        """`changed` is called with the Envoys by name when one was started or ended."""
        self._api = api
        self._program = program
        self._folder = folder
        self._logs = logs
        self._changed = changed
        self._queue: queue.SimpleQueue[Snapshot] = queue.SimpleQueue()
        self._watches = [Watch(api, path, self._queue) for path in (DEPLOYMENTS, SERVICES)]
        self._found: dict[str, dict[str, Object]] = {DEPLOYMENTS: {}, SERVICES: {}}
        self._proxies: dict[str, Proxy] = {}
        self._reported: dict[str, tuple[int, bool, str]] = {}
        self._said: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="node agent")

    def start(self) -> None:
        """Begin to follow the Deployments and Services."""
        for watch in self._watches:
            watch.start()
        self._thread.start()

    def stop(self) -> None:
        """End every Envoy; returns when they've ended."""
        self._stop.set()
        for watch in self._watches:
            watch.stop()
        if self._thread.is_alive():
            self._thread.join()
        for name in list(self._proxies):
            self._end(name)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                snapshot = self._queue.get(timeout=TICK_SECONDS)
                self._found[snapshot.collection] = snapshot.objects
            except queue.Empty:
                pass
            try:
                self._reconcile()
            except (httpx.HTTPError, LabError, OSError) as error:
                self._say_once(str(error))

    def _reconcile(self) -> None:
        deployments = self._found[DEPLOYMENTS]
        for name in [name for name in self._proxies if name not in deployments]:
            self._end(name)
            self._reported.pop(name, None)
        for service in self._found[SERVICES].values():
            self._give_address(service)
        for name, deployment in sorted(deployments.items()):
            if not bootstrap.is_envoy(deployment):
                self._say_once(f"Deployment {name} isn't an Envoy: it isn't run.")
                continue
            try:
                why = self._keep_running(name, deployment)
            except LabError as error:
                why = str(error)
                self._say_once(why)
            self._report(name, deployment, why)

    def _keep_running(self, name: str, deployment: Object) -> str:
        """Make the Envoy run; why it isn't available, or an empty string when it is."""
        running = self._proxies.get(name)
        if deployment["spec"].get("replicas", 1) == 0:
            if running is not None:
                self._end(name)
            return "It has no replicas."
        if running is not None and running.template != proxy.template(deployment):
            self._end(name)
            running = None
        if running is None:
            return self._start(name, deployment)
        was_dead = running.died is not None
        if running.restart_if_dead():
            log.warning("%s ended with %s", name, running.process.exit_code)
        elif was_dead and running.died is None:
            log.info("%s runs again as %s", name, running.process.pid)
            self._changed(self._proxies)
        return "" if running.ready() else "Envoy isn't ready."

    def _start(self, name: str, deployment: Object) -> str:
        service = self._found[SERVICES].get(name)
        if service is None:
            return "Its Service doesn't exist yet."
        # Envoys of one user share a port silently (SO_REUSEPORT), each taking a part of the calls.
        for port in _ports(service):
            if not is_free(port):
                raise LabError(
                    f"The Envoy of {name} isn't started. Something on this machine listens on its "
                    f"port {port} already. Give the Gateway another port, or end that program."
                )
        started = proxy.start(
            self._api, deployment, self._program, self._folder / name, self._logs / f"{name}.log"
        )
        if started is None:
            return "Its Secret or ConfigMap doesn't exist yet."
        log.info("%s runs as %s", name, started.process.pid)
        self._proxies[name] = started
        self._changed(self._proxies)
        return "Envoy isn't ready."

    def _end(self, name: str) -> None:
        ended = self._proxies.pop(name)
        ended.process.stop()
        shutil.rmtree(self._folder / name, ignore_errors=True)
        log.info("%s ended", name)
        self._changed(self._proxies)

    def _report(self, name: str, deployment: Object, why: str) -> None:
        generation = deployment["metadata"]["generation"]
        now = (generation, not why, why)
        if self._reported.get(name) == now:
            return
        path = f"{DEPLOYMENTS}/{name}/status"
        self._api.merge(path, {"status": deployment_status(generation, why)})
        self._reported[name] = now

    def _give_address(self, service: Object) -> None:
        if service["spec"].get("type") != "LoadBalancer":
            return
        if service.get("status", {}).get("loadBalancer", {}).get("ingress"):
            return
        name = service["metadata"]["name"]
        change = {"status": {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}}
        changed = self._api.merge(f"{SERVICES}/{name}/status", change)
        if changed is not None:
            self._found[SERVICES][name] = changed

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            log.warning("%s", text)


def _ports(service: Object) -> list[int]:
    targets = [port.get("targetPort", port["port"]) for port in service["spec"].get("ports", [])]
    return [target for target in targets if isinstance(target, int)]


def deployment_status(generation: int, why: str) -> Object:
    """The status of a Deployment that has one Envoy, unavailable when there's a reason."""
    replicas = 0 if why else 1
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "observedGeneration": generation,
        "replicas": 1,
        "updatedReplicas": 1,
        "readyReplicas": replicas,
        "availableReplicas": replicas,
        "conditions": [
            {
                "type": "Available",
                "status": "False" if why else "True",
                "reason": "MinimumReplicasUnavailable" if why else "MinimumReplicasAvailable",
                "message": why or "Envoy is ready.",
                "lastTransitionTime": now,
                "lastUpdateTime": now,
            }
        ],
    }
