from pathlib import Path

from lab.certificates import Authority
from lab.ports import answers, free_port
from lab.process import Process

START_SECONDS = 30


class Etcd:
    """An empty etcd whose only client is kube-apiserver."""

    def __init__(self, program: Path, folder: Path, log: Path, authority: Authority) -> None:
        self.client = authority.sign("etcd-client", common_name="kube-apiserver")
        self.authority = authority.certificate
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        own = authority.sign("etcd", common_name="etcd", server_names=["127.0.0.1"])
        peer = f"http://127.0.0.1:{free_port()}"  # announced, but nobody joins
        self.process = Process(
            "etcd",
            [
                program,
                "--name=lab",
                f"--data-dir={folder}",
                f"--listen-client-urls={self.url}",
                f"--advertise-client-urls={self.url}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=lab={peer}",
                f"--cert-file={own.certificate}",
                f"--key-file={own.key}",
                f"--trusted-ca-file={authority.certificate}",
                "--client-cert-auth",
                "--unsafe-no-fsync",  # nothing is kept from one lab to the next
                "--log-level=warn",
            ],
            log=log,
        )

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            LabError: it doesn't.
        """
        self.process.start()
        self.process.wait_until(lambda: answers(self.port), timeout=START_SECONDS)
