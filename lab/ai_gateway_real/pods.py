"""The kubelet's part for the AI Gateway: a Pod for each Envoy Deployment, and its extproc.

Only the extproc of the Pod is run, with the arguments that the webhook gave it and the Secrets that
the Pod mounts into it. The Envoy of the Deployment is the node agent's.
"""

import base64
import hashlib
import json
import logging
import os
import queue
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import httpx

from lab.ai_gateway_real.hook import socket_path
from lab.envoy_gateway import NAMESPACE
from lab.errors import LabError
from lab.folders import REPOSITORY, private_file
from lab.kubernetes_api import KubernetesApi, Object
from lab.process import Process
from lab.watch import Snapshot, Watch

CONTAINER = "ai-gateway-extproc"
GATEWAY_LABEL = "gateway.envoyproxy.io/owning-gateway-name"
GATEWAY_NAMESPACE_LABEL = "gateway.envoyproxy.io/owning-gateway-namespace"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
SOCKET = "unix:///etc/ai-gateway-extproc-uds/run.sock"
TICK_SECONDS = 0.2
log = logging.getLogger(__name__)


@dataclass
class _Run:
    """What was made of one Deployment."""

    template: str
    pod: Object
    process: Process | None
    written: dict[str, str]


class Pods:
    """Runs in a thread of its own; it alone starts and ends extprocs."""

    def __init__(
        self, api: KubernetesApi, program: str, folder: Path, sockets: Path, logs: Path
    ) -> None:
        """`folder` gets the files that the Pods mount."""
        self._api = api
        self._program = program
        self._folder = folder
        self._sockets = sockets
        self._logs = logs
        self._queue: queue.SimpleQueue[Snapshot] = queue.SimpleQueue()
        self._watches = [Watch(api, path, self._queue) for path in (DEPLOYMENTS, SECRETS)]
        self._found: dict[str, dict[str, Object]] = {DEPLOYMENTS: {}, SECRETS: {}}
        self._runs: dict[str, _Run] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="ai gateway pods", daemon=True)

    def start(self) -> None:
        """Begin to follow Deployments and Secrets."""
        for watch in self._watches:
            watch.start()
        self._thread.start()

    def stop(self) -> None:
        """End every extproc."""
        self._stop.set()
        for watch in self._watches:
            watch.stop()
        if self._thread.is_alive():
            self._thread.join()
        for run in self._runs.values():
            if run.process:
                run.process.stop()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                snapshot = self._queue.get(timeout=TICK_SECONDS)
                self._found[snapshot.collection] = snapshot.objects
            except queue.Empty:
                pass
            try:
                self._reconcile()
            except (httpx.HTTPError, LabError, OSError) as error:
                log.warning("AI Gateway pods: %s", error)
                self._stop.wait(TICK_SECONDS)

    def _reconcile(self) -> None:
        deployments = {
            name: deployment
            for name, deployment in self._found[DEPLOYMENTS].items()
            if GATEWAY_LABEL in deployment["metadata"].get("labels", {})
        }
        for name in [name for name in self._runs if name not in deployments]:
            self._end(name)
        for name, deployment in sorted(deployments.items()):
            template = json.dumps(deployment["spec"]["template"], sort_keys=True)
            if name in self._runs and self._runs[name].template != template:
                self._end(name)
            if name not in self._runs:
                pod = self._create(deployment, template)
                self._runs[name] = _Run(template, pod, None, {})
            self._keep_running(name, self._runs[name])

    def _create(self, deployment: Object, template: str) -> Object:
        """Make the Pod; the answer is what the controller's webhook made of it."""
        metadata, content = deployment["metadata"], deployment["spec"]["template"]
        number = hashlib.sha256(template.encode()).hexdigest()[:8]
        name = f"{metadata['name']}-{number}"
        self._delete(name)
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"]}
        own = {"name": name, "namespace": NAMESPACE, "ownerReferences": [owner]}
        owner["uid"] = metadata["uid"]
        head = {"apiVersion": "v1", "kind": "Pod", "metadata": content["metadata"] | own}
        return self._api.create(PODS, head | {"spec": content["spec"]})

    def _delete(self, name: str) -> None:
        self._api.delete(f"{PODS}/{name}?gracePeriodSeconds=0")

    def _keep_running(self, name: str, run: _Run) -> None:
        container = extproc(run.pod)
        if container is None:
            return
        folder = self._folder / name
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        for volume in run.pod["spec"]["volumes"]:
            if volume["name"] in mounts:
                target = folder / mounts[volume["name"]].strip("/")
                self._write(run, target, files(volume, self._found[SECRETS]))
        if run.process is None and any(folder.rglob("*.yaml")):
            run.process = self._start(name, run.pod, container, folder)

    def _write(self, run: _Run, folder: Path, contents: dict[str, str]) -> None:
        """Write what changed; index.yaml after the parts that it has the checksum of."""
        for file in sorted(contents, key=lambda file: (file == "index.yaml", file)):
            path = folder / file
            if run.written.get(str(path)) != contents[file]:
                path.parent.mkdir(parents=True, exist_ok=True)
                private_file(path, base64.b64decode(contents[file]))
                run.written[str(path)] = contents[file]

    def _start(self, name: str, pod: Object, container: Object, folder: Path) -> Process:
        labels = pod["metadata"]["labels"]
        socket = socket_path(self._sockets, labels[GATEWAY_NAMESPACE_LABEL], labels[GATEWAY_LABEL])
        process = Process(
            f"ai-gateway-extproc {labels[GATEWAY_NAMESPACE_LABEL]}/{labels[GATEWAY_LABEL]}",
            [
                *(sys.executable, "-m", "lab.ai_gateway_real.namespace", "--", self._program),
                *arguments(container, folder, socket),
            ],
            log=self._logs / f"ai-gateway-extproc-{name}.log",
            environment=dict(os.environ)
            | {entry["name"]: entry.get("value", "") for entry in container.get("env", [])},
            directory=REPOSITORY,
        )
        process.start()
        return process

    def _end(self, name: str) -> None:
        run = self._runs.pop(name)
        if run.process:
            run.process.stop()
        shutil.rmtree(self._folder / name, ignore_errors=True)
        self._delete(run.pod["metadata"]["name"])


def extproc(pod: Object) -> Object | None:
    """The container that the webhook added: among the init containers from Kubernetes 1.33 on."""
    spec = pod["spec"]
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    return next((found for found in containers if found["name"] == CONTAINER), None)


def files(volume: Object, secrets: dict[str, Object]) -> dict[str, str]:
    """The files of a volume by their path in it, as base64; none for an empty directory."""
    sources = volume.get("projected", {}).get("sources", [])
    parts = [(source["secret"]["name"], source["secret"].get("items")) for source in sources]
    if "secret" in volume:
        parts.append((volume["secret"]["secretName"], volume["secret"].get("items")))
    found: dict[str, str] = {}
    for name, items in parts:
        data = secrets.get(name, {}).get("data", {})
        for item in items or [{"key": key, "path": key} for key in data]:
            if item["key"] in data:
                found[item["path"]] = data[item["key"]]
    return found


def arguments(container: Object, folder: Path, socket: Path) -> list[str]:
    """The container's arguments with the paths of its mounts in this machine's file system."""
    paths = [mount["mountPath"] for mount in container["volumeMounts"]]
    words: list[str] = []
    for word in container["args"]:
        if word == SOCKET:
            words.append(f"unix://{socket}")
        elif any(word == path or word.startswith(f"{path}/") for path in paths):
            words.append(str(folder / word.strip("/")))
        else:
            words.append(word)
    return words
