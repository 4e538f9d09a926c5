"""A policy that is not in force fails the deployment, with the controller's own words."""

import httpx
import pytest

from lab.deployer import DeployError
from lab.kubernetes_api import KubernetesApi, Object
from tests.lab.callers import await_status
from tests.lab.plain_gateway import until
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab

SECONDS = 5
INTRUDER = "intruder"
CONFLICT = "another SecurityPolicy has already attached to it"


@pytest.fixture
def stack(stacks: Stacks) -> Stack:
    made = stacks.new("waiting")
    made.config["wait"] = {"policies": SECONDS, "gateway": 60}
    return made


@pytest.fixture
def patient(stack: Stack, api: KubernetesApi) -> Stack:
    """A stack in a namespace that somebody else made, with an older policy of theirs in it."""
    stack.config["namespace"]["create"] = False
    stack.make_namespace(api)
    _aim_intruder(stack, api, "elsewhere")
    return stack


def test_a_policy_that_becomes_invalid(
    stack: Stack, api: KubernetesApi, http: httpx.Client
) -> None:
    stack.deploy()
    before = _route(stack, api)
    stack.config["apiKey"]["extAuth"] = {"service": "nobody", "port": 80}
    _add_model(stack)
    for _ in range(2):  # the next deployment fails too, though it changes nothing
        message = _failure(stack)
        assert f"SecurityPolicy {stack.namespace}/maas-apikey-auth" in message
        assert "Accepted=False, Invalid" in message
        assert f"{stack.namespace}/nobody not found" in message
        assert _route(stack, api)["spec"] == before["spec"]
    del stack.config["apiKey"]["extAuth"]
    stack.deploy()
    assert _route(stack, api)["spec"] != before["spec"]
    await_status(200, http, stack.url("apiKey"), {"x-api-key": stack.keys["alice"]})


def test_a_policy_that_becomes_conflicted(
    patient: Stack, api: KubernetesApi, http: httpx.Client
) -> None:
    patient.deploy()
    before = _route(patient, api)
    _aim_intruder(patient, api, "api-key")
    until(lambda: _is_conflicted(patient, api), "ours is conflicted")
    _add_model(patient)
    for _ in range(2):
        message = _failure(patient)
        assert "Accepted=False, Conflicted" in message
        assert CONFLICT in message
        assert _route(patient, api)["spec"] == before["spec"]
    api.delete(patient.path("securitypolicies", INTRUDER))
    patient.deploy()
    assert _route(patient, api)["spec"] != before["spec"]
    await_status(401, http, patient.url("apiKey"))


def test_a_policy_that_is_conflicted_from_the_first(patient: Stack, api: KubernetesApi) -> None:
    _aim_intruder(patient, api, "api-key")
    for _ in range(2):
        message = _failure(patient)
        assert "Accepted=False, Conflicted" in message
        assert CONFLICT in message
        assert api.get(patient.path("aigatewayroutes", "maas")) is None
    api.delete(patient.path("securitypolicies", INTRUDER))
    patient.deploy()
    assert api.get(patient.path("aigatewayroutes", "maas")) is not None


def _failure(stack: Stack) -> str:
    with pytest.raises(DeployError) as failed:
        stack.deploy()
    return str(failed.value)


def _add_model(stack: Stack) -> None:
    stack.config["route"]["create"]["models"]["new-model"] = {"backends": {"vllm": {}}}


def _aim_intruder(stack: Stack, api: KubernetesApi, listener: str) -> None:
    target = {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": "maas",
        "sectionName": listener,
    }
    spec = {"targetRefs": [target], "authorization": {"defaultAction": "Allow"}}
    stack.apply(api, "SecurityPolicy", "securitypolicies", INTRUDER, spec=spec)


def _is_conflicted(stack: Stack, api: KubernetesApi) -> bool:
    policy = stack.read(api, "securitypolicies", "maas-apikey-auth")
    return any(
        condition["reason"] == "Conflicted"
        for ancestor in policy["status"]["ancestors"]
        for condition in ancestor["conditions"]
    )


def _route(stack: Stack, api: KubernetesApi) -> Object:
    return stack.read(api, "aigatewayroutes", "maas")
