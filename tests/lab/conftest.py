from collections.abc import Iterator

import pytest

from lab import info
from lab.client import Lab
from lab.kubernetes_api import KubernetesApi


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """One embedded cluster for all tests; built from the package registries on first use."""
    running = Lab.start()
    try:
        yield running
    finally:
        pids = [running.info["server_pid"], *running.info["processes"].values()]
        running.stop()
        left = [pid for pid in pids if info.process_exists(pid)]
        assert not left, "processes of the lab that outlived it"


@pytest.fixture
def api(lab: Lab) -> Iterator[KubernetesApi]:
    """A client of the lab's API server."""
    client = lab.api()
    try:
        yield client
    finally:
        client.close()
