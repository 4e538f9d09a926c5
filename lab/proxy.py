"""One Envoy of the node agent: what a Deployment of Envoy Gateway becomes on this machine."""

import base64
import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from lab import bootstrap
from lab.bootstrap import Ports
from lab.folders import private_file
from lab.kubernetes_api import KubernetesApi, Object
from lab.ports import free_port
from lab.process import Process

FIRST_BACKOFF_SECONDS = 0.2
LAST_BACKOFF_SECONDS = 5.0
STABLE_SECONDS = 10.0
AI_GATEWAY_PREFIX = "aigateway.envoyproxy.io/"


@dataclass
class Proxy:
    """A running Envoy and what it was made from."""

    name: str
    template: str
    ports: Ports
    process: Process
    started: float = field(default_factory=time.monotonic)
    backoff: float = FIRST_BACKOFF_SECONDS
    died: float | None = None

    def ready(self) -> bool:
        """Whether it runs and has got its listeners and clusters from Envoy Gateway."""
        if not self.process.running:
            return False
        try:
            return httpx.get(
                f"http://127.0.0.1:{self.ports.admin}/ready", timeout=1, trust_env=False
            ).is_success
        except httpx.TransportError:
            return False

    def restart_if_dead(self) -> bool:
        """Start it again when it has ended, later each time; whether it was found dead now."""
        if self.process.running:
            return False
        now = time.monotonic()
        if self.died is None:
            if now - self.started > STABLE_SECONDS:
                self.backoff = FIRST_BACKOFF_SECONDS
            self.died = now
            return True
        if now - self.died >= self.backoff:
            self.backoff = min(self.backoff * 2, LAST_BACKOFF_SECONDS)
            self.died, self.started = None, now
            self.process.start()
        return False


def template(deployment: Object) -> str:
    """What an Envoy depends on: when it changes, the Envoy is replaced.

    The AI Gateway (1.1.0) annotates the template when its first route comes. On a cluster that is a
    rolling update; here it would be a restart.
    """
    found = deployment["spec"]["template"]
    metadata = found.get("metadata", {})
    annotations = {
        name: value
        for name, value in metadata.get("annotations", {}).items()
        if not name.startswith(AI_GATEWAY_PREFIX)
    }
    return json.dumps(found | {"metadata": metadata | {"annotations": annotations}}, sort_keys=True)


def start(
    api: KubernetesApi, deployment: Object, program: Path, folder: Path, log: Path
) -> Proxy | None:
    """Write the Deployment's files and start its Envoy; None while its volumes don't exist.

    Raises:
        LabError: the Deployment isn't as Envoy Gateway makes it, or Envoy can't start.
        httpx.HTTPError: the API server failed.
    """
    name = deployment["metadata"]["name"]
    collection = f"/api/v1/namespaces/{deployment['metadata']['namespace']}"
    certificates = api.get(
        f"{collection}/secrets/{bootstrap.volume(deployment, 'certs', 'secret')}"
    )
    sds = api.get(f"{collection}/configmaps/{bootstrap.volume(deployment, 'sds', 'configMap')}")
    if certificates is None or sds is None:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("certs", "sds"):
        (folder / part).mkdir(parents=True)
    for file, encoded in certificates["data"].items():
        private_file(folder / "certs" / file, base64.b64decode(encoded))
    for file, text in sds["data"].items():
        private_file(folder / "sds" / file, bootstrap.local_text(text, folder))
    ports = Ports(admin=free_port(), metrics=free_port())
    envoy = bootstrap.envoy(deployment, ports, folder)
    file = private_file(folder / "bootstrap.json", json.dumps(envoy.bootstrap))
    process = Process(
        name, [program, "--config-path", file, *envoy.arguments], log=log, directory=folder
    )
    process.start()
    return Proxy(name, template(deployment), ports, process)
