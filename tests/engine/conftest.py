"""The real Pulumi engine on the lab: skipped where parts are missing, unless they are required."""

import os
from collections.abc import Iterator

import pytest

from lab.client import Lab
from lab.kubernetes_api import KubernetesApi
from lab.real_tools import real_tools
from tests.lab.stack import Stack, Stacks

REQUIRE = "AI_GATEWAY_AUTH_REQUIRE_REAL"


@pytest.fixture(scope="session", autouse=True)
def real() -> None:
    """Every program that no package registry has."""
    missing = [f"{tool.name} ({tool.where})" for tool in real_tools() if tool.version is None]
    if missing and os.environ.get(REQUIRE) == "1":
        pytest.fail(f"missing: {', '.join(missing)}")
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")


@pytest.fixture(scope="session")
def deployed(
    real: None, lab: Lab, api: KubernetesApi, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The dev stack, deployed. Nobody changes it: tests only preview changes of it."""
    del real
    stack = Stacks(lab, tmp_path_factory).new("engine")
    stack.deploy()
    yield stack
    stack.destroy()
    stack.remove(api)
