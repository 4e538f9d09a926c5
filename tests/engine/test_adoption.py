"""The stack's state is lost, and its objects are there and in use."""

import shutil
from typing import Any

import httpx
import pytest

from lab.deployer import DeployError
from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.engine.engine import Change, changed, cli, engine, logical_name
from tests.engine.undisturbed import (
    SECRET,
    await_keys,
    header,
    live_keys,
    objects,
    served,
    undisturbed,
)
from tests.lab.callers import await_status
from tests.lab.stack import Stack, Stacks
from tests.leaks import leaks

pytestmark = [pytest.mark.lab, pytest.mark.real]


@pytest.fixture(scope="module")
def deployed_once(stacks: Stacks, api: KubernetesApi) -> Stack:
    """A stack whose consumer alice has two keys, and whose Secret was updated in place."""
    stack = stacks.new("lost")
    stack.config["consumers"]["gone"] = {}
    stack.deploy()
    stack.config["consumers"]["alice"] = {"rotation": 2, "overlapFor": "7d"}
    stack.deploy()
    assert live_keys(stack, api).keys() == {"alice", "alice.previous", "ci-runner", "gone"}
    return stack


@pytest.fixture
def lost(deployed_once: Stack, api: KubernetesApi, http: httpx.Client) -> Stack:
    """The same, and nobody has its state."""
    shutil.rmtree(deployed_once.folder / "state")
    await_keys(deployed_once, http, live_keys(deployed_once, api).values())
    return deployed_once


def test_without_adopt_nothing_is_overwritten(
    lost: Stack, api: KubernetesApi, upstream: Upstream
) -> None:
    with undisturbed(lost, api, upstream):
        with pytest.raises(DeployError, match=f'namespaces "{lost.namespace}" already exists'):
            engine(lost).up()
        # Nor is it taken down by the one who tidies up the new state.
        engine(lost).destroy()


def test_adopting(lost: Stack, api: KubernetesApi, upstream: Upstream, http: httpx.Client) -> None:
    keys, before = live_keys(lost, api), objects(lost, api)
    staying = [key for entry, key in keys.items() if entry != "gone"]
    with served(lost, upstream, staying):
        with changed(lost, _adopt) as pulumi:
            adopted = pulumi.up()
            told = cli(pulumi, "preview", "--diff").stdout + str(pulumi.export())
        assert leaks(told, keys.values()) == []
        assert adopted.created == adopted.changed
        assert (live_keys(lost, api), objects(lost, api)) == (keys, before)

        assert _planned(lost) == [("update", "maas-kubernetes")]
        lost.deploy()
        assert lost.keys == {entry: key for entry, key in keys.items() if entry != "alice.previous"}
        assert (live_keys(lost, api), objects(lost, api)) == (keys, before)
        assert _planned(lost) == []

        # Server-side apply removes no field that somebody else has too: the lost stack has hers.
        assert len(_writers_of(lost, api, "gone")) == 2
        lost.config["consumers"]["gone"]["revoked"] = True
        lost.deploy()
        await_status(401, http, lost.url("apiKey"), header(keys["gone"]))
    del keys["gone"]
    assert live_keys(lost, api) == keys


def _remove_consumer(config: dict[str, Any]) -> None:
    del config["consumers"]["ci-runner"]


def _end_overlap(config: dict[str, Any]) -> None:
    config["consumers"]["alice"] = {"rotation": 3}


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        pytest.param(_remove_consumer, "ci-runner", id="a consumer less"),
        pytest.param(_end_overlap, "alice.previous", id="a later generation"),
    ],
)
def test_adopting_with_another_config_is_refused(
    lost: Stack, api: KubernetesApi, upstream: Upstream, change: Change, entry: str
) -> None:
    refused = f"adopting would change or remove keys that are in use: {SECRET}/{entry}."
    with undisturbed(lost, api, upstream), changed(lost, _adopt, change) as pulumi:
        previewed = cli(pulumi, "preview")
        assert previewed.returncode != 0
        assert refused in previewed.stdout + previewed.stderr
        with pytest.raises(DeployError, match=refused):
            pulumi.up()


def _adopt(config: dict[str, Any]) -> None:
    config["adopt"] = True


def _planned(stack: Stack) -> list[tuple[str, str]]:
    steps = engine(stack).preview_steps()
    return [(step.operation, logical_name(step.urn)) for step in steps if step.operation != "same"]


def _writers_of(stack: Stack, api: KubernetesApi, entry: str) -> list[str]:
    managed = stack.read(api, "secrets", SECRET)["metadata"]["managedFields"]
    data = {each["manager"]: each["fieldsV1"].get("f:data", {}) for each in managed}
    return [manager for manager, fields in data.items() if f"f:{entry}" in fields]
