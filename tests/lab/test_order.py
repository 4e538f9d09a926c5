"""Order is security: somebody without a credential knocks all the time, and never gets in."""

from collections.abc import Callable
from contextlib import ExitStack

import httpx
import pytest

from lab.deployer import DeployError
from lab.kubernetes_api import KubernetesApi
from lab.ports import free_port
from lab.upstream import Upstream
from tests.lab.callers import await_status, knocking
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    """A deployed stack; each test changes another part of it."""
    made = stacks.new("order")
    made.config["wait"] = {"policies": 15, "gateway": 60}
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


def test_the_first_deployment_and_destroy(
    stacks: Stacks, http: httpx.Client, upstream: Upstream
) -> None:
    stack = stacks.new("first")
    with knocking(stack, upstream) as knocks:
        stack.deploy()
        for method in knocks:
            await_status(401, http, stack.url(method))
        await_status(200, http, stack.url("apiKey"), {"x-api-key": stack.keys["alice"]})
        stack.destroy()
    assert all(caller.statuses[401] for caller in knocks.values())


def test_an_added_listener(stacks: Stacks, http: httpx.Client, upstream: Upstream) -> None:
    stack = stacks.new("added")
    oidc = stack.config["oidc"]
    del stack.config["oidc"]
    stack.deploy()
    alice = {"x-api-key": stack.keys["alice"]}
    await_status(200, http, stack.url("apiKey"), alice)
    stack.config["oidc"] = oidc
    with knocking(stack, upstream) as knocks:
        stack.deploy()
        await_status(401, http, stack.url("oidc"))
        await_status(200, http, stack.url("apiKey"), alice)
    assert knocks["apiKey"].statuses.keys() == {401}


def _rename_policies(stack: Stack) -> None:
    stack.config["oidc"]["policyName"] = "tokens"
    stack.config["apiKey"]["policyName"] = "keys"


def _rename_secret(stack: Stack) -> None:
    stack.config["apiKey"]["secretName"] = "other-keys"


def _rename_route(stack: Stack) -> None:
    stack.config["route"]["create"]["name"] = "models"


def _rename_gateway(stack: Stack) -> None:
    """For a while there are two Gateways; in the lab they share one address, so not the ports."""
    stack.config["gateway"]["name"] = "other"
    for method in ("oidc", "apiKey"):
        stack.config[method]["listener"]["port"] = free_port()


@pytest.mark.parametrize(
    "rename",
    [_rename_policies, _rename_secret, _rename_route, _rename_gateway],
)
def test_a_rename(
    rename: Callable[[Stack], None], stack: Stack, http: httpx.Client, upstream: Upstream
) -> None:
    with knocking(stack, upstream), ExitStack() as at_the_new:
        rename(stack)
        at_the_new.enter_context(knocking(stack, upstream))
        stack.deploy()
        await_status(401, http, stack.url("oidc"))
        await_status(200, http, stack.url("apiKey"), {"x-api-key": stack.keys["alice"]})


def test_a_policy_that_is_refused_and_mended(
    stack: Stack, http: httpx.Client, upstream: Upstream
) -> None:
    good = stack.config["apiKey"]
    stack.config["apiKey"] = {**good, "extAuth": {"service": "nobody", "port": 80}}
    with knocking(stack, upstream):
        with pytest.raises(DeployError):
            stack.deploy()
        stack.config["apiKey"] = good
        stack.deploy()
        await_status(200, http, stack.url("apiKey"), {"x-api-key": stack.keys["alice"]})


def test_no_object_is_left_under_an_old_name(stack: Stack, api: KubernetesApi) -> None:
    policies = api.get(stack.path("securitypolicies", "").rstrip("/"))
    assert policies is not None
    gateway, oidc, api_key = (
        stack.config["gateway"]["name"],
        stack.config["oidc"].get("policyName", "maas-oidc-auth"),
        stack.config["apiKey"].get("policyName", "maas-apikey-auth"),
    )
    names = {policy["metadata"]["name"] for policy in policies["items"]}
    assert names == {f"{gateway}-anchor", f"{gateway}-closed", oidc, api_key}
