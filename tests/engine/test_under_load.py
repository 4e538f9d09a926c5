"""Two consumers call all the time, whatever happens to others and to the provider."""

from typing import Any

import httpx
import pytest
import yaml

from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.engine.engine import engine, logical_name
from tests.engine.undisturbed import await_keys, header, live_keys, objects, served
from tests.lab.callers import await_status
from tests.lab.stack import Stack, Stacks

pytestmark = [pytest.mark.lab, pytest.mark.real]


def test_nobody_notices_what_happens_to_others(
    stacks: Stacks, api: KubernetesApi, upstream: Upstream, http: httpx.Client
) -> None:
    """A consumer comes, gets a new key and goes; then the provider changes.

    A change of its settings stands for its upgrade here, since one version of it is at hand: both
    change the provider's resource, and nothing else may follow.
    """
    stack = stacks.new("under-load")
    stack.deploy()
    await_keys(stack, http, stack.keys.values())
    with served(stack, upstream, stack.keys.values()):
        stack.config["consumers"]["bob"] = {"overlapFor": "7d"}
        stack.deploy()
        first = stack.keys["bob"]
        await_keys(stack, http, [first])

        stack.config["consumers"]["bob"]["rotation"] = 2
        stack.deploy()
        await_keys(stack, http, [first, stack.keys["bob"]])
        assert live_keys(stack, api) == {**stack.keys, "bob.previous": first}

        second = stack.keys["bob"]
        stack.config["consumers"]["bob"]["revoked"] = True
        stack.deploy()
        for key in (first, second):
            await_status(401, http, stack.url("apiKey"), header(key))

        before = objects(stack, api)
        stack.config |= _same_cluster_otherwise(stack)
        steps = [step for step in engine(stack).preview_steps() if step.operation != "same"]
        assert [(step.operation, logical_name(step.urn)) for step in steps] == [
            ("update", "maas-kubernetes")
        ]
        assert stack.deploy().updated == 1
        assert objects(stack, api) == before


def _same_cluster_otherwise(stack: Stack) -> dict[str, Any]:
    """The lab's kubeconfig as content, with a context of another name; it holds no key itself."""
    content: dict[str, Any] = yaml.safe_load(stack.lab.kubeconfig.read_text())
    content["contexts"][0]["name"] = content["current-context"] = "another"
    return {"kubeconfig": yaml.safe_dump(content), "context": "another"}
