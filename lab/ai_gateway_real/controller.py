"""Start Envoy AI Gateway's controller beside the lab's API server."""

import base64
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from lab.ai_gateway_real.hook import Hook
from lab.ai_gateway_real.pods import Pods
from lab.certificates import Authority, Certificate
from lab.envoy_gateway import NAMESPACE as ENVOY_GATEWAY_NAMESPACE
from lab.errors import LabError
from lab.folders import REPOSITORY
from lab.kubernetes_api import KubernetesApi, Object
from lab.ports import free_port
from lab.process import Process

NAMESPACE = "envoy-ai-gateway-system"
WEBHOOK = f"envoy-ai-gateway-gateway-pod-mutator.{NAMESPACE}"
HOOK_PORT, WEBHOOK_PORT = 1063, 9443
START_SECONDS = 60
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


def start(
    controller: str, ext_proc: str, kubeconfig: Path, folder: Path, logs: Path
) -> tuple[int, Callable[[], None]]:
    """Start the controller; the port of the hook for Envoy Gateway, and what ends everything.

    Raises:
        LabError: a program isn't there, or the controller didn't get ready.
    """
    for program in (controller, ext_proc):
        if not os.access(program, os.X_OK):
            raise LabError(
                f"The AI Gateway's {program} can't be run. There's no such program, or it isn't "
                "executable. Mend AI_GATEWAY_CONTROLLER and AI_GATEWAY_EXTPROC, or unset both."
            )
    sockets = folder / "s"  # short: the path of a socket is limited
    sockets.mkdir(parents=True, exist_ok=True)
    api, api_port = _api(kubeconfig)
    relay_port, webhook_port, hook_port = free_port(), free_port(), free_port()
    certificates = _certificates(folder)
    api.apply(f"/api/v1/namespaces/{NAMESPACE}", _namespace())
    api.apply(f"{WEBHOOKS}/{WEBHOOK}", _webhook(webhook_port, certificates / "ca.crt"))
    process = Process(
        "ai-gateway-controller",
        [
            *(sys.executable, "-m", "lab.ai_gateway_real.namespace"),
            *("--in", str(api_port)),
            *("--out", f"{relay_port}:{HOOK_PORT}"),
            *("--out", f"{webhook_port}:{WEBHOOK_PORT}"),
            *("--", controller, "--enableLeaderElection=false"),
            *(f"--port=127.0.0.1:{HOOK_PORT}", f"--webhookPort={WEBHOOK_PORT}"),
            *(f"--tlsCertDir={certificates}", f"--envoyGatewayNamespace={ENVOY_GATEWAY_NAMESPACE}"),
        ],
        log=logs / "ai-gateway-controller.log",
        environment=dict(os.environ) | {"KUBECONFIG": str(kubeconfig), "POD_NAMESPACE": NAMESPACE},
        directory=REPOSITORY,
    )
    hook = Hook(hook_port, relay_port, sockets)
    pods = Pods(api, ext_proc, folder / "pods", sockets, logs)

    def stop() -> None:
        pods.stop()
        hook.stop()
        process.stop()

    try:
        process.start()
        process.wait_until(hook.controller_answers, timeout=START_SECONDS)
        hook.start()
        pods.start()
    except LabError:
        stop()
        raise
    return hook_port, stop


def version(program: str) -> str:
    """The version that was linked into the program, without the leading v."""
    found = re.search(rb"\bv(\d+\.\d+\.\d+(?:-rc\d+)?)-0-g[0-9a-f]{7,}", Path(program).read_bytes())
    return found[1].decode() if found else "of unknown version"


def _api(kubeconfig: Path) -> tuple[KubernetesApi, int]:
    """A client from the lab's own kubeconfig, which names its files; and the server's port."""
    content: Object = yaml.safe_load(kubeconfig.read_text())
    cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
    url: str = cluster["server"]
    client = Certificate(Path(user["client-certificate"]), Path(user["client-key"]))
    api = KubernetesApi(url, Path(cluster["certificate-authority"]), client)
    return api, int(url.rpartition(":")[2])


def _certificates(folder: Path) -> Path:
    """The webhook's certificate, under the names that the controller looks for."""
    authority = Authority(folder / "webhook", "ai-gateway-webhook")
    authority.sign("tls", common_name="ai-gateway-webhook", server_names=["127.0.0.1"])
    return authority.folder


def _namespace() -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def _webhook(port: int, authority: Path) -> Object:
    """As the Helm chart of 1.1.0 has it, reached by an address and not by a Service."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"]}
    bundle = base64.b64encode(authority.read_bytes()).decode()
    webhook = {
        "name": "ai-gateway-controller.envoy-ai-gateway-system.svc.cluster.local",
        "clientConfig": {"url": f"https://127.0.0.1:{port}/mutate", "caBundle": bundle},
        "rules": [rule | {"resources": ["pods"]}],
        "objectSelector": {"matchLabels": {"app.kubernetes.io/managed-by": "envoy-gateway"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 10,
        "failurePolicy": "Fail",
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": WEBHOOK},
        "webhooks": [webhook],
    }
