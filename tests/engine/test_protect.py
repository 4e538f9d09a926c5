"""A stack with `protect: true` can't be taken down by mistake."""

from typing import Any

import httpx
import pytest

from lab.deployer import DeployError
from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.engine.engine import changed, cli, engine, logical_name
from tests.engine.undisturbed import await_keys, undisturbed
from tests.lab.stack import Stack, Stacks

pytestmark = [pytest.mark.lab, pytest.mark.real]

PROTECTED = {
    "maas-api-key-policy",
    "maas-api-keys-secret",
    "maas-gateway-gateway",
    "maas-gateway-namespace",
    "maas-oidc-policy",
    "maas-route-route",
}
"""All others are what these depend on: the engine deletes nothing of them first."""

REFUSED = "as it is currently marked for protection"


def test_a_protected_stack(
    stacks: Stacks, api: KubernetesApi, upstream: Upstream, http: httpx.Client
) -> None:
    stack = stacks.new("protected")
    stack.config["protect"] = True
    stack.deploy()
    await_keys(stack, http, stack.keys.values())
    assert _protected(stack) == PROTECTED
    with undisturbed(stack, api, upstream):
        for words in ((), ("--skip-preview",)):
            done = cli(engine(stack), "destroy", "--yes", *words)
            assert done.returncode != 0
            assert "because it is protected" in done.stdout + done.stderr
        with changed(stack, _rename_secret) as pulumi, pytest.raises(DeployError, match=REFUSED):
            pulumi.up()
        # Without its preview, this one makes what comes before the Gateway, and then is refused.
        with changed(stack, _rename_gateway) as pulumi:
            done = cli(pulumi, "up", "--yes")
        assert done.returncode != 0
        assert REFUSED in done.stdout + done.stderr
    assert {step.operation for step in engine(stack).preview_steps()} == {"same"}

    stack.config["protect"] = False
    assert stack.deploy().changed == 0
    assert _protected(stack) == set()
    stack.destroy()
    assert api.get(stack.path("namespaces", stack.namespace)) is None


def _rename_secret(config: dict[str, Any]) -> None:
    config["apiKey"]["secretName"] = "other-keys"


def _rename_gateway(config: dict[str, Any]) -> None:
    config["gateway"]["name"] = "other"


def _protected(stack: Stack) -> set[str]:
    resources = engine(stack).export()["deployment"]["resources"]
    return {logical_name(resource["urn"]) for resource in resources if resource.get("protect")}
