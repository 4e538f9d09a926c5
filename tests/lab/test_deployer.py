"""Both deployers on a real API server: the same programs, and the same expectations."""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from filelock import FileLock
from ruamel.yaml import YAML

from lab.client import Lab
from lab.deployer import (
    Deployer,
    DeployError,
    Deployment,
    InProcess,
    PulumiCli,
    Secret,
    choose,
    missing_programs,
    pulumi_stack,
)
from lab.kubernetes_api import KubernetesApi, Object

pytestmark = pytest.mark.lab

PROGRAMS = Path(__file__).parent / "programs"
REQUIRE = "AI_GATEWAY_AUTH_REQUIRE_REAL"


@dataclass
class Site:
    """A namespace of its own, and a program that is deployed into it."""

    deployer: Deployer
    folder: Path
    kubeconfig: Path
    namespace: str = field(default_factory=lambda: f"deployer-{uuid4().hex[:8]}")
    program: str = "objects"
    lines: list[str] = field(default_factory=list[str])

    def _run(
        self,
        action: Callable[..., Deployment],
        config: dict[str, Any],
        say: Callable[[str], None] | None = None,
    ) -> Deployment:
        stack_file = self.folder / "Pulumi.dev.yaml"
        values = {f"{self.program}:{key}": value for key, value in config.items()}
        with stack_file.open("w") as file:
            YAML(typ="safe").dump({"config": values}, file)
        return action(
            stack_file,
            program=PROGRAMS / self.program,
            kubeconfig=self.kubeconfig,
            state=self.folder / "state",
            say=say or self.lines.append,
        )

    def deploy(self, say: Callable[[str], None] | None = None, **config: object) -> Deployment:
        return self._run(self.deployer.deploy, {"namespace": self.namespace, **config}, say)

    def destroy(self, **config: object) -> Deployment:
        return self._run(self.deployer.destroy, {"namespace": self.namespace, **config})

    def path(self, kind: str, name: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{kind}/{name}"

    def in_order(self, *texts: str) -> bool:
        """Whether lines with these texts were shown in this order."""
        remaining = iter(self.lines)
        return all(any(text in line for line in remaining) for text in texts)


def _pulumi() -> PulumiCli:
    missing = missing_programs()
    if missing and os.environ.get(REQUIRE) == "1":
        pytest.fail(f"not on PATH: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    return PulumiCli()


@pytest.fixture(params=["in-process", pytest.param("pulumi", marks=pytest.mark.real)])
def site(
    request: pytest.FixtureRequest, tmp_path: Path, lab: Lab, api: KubernetesApi
) -> Iterator[Site]:
    deployer = InProcess() if request.param == "in-process" else _pulumi()
    made = Site(deployer, tmp_path, lab.kubeconfig)
    yield made
    api.delete(f"/api/v1/namespaces/{made.namespace}")


@pytest.fixture
def in_process(tmp_path: Path, lab: Lab, api: KubernetesApi) -> Iterator[Site]:
    made = Site(InProcess(), tmp_path, lab.kubeconfig)
    yield made
    api.delete(f"/api/v1/namespaces/{made.namespace}")


def found(api: KubernetesApi, path: str) -> Object:
    thing = api.get(path)
    assert thing is not None, path
    return thing


def paths(site: Site) -> list[str]:
    return [
        f"/api/v1/namespaces/{site.namespace}",
        site.path("configmaps", "one"),
        site.path("configmaps", "two"),
        site.path("secrets", "keys"),
    ]


def versions(site: Site, api: KubernetesApi) -> list[str]:
    return [found(api, path)["metadata"]["resourceVersion"] for path in paths(site)]


def test_outputs_are_live_and_secrets_stay_hidden(site: Site, api: KubernetesApi) -> None:
    made = site.deploy()
    namespace = found(api, f"/api/v1/namespaces/{site.namespace}")
    assert made.outputs["uid"] == namespace["metadata"]["uid"]
    assert made.outputs["phase"] == "Active"
    assert made.outputs["existing"] == "kube-system"
    assert made.outputs["checked"] == "checked"
    key = made.outputs["key"]
    assert isinstance(key, Secret)
    assert len(key.reveal()) == 16
    assert isinstance(made.outputs["data"], Secret)
    assert key.reveal() not in f"{made} {made!r} {site.lines}"
    assert made.kind in str(made)
    assert (made.created, made.changed) == (8, 8)


def test_a_second_run_writes_nothing(site: Site, api: KubernetesApi) -> None:
    first = site.deploy()
    before = versions(site, api)
    second = site.deploy()
    assert versions(site, api) == before
    assert (second.changed, second.unchanged) == (0, first.created)
    assert second.outputs == first.outputs


def test_creation_and_deletion_follow_the_dependencies(site: Site, api: KubernetesApi) -> None:
    names = ["five", "four", "three", "two", "one"]
    site.deploy(names=names)
    maps = [found(api, site.path("configmaps", name))["metadata"] for name in names]
    secret = found(api, site.path("secrets", "keys"))["metadata"]
    order = [int(thing["resourceVersion"]) for thing in [*maps, secret]]
    assert order == sorted(order)
    assert {thing["labels"]["transformed"] for thing in maps} == {"yes"}
    site.lines.clear()
    site.destroy(names=names)
    assert api.get(f"/api/v1/namespaces/{site.namespace}") is None
    assert not [line for line in site.lines if line.startswith("creat")]


def test_what_is_no_longer_registered_is_deleted(site: Site, api: KubernetesApi) -> None:
    site.deploy(names=["one", "two", "three"])
    after = site.deploy(names=["one"])
    assert (after.deleted, after.changed) == (2, 2)
    assert api.get(site.path("configmaps", "two")) is None
    assert api.get(site.path("configmaps", "three")) is None
    found(api, site.path("configmaps", "one"))


def test_a_failing_program_deletes_nothing(site: Site, api: KubernetesApi) -> None:
    made = site.deploy(names=["one", "two"])
    with pytest.raises(DeployError, match="Keys are out of order") as raised:
        site.deploy(names=["one"], fail="Keys are out of order")
    found(api, site.path("configmaps", "two"))
    secret = made.outputs["key"].reveal()
    assert secret not in f"{raised.value} {site.lines}"
    assert site.deploy(names=["one"]).deleted == 1


def test_a_changed_secret_is_updated_in_place_when_it_may(site: Site, api: KubernetesApi) -> None:
    site.deploy(mutable=True)
    before = found(api, site.path("secrets", "keys"))
    changed = site.deploy(mutable=True, version="2")
    after = found(api, site.path("secrets", "keys"))
    assert (changed.updated, changed.changed) == (1, 1)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["data"]["alice"] == before["data"]["alice"]
    assert after["data"]["version"] != before["data"]["version"]


def test_a_changed_secret_is_replaced_otherwise(site: Site, api: KubernetesApi) -> None:
    site.deploy()
    before = found(api, site.path("secrets", "keys"))
    changed = site.deploy(version="2")
    after = found(api, site.path("secrets", "keys"))
    assert (changed.replaced, changed.changed) == (1, 1)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


def test_a_renamed_object_is_made_before_the_old_one_goes(site: Site, api: KubernetesApi) -> None:
    site.deploy(names=["one", "two"])
    site.lines.clear()
    renamed = site.deploy(names=["one", "other"])
    assert renamed.replaced == 1
    assert api.get(site.path("configmaps", "two")) is None
    found(api, site.path("configmaps", "other"))


def test_an_alias_keeps_a_component_and_its_children(site: Site, api: KubernetesApi) -> None:
    site.deploy()
    before = versions(site, api)
    moved = site.deploy(component="charts")
    assert versions(site, api) == before
    assert moved.changed == 0


def test_an_object_of_somebody_else_is_refused(site: Site, api: KubernetesApi) -> None:
    api.create("/api/v1/namespaces", {"metadata": {"name": site.namespace}})
    with pytest.raises(DeployError, match="exists"):
        site.deploy()
    assert "managedFields" in found(api, f"/api/v1/namespaces/{site.namespace}")["metadata"]
    assert api.get(site.path("configmaps", "one")) is None


def test_what_is_protected_is_not_deleted(site: Site, api: KubernetesApi) -> None:
    site.deploy(protect=True)
    with pytest.raises(DeployError, match="protect"):
        site.destroy(protect=True)
    found(api, site.path("secrets", "keys"))
    site.deploy(protect=False)
    site.destroy()


def test_the_annotations_are_waited_for(site: Site, api: KubernetesApi) -> None:
    site.program = "waits"
    try:
        assert site.deploy().outputs["generation"] == 1
    finally:
        site.destroy()
    assert api.get("/apis/deployer.test/v1") is None


def test_an_object_that_does_not_become_ready_fails(site: Site, api: KubernetesApi) -> None:
    site.program = "waits"
    try:
        with pytest.raises(DeployError):
            site.deploy(state="bad")
        found(api, "/apis/deployer.test/v1/namespaces/default/widgets/widget")
        with pytest.raises(DeployError):
            site.deploy(state="bad")
        assert site.deploy(state="good").updated == 1
    finally:
        site.destroy()


def test_the_configuration_reaches_the_program(site: Site) -> None:
    site.program = "values"
    made = site.deploy(a="yes", b=True, n=12, f=1.5, m={"x": [1, 2.5, True, None, "off"]}, keys=1)
    plain = {"a": "yes", "b": "true", "d": None, "n": "12", "f": "1.5", "greeting": "hello"}
    assert {key: made.outputs["plain"].get(key) for key in plain} == plain
    assert made.outputs["structured"] == {"x": [1, 2.5, True, None, "off"]}
    assert made.outputs["ports"] == [80, 443]
    assert made.outputs["project"] == ["organization", "values", "dev"]
    assert made.outputs["preview"] is False
    assert made.messages == ("warning: careful",)
    site.destroy()


def test_a_secret_is_not_shown_even_when_the_program_prints_it(in_process: Site) -> None:
    in_process.program = "values"
    made = in_process.deploy(leak=True)
    key = made.outputs["keys"]["keys-0"].reveal()
    assert key not in f"{made.messages} {in_process.lines}"
    assert "warning: the key is [secret]" in made.messages
    with pytest.raises(DeployError, match=r"no good: \[secret\]"):
        in_process.deploy(fail=True)
    assert key not in str(in_process.lines)


def test_the_state_is_for_its_owner_only(in_process: Site) -> None:
    in_process.deploy()
    state = in_process.folder / "state"
    assert stat.S_IMODE((state / "in-process.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert not list(state.glob(".result*"))


def test_steps_are_shown_in_their_order(in_process: Site) -> None:
    in_process.deploy(names=["one", "two"])
    place = in_process.namespace
    assert in_process.in_order(
        f"creating Namespace {place}",
        f"creating ConfigMap {place}/one",
        f"creating ConfigMap {place}/two",
        f"creating Secret {place}/keys",
    )
    in_process.lines.clear()
    in_process.destroy()
    assert in_process.in_order(
        f"deleting Secret {place}/keys",
        f"deleting ConfigMap {place}/two",
        f"deleting ConfigMap {place}/one",
        f"deleting Namespace {place}",
    )


def test_what_was_deleted_by_hand_is_made_again(in_process: Site, api: KubernetesApi) -> None:
    in_process.deploy()
    api.delete(in_process.path("configmaps", "one"))
    assert in_process.deploy().created == 1
    found(api, in_process.path("configmaps", "one"))


def test_an_interrupted_run_is_taken_up_again(in_process: Site, api: KubernetesApi) -> None:
    def interrupt(line: str) -> None:
        if "creating ConfigMap" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_process.deploy(say=interrupt)
    assert api.get(in_process.path("secrets", "keys")) is None
    in_process.deploy()
    found(api, in_process.path("secrets", "keys"))
    in_process.destroy()
    assert api.get(f"/api/v1/namespaces/{in_process.namespace}") is None


def test_an_object_of_a_crashed_run_is_recognised(in_process: Site, api: KubernetesApi) -> None:
    in_process.deploy()
    before = [found(api, path)["metadata"]["uid"] for path in paths(in_process)]
    state = in_process.folder / "state" / "in-process.json"
    content = json.loads(state.read_text())
    for record in content["resources"]:
        record["pending_since"] = "2026-01-01T00:00:00Z" if record["object"] else ""
    state.write_text(json.dumps(content))
    in_process.deploy()
    assert [found(api, path)["metadata"]["uid"] for path in paths(in_process)] == before


def test_an_encrypted_value_is_refused(in_process: Site, api: KubernetesApi) -> None:
    with pytest.raises(DeployError, match=r"failed\. objects:token in .* is encrypted"):
        in_process.deploy(token={"secure": "v1:abc"})
    assert api.get(f"/api/v1/namespaces/{in_process.namespace}") is None


def test_a_state_in_use_is_refused(in_process: Site) -> None:
    in_process.deploy()
    with (
        FileLock(in_process.folder / "state" / ".lock"),
        pytest.raises(DeployError, match="Another deployment"),
    ):
        in_process.deploy()


def test_the_engine_knows_nothing_of_the_other_deployers_objects(
    in_process: Site, api: KubernetesApi
) -> None:
    in_process.deploy()
    before = versions(in_process, api)
    in_process.deployer = PulumiCli()
    with pytest.raises(DeployError, match="in-process deployer"):
        in_process.deploy()
    assert versions(in_process, api) == before


@pytest.mark.real
def test_the_commands_of_the_cli(tmp_path: Path, lab: Lab, api: KubernetesApi) -> None:
    _pulumi()
    site = Site(PulumiCli(), tmp_path, lab.kubeconfig)
    stack_file = tmp_path / "Pulumi.dev.yaml"
    stack_file.write_text(f"config:\n  objects:namespace: {site.namespace}\n")
    stack = pulumi_stack.prepare(
        stack_file,
        program=PROGRAMS / site.program,
        kubeconfig=lab.kubeconfig,
        folder=tmp_path / "pulumi",
    )
    try:
        assert {step.operation for step in stack.preview_steps()} == {"create", "read"}
        assert stack.outputs() == {}
        made = stack.up()
        assert stack.outputs() == made.outputs
        stack.refresh()  # it completes the object that is only read
        assert stack.refresh().changed == 0
        assert {step.operation for step in stack.preview_steps()} == {"same", "read"}
        key = made.outputs["key"].reveal()
        assert key not in f"{stack.preview()} {stack.export()}"
        assert "pulumi up (Pulumi v" in made.kind
    finally:
        stack.destroy()
    assert api.get(f"/api/v1/namespaces/{site.namespace}") is None
    private = [tmp_path / "pulumi" / "passphrase"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o600]


def test_the_in_process_deployer_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert shutil.which("pulumi") is None
    kind = choose().kind
    assert kind == "in-process deployer (simulated: not the Pulumi engine, no preview)"
