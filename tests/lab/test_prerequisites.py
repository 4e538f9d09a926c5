"""What the cluster lacks is told in one message, before anything is made there."""

import pytest

from lab.deployer import DeployError
from lab.kubernetes_api import KubernetesApi
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab

CONFIG = "/api/v1/namespaces/{}/configmaps/envoy-gateway-config"
FOREIGN_CONTROLLER = "an-envoy-gateway-elsewhere"


@pytest.fixture
def stack(stacks: Stacks) -> Stack:
    return stacks.new("lacking")


def refused(stack: Stack, api: KubernetesApi) -> str:
    """The message; nothing was made."""
    with pytest.raises(DeployError) as failure:
        stack.deploy()
    assert api.get(stack.path("namespaces", stack.namespace)) is None
    return str(failure.value)


def test_there_is_no_gateway_class(stack: Stack, api: KubernetesApi) -> None:
    stack.config["gateway"]["gatewayClass"] = {"name": "nobody-s"}
    assert "there is no GatewayClass nobody-s" in refused(stack, api)


def test_envoy_gateway_is_installed_without_what_is_needed(
    stack: Stack, api: KubernetesApi
) -> None:
    """A second controller's configuration, as an installation with the defaults has it."""
    name = f"{FOREIGN_CONTROLLER}-{stack.namespace}"[:63]
    namespace = f"/api/v1/namespaces/{name}"
    api.apply(namespace, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    text = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyGateway\n"
    metadata = {"name": "envoy-gateway-config", "namespace": name}
    data = {"envoy-gateway.yaml": text}
    api.apply(
        CONFIG.format(name),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data},
    )
    stack.config["controllerNamespace"] = name
    message = refused(stack, api)
    api.delete(namespace)
    assert "extensionApis.enableBackend=true" in message
    assert "not registered as Envoy Gateway's extension manager" in message
    assert message.count("the cluster lacks what this stack needs") == 1


def test_what_cannot_be_looked_at_is_said(stack: Stack) -> None:
    stack.config["controllerNamespace"] = "not-there"
    messages = stack.deploy().messages
    assert any("a prerequisite was not checked" in message for message in messages)
