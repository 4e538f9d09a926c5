import stat
from pathlib import Path

import pytest

from lab.deployer.result import DeployError
from lab.deployer.state import Identity, Record, State, deletion_order


def record(name: str, *needs: str, parent: str = "") -> Record:
    return Record(urn=name, type="test", dependencies=list(needs), parent=parent)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    kept = record("a", "b")
    kept.object = Identity("v1", "ConfigMap", "a", "default")
    kept.values = {"base64": "eA=="}
    State(path).keep(kept)
    assert State(path).resources == {"a": kept}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path)
    old, new = record("a"), record("a")
    state.keep(old)
    state.supersede(old)
    state.keep(new)
    assert len(State(path).replaced) == 1
    state.forget(old)
    assert State(path).resources.keys() == {"a"}
    assert State(path).replaced == []


def test_a_renamed_resource_is_found_by_what_refers_to_it(tmp_path: Path) -> None:
    state = State(tmp_path / "state.json")
    state.keep(record("old"))
    state.keep(record("child", "old", parent="old"))
    state.rename("old", "new")
    child = State(tmp_path / "state.json").resources["child"]
    assert (child.dependencies, child.parent) == (["new"], "new")


@pytest.mark.parametrize("text", ["", "{}", '{"version": 99}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(DeployError, match="can't be read"):
        State(path)


def test_dependents_are_deleted_first() -> None:
    records = [
        record("namespace"),
        record("component"),
        record("secret", "namespace", parent="component"),
        record("policy", "secret"),
        record("alone"),
    ]
    order = [entry.urn for entry in deletion_order(records)]
    assert order.index("policy") < order.index("secret") < order.index("namespace")
    assert order.index("secret") < order.index("component")
    assert sorted(order) == sorted(entry.urn for entry in records)


def test_an_object_is_the_same_in_another_version_of_its_group() -> None:
    one = Identity("gateway.networking.k8s.io/v1", "Gateway", "a", "b")
    assert one.is_same_object(Identity("gateway.networking.k8s.io/v1beta1", "Gateway", "a", "b"))
    assert not one.is_same_object(Identity("other.io/v1", "Gateway", "a", "b"))
    assert not one.is_same_object(Identity("gateway.networking.k8s.io/v1", "Gateway", "a", "c"))
