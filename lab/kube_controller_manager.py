from pathlib import Path

from lab.kube_apiserver import KubeApiserver
from lab.process import Process

START_SECONDS = 60
CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "root-ca-certificate-publisher-controller",
)


class KubeControllerManager:
    """The controllers that the lab needs; none of them makes Pods."""

    def __init__(self, program: Path, folder: Path, log: Path, apiserver: KubeApiserver) -> None:
        self._apiserver = apiserver
        kubeconfig = apiserver.kubeconfig(folder / "kubeconfig", "kube-controller-manager")
        self.process = Process(
            "kube-controller-manager",
            [
                program,
                f"--kubeconfig={kubeconfig}",
                f"--controllers={','.join(CONTROLLERS)}",
                f"--root-ca-file={apiserver.authority.certificate}",
                "--leader-elect=false",
                "--secure-port=0",
                "--profiling=false",
            ],
            log=log,
        )

    def start(self) -> None:
        """Start it and wait until it has made the first service account.

        Start it when the CRDs are established: the garbage collector looks for new kinds of
        objects every 30 s only (1.36.3).

        Raises:
            LabError: it isn't ready.
        """
        self.process.start()
        path = "/api/v1/namespaces/default/serviceaccounts/default"
        self.process.wait_until(
            lambda: self._apiserver.api.get(path) is not None, timeout=START_SECONDS
        )
