"""A release must find what the release before it made.

There is no earlier release yet. What it would have to leave alone is written down: the URNs and the
names in the cluster of a deployed dev stack. A change of either deletes and makes anew.
"""

import pytest
from ruamel.yaml import YAML

from tests.engine.engine import engine
from tests.goldens import GOLDEN
from tests.lab.stack import Stack

pytestmark = [pytest.mark.lab, pytest.mark.real]

RESOURCES = GOLDEN / "resources" / "dev.yaml"
NAMESPACE = "maas-system"
GATEWAY_CLASS = "envoy-gateway"


def test_urns_and_names_are_those_of_the_golden(deployed: Stack) -> None:
    """The unit tests hold the program under mocks to the same golden."""
    recorded = YAML(typ="safe").load(RESOURCES.read_text(encoding="utf-8"))
    wanted = {entry["urn"]: entry.get("object", "") for entry in recorded}
    state = engine(deployed).export()["deployment"]["resources"]
    found = {
        resource["urn"]: _name(resource["type"], resource["id"], deployed)
        if resource["type"].startswith("kubernetes:")
        else ""
        for resource in state
        if resource["type"] != "pulumi:pulumi:Stack" and not _is_default_provider(resource["urn"])
    }
    assert found == wanted


def _name(type_: str, name: str, stack: Stack) -> str:
    """The name of an object, as the dev stack has it where the test's stack has its own."""
    if type_.endswith(":GatewayClass"):
        return name.replace(stack.namespace, GATEWAY_CLASS)
    return name.replace(stack.namespace, NAMESPACE)


def _is_default_provider(urn: str) -> bool:
    return "::pulumi:providers:" in urn
