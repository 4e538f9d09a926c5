"""The examples, as their users run them."""

import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests import pulumi_program
from tests.pulumi_program import PROJECT, Run

PLATFORM = Path(__file__).parents[2] / "examples" / "platform"
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "nowhere",
    "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
    "clusters": [{"name": "nowhere", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "nobody", "user": {"token": "none"}}],
}


@pytest.fixture(scope="module")
def platform() -> Iterator[Run]:
    """The platform's program under mocks, with the config of its stack dev."""
    before = set(sys.modules)
    config: dict[str, Any] = YAML(typ="safe").load(PLATFORM / "Pulumi.dev.yaml")["config"]
    # The engine hands over texts, and the mocks have a project name of their own.
    texts = {
        key.replace("platform:", f"{PROJECT}:"): value
        if isinstance(value, str)
        else json.dumps(value)
        for key, value in (config | {"platform:kubeconfig": KUBECONFIG}).items()
    }
    yield pulumi_program.run(
        lambda: runpy.run_path(str(PLATFORM), run_name="__main__"), config=texts
    )
    for name in set(sys.modules) - before:
        if name.split(".")[0] == "components":
            del sys.modules[name]


def test_its_own_folder_components_is_used(platform: Run) -> None:
    types = {resource.type for resource in platform.resources}
    assert {"platform:index:Dex", "ai-gateway-auth:index:AuthenticatedGateway"} <= types


def test_inputs_of_other_resources_arrive(platform: Run) -> None:
    (gateway,) = platform.objects("Gateway")
    assert gateway.plain["metadata"]["namespace"] == "edge"
    hostnames = [listener.get("hostname") for listener in gateway.spec["listeners"]]
    assert "models.dev.example.com" in hostnames
    policy = platform["models-oidc-policy"]
    (provider,) = policy.spec["jwt"]["providers"]
    assert provider["issuer"] == "https://idp.dev.example.com/dex"


def test_the_namespace_is_looked_up_and_not_made_twice(platform: Run) -> None:
    assert platform["models-gateway-namespace"].is_read
    assert not platform["edge"].is_read


def test_everything_goes_through_the_given_provider(platform: Run) -> None:
    made = [thing for thing in platform.resources if thing.type.startswith("kubernetes:")]
    assert made
    assert {thing.provider for thing in made} == {"cluster"}


def test_transforms_reach_the_children_only(platform: Run) -> None:
    def owner(name: str) -> str | None:
        return platform[name].plain["metadata"].get("labels", {}).get("example.com/owner")

    assert owner("models-gateway-gateway") == "platform"
    assert owner("models-api-keys-secret") == "platform"
    assert owner("edge") is None


def test_the_gateway_comes_after_dex(platform: Run) -> None:
    assert platform.comes_after(platform["models-gateway-gateway"], platform["dex"])


def test_it_tells_nobody_a_key(platform: Run) -> None:
    shown = json.dumps(platform.messages)
    for client_id in ("search.indexer", "search.ranker", "support-bot"):
        assert pulumi_program.random_text(f"models-api-keys-{client_id}-key-1") not in shown
