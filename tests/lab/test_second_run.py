"""A second run writes nothing, and destroy leaves nothing."""

import pytest

from lab.kubernetes_api import KubernetesApi
from tests.lab.stack import API_VERSIONS, Stack, Stacks

pytestmark = pytest.mark.lab

CLUSTER_WIDE = ("gatewayclasses", "namespaces")


def test_a_second_run_writes_nothing(stacks: Stacks, api: KubernetesApi) -> None:
    stack = stacks.new("second-run")
    first = stack.deploy()
    before = _versions(stack, api)
    second = stack.deploy()
    assert second.changed == 0
    assert second.unchanged == first.created
    assert second.outputs == first.outputs
    assert _versions(stack, api) == before


def test_destroy_leaves_nothing(stacks: Stacks, api: KubernetesApi) -> None:
    stack = stacks.new("destroyed")
    made = stack.deploy()
    assert stack.destroy().deleted == made.created
    assert api.get(stack.path("namespaces", stack.namespace)) is None
    assert api.get(stack.path("gatewayclasses", stack.namespace)) is None


def test_an_existing_namespace_stays_as_it_was(stacks: Stacks, api: KubernetesApi) -> None:
    stack = stacks.new("existing")
    stack.config["namespace"]["create"] = False
    path = stack.path("namespaces", stack.namespace)
    labels = {"owner": "somebody-else"}
    metadata = {"name": stack.namespace, "labels": labels}
    api.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    stack.deploy()
    stack.destroy()
    namespace = stack.read(api, "namespaces", stack.namespace)
    assert "deletionTimestamp" not in namespace["metadata"]
    assert labels.items() <= namespace["metadata"]["labels"].items()
    assert "pod-security.kubernetes.io/enforce" not in namespace["metadata"]["labels"]
    assert _versions(stack, api).keys() == {f"namespaces/{stack.namespace}"}


def _versions(stack: Stack, api: KubernetesApi) -> dict[str, str]:
    """The generation of each object of the stack, or its version where it has none.

    A status changes the version and not the generation.
    """
    found: dict[str, str] = {}
    for plural in API_VERSIONS:
        path = stack.path(plural, "").rstrip("/")
        for thing in (api.get(path) or {})["items"]:
            name = thing["metadata"]["name"]
            is_ours = plural not in CLUSTER_WIDE or name == stack.namespace
            if is_ours and name != "kube-root-ca.crt":
                metadata = thing["metadata"]
                version = metadata.get("generation", metadata["resourceVersion"])
                found[f"{plural}/{name}"] = f"{metadata['uid']} {version}"
    return found
