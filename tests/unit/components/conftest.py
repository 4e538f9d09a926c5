import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_server import ApiServer, kubeconfig, serving


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kubeconfig that leads to a port where nobody listens, so that no test meets a cluster."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        file = tmp_path / "kubeconfig"
        file.write_text(kubeconfig(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        monkeypatch.setenv("KUBECONFIG", str(file))
        for name in [name for name in os.environ if name.startswith("PULUMI_")]:
            monkeypatch.delenv(name)
        yield


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """What plays the cluster where a test wants one."""
    with serving() as running:
        yield running
