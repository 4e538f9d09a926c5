from pathlib import Path

from lab import kubernetes_api
from lab.certificates import Authority, Certificate, signing_key
from lab.etcd import Etcd
from lab.kubernetes_api import KubernetesApi
from lab.ports import free_port
from lab.process import Process

START_SECONDS = 60


class KubeApiserver:
    """The API server, with RBAC and the admission plugins that are on by default."""

    def __init__(
        self, program: Path, folder: Path, log: Path, authority: Authority, etcd: Etcd
    ) -> None:
        self.authority = authority
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        own = authority.sign(
            "kube-apiserver",
            common_name="kube-apiserver",
            server_names=["127.0.0.1", "localhost", "kubernetes.default.svc"],
        )
        self.service_account_key = signing_key(folder / "service-account.key")
        self.api = KubernetesApi(self.url, authority.certificate, self._client("lab"))
        self.process = Process(
            "kube-apiserver",
            [
                program,
                f"--etcd-servers={etcd.url}",
                f"--etcd-cafile={etcd.authority}",
                f"--etcd-certfile={etcd.client.certificate}",
                f"--etcd-keyfile={etcd.client.key}",
                "--bind-address=127.0.0.1",
                # Else the server looks for a default route, and ends where there is none (1.36.3).
                "--advertise-address=127.0.0.1",
                f"--secure-port={self.port}",
                # Endpoints of the Service `kubernetes` must not be loopback addresses.
                "--endpoint-reconciler-type=none",
                f"--tls-cert-file={own.certificate}",
                f"--tls-private-key-file={own.key}",
                f"--client-ca-file={authority.certificate}",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={self.service_account_key}",
                f"--service-account-signing-key-file={self.service_account_key}",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--authorization-mode=RBAC",
                "--enable-priority-and-fairness=false",
                "--profiling=false",
            ],
            log=log,
        )

    def start(self) -> None:
        """Start it and wait until it's ready.

        Raises:
            LabError: it isn't.
        """
        self.process.start()
        self.process.wait_until(self.api.ready, timeout=START_SECONDS)

    def kubeconfig(self, path: Path, user: str) -> Path:
        """Write a kubeconfig of a cluster administrator with a name of its own."""
        return kubernetes_api.kubeconfig(
            path, self.url, self.authority.certificate, self._client(user), user
        )

    def _client(self, user: str) -> Certificate:
        return self.authority.sign(
            f"client-{user}", common_name=user, organization="system:masters"
        )
