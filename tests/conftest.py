from collections.abc import Iterator

import httpx
import pytest

from lab import info
from lab.client import Lab
from lab.folders import RUN
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.lab.stack import Stacks


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


@pytest.fixture(scope="session")
def api(lab: Lab) -> Iterator[KubernetesApi]:
    """A client of the lab's API server."""
    client = lab.api()
    try:
        yield client
    finally:
        client.close()


@pytest.fixture(scope="session")
def issuer(lab: Lab) -> Issuer:
    """Makes tokens in the name of the lab's issuer."""
    del lab
    return Issuer(RUN / "issuer")


@pytest.fixture(scope="session")
def upstream(lab: Lab) -> Upstream:
    """Asks the lab's upstream what it received."""
    del lab
    return Upstream(RUN / "upstream")


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """Sends requests to listeners without TLS."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def stacks(
    lab: Lab, api: KubernetesApi, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stacks]:
    """Makes the stacks of a module."""
    made = Stacks(lab, tmp_path_factory)
    yield made
    for stack in made.made:
        stack.remove(api)
