import base64
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

from lab.envoy_gateway_build import HEALTH_PORT, WASM_PORT
from lab.errors import LabError
from lab.folders import private_file
from lab.kube_apiserver import KubeApiserver
from lab.kubernetes_api import Object
from lab.ports import free_port
from lab.process import Process

NAMESPACE = "envoy-gateway-system"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
XDS_PORT = 18000
# Constants of Envoy Gateway 1.8.1 and 1.9.1; the last is where each Envoy says that it's ready.
FIXED_PORTS = (XDS_PORT, WASM_PORT, HEALTH_PORT, 19003)
START_SECONDS = 60


class EnvoyGateway:
    """Envoy Gateway with its Kubernetes provider, as its installation would configure it."""

    def __init__(self, program: Path, folder: Path, log: Path, apiserver: KubeApiserver) -> None:
        self._api = apiserver.api
        self._program = program
        self._folder = folder
        self._log = log
        folder.mkdir(parents=True, exist_ok=True)
        self.admin_port = free_port()
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "KUBECONFIG": str(apiserver.kubeconfig(folder / "kubeconfig", "envoy-gateway")),
            "ENVOY_GATEWAY_NAMESPACE": NAMESPACE,
        }
        configuration = folder / "envoy-gateway.yaml"
        self.process = Process(
            "envoy-gateway",
            [program, "server", f"--config-path={configuration}"],
            log=log,
            environment=self._environment,
            directory=folder,  # it reads certs/ there
        )

    def prepare(self) -> None:
        """Make its namespace, its Service and its certificates; needs no CRD.

        Raises:
            LabError: `envoy-gateway certgen` failed.
            httpx.HTTPError: the API server refused an object.
        """
        for path, thing in _installation():
            self._api.apply(path, thing)
        run = subprocess.run(
            [self._program, "certgen", "--disable-topology-injector"],
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        with self._log.open("a") as log:
            log.write(run.stdout + run.stderr)
        if run.returncode != 0:
            raise LabError(
                f"envoy-gateway certgen failed. It said: {run.stderr.strip()[-1000:]} "
                f"See {self._log}."
            )
        secret = self._api.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/envoy-gateway")
        if secret is None:
            raise LabError(
                "envoy-gateway certgen made no Secret `envoy-gateway`. "
                f"See {self._log}; the lab was written for Envoy Gateway 1.8 and 1.9."
            )
        certificates = self._folder / "certs"
        certificates.mkdir(exist_ok=True)
        for name, value in secret["data"].items():
            private_file(certificates / name, base64.b64decode(value))

    def start(self, extension_manager: Mapping[str, Any] | None) -> None:
        """Start it and wait until it's ready; needs the CRDs.

        `extension_manager` becomes the field of that name in its configuration.

        Raises:
            LabError: it isn't ready in time.
        """
        content = configuration(self.admin_port, extension_manager)
        private_file(self._folder / "envoy-gateway.yaml", yaml.safe_dump(content, sort_keys=False))
        self.process.start()
        self.process.wait_until(_ready, timeout=START_SECONDS)


def configuration(admin_port: int, extension_manager: Mapping[str, Any] | None) -> Object:
    """The EnvoyGateway object that it's started with."""
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyGateway",
        "gateway": {"controllerName": CONTROLLER},
        "provider": {
            "type": "Kubernetes",
            "kubernetes": {
                "leaderElection": {"disable": True},
                # Without it the bootstrap of Envoy has no local cluster, for whose endpoints an
                # Envoy would wait 15 s at its first start (1.9.1), and no webhook is needed.
                "proxyTopologyInjector": {"disabled": True},
                "client": {"rateLimit": {"qps": 500, "burst": 1000}},
            },
        },
        "admin": {"address": {"host": "127.0.0.1", "port": admin_port}},
        "telemetry": {"metrics": {"prometheus": {"disable": True}}},
        "extensionApis": {"enableBackend": True, "enableLua": True},
        **({"extensionManager": dict(extension_manager)} if extension_manager else {}),
    }


def _installation() -> list[tuple[str, Object]]:
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE},
    }
    # Envoys ask this name for xDS; the node agent resolves it, so it needs no endpoints.
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "envoy-gateway", "namespace": NAMESPACE},
        "spec": {"ports": [{"name": "grpc", "port": XDS_PORT}]},
    }
    return [
        (f"/api/v1/namespaces/{NAMESPACE}", namespace),
        (f"/api/v1/namespaces/{NAMESPACE}/services/envoy-gateway", service),
    ]


def _ready() -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{HEALTH_PORT}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False
