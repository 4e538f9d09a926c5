import traceback
from pathlib import Path

import pytest
from ai_gateway_auth import stack_file
from ai_gateway_auth.models import ConfigError, Pending


def _read(folder: Path, text: str) -> stack_file.StackFile:
    file = folder / "Pulumi.test.yaml"
    file.write_text(text, encoding="utf-8")
    return stack_file.read(file)


def test_keys_lose_the_name_of_the_project(tmp_path: Path) -> None:
    text = "config:\n  ai-gateway-auth:context: prod\n  attach: route\n"
    assert _read(tmp_path, text).raw == {"context": "prod", "attach": "route"}


def test_other_namespaces_are_left_alone(tmp_path: Path) -> None:
    text = "encryptionsalt: v1:x\nconfig:\n  kubernetes:context: a\n  pulumi:tags: {a: b}\n"
    assert _read(tmp_path, text) == ({}, set(), {}, [])


@pytest.mark.parametrize("text", ["", "config:\n", "encryptionsalt: v1:x\n"])
def test_a_file_without_config_is_empty(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text).raw == {}


def test_secrets_are_pending_and_known_by_their_path(tmp_path: Path) -> None:
    text = """
config:
  ai-gateway-auth:kubeconfig: {secure: v1:abc}
  ai-gateway-auth:apiKey:
    clientCidrs: [10.0.0.0/8, {secure: v1:def}]
    extAuth: {secure: v1:ghi, port: 1}
"""
    raw, secret_paths, _, _ = _read(tmp_path, text)
    assert secret_paths == {("kubeconfig",), ("apiKey", "clientCidrs", 1)}
    assert isinstance(raw["kubeconfig"], Pending)
    assert "v1:abc" not in repr(raw)
    assert "v1:def" not in repr(raw)


def test_dates_and_numbers_are_what_json_has(tmp_path: Path) -> None:
    text = "config:\n  a: {day: 2027-01-31, number: 1, fraction: 1.5, yes: true, none: null}\n"
    assert _read(tmp_path, text).raw == {
        "a": {"day": "2027-01-31", "number": 1, "fraction": 1.5, "yes": True, "none": None}
    }


def test_yaml_1_2_knows_no_other_booleans(tmp_path: Path) -> None:
    assert _read(tmp_path, "config:\n  a: {on: off}\n").raw == {"a": {"on": "off"}}


def test_aliases_and_merges_are_read(tmp_path: Path) -> None:
    text = """
config:
  a: &a {x: 1, y: 2}
  b: *a
  c: {<<: *a, y: 3}
"""
    assert _read(tmp_path, text).raw["b"] == {"x": 1, "y": 2}
    assert _read(tmp_path, text).raw["c"] == {"x": 1, "y": 3}


def test_an_empty_key_is_not_given(tmp_path: Path) -> None:
    text = 'config:\n  ai-gateway-auth:oidc: ""\n  ai-gateway-auth:attach: route\n'
    assert _read(tmp_path, text).raw == {"attach": "route"}
    assert stack_file.given({"oidc": "", "apiKey": {}}) == {"apiKey": {}}


def test_a_secret_is_given(tmp_path: Path) -> None:
    assert list(_read(tmp_path, "config:\n  kubeconfig: {secure: v1:abc}\n").raw) == ["kubeconfig"]


HIDDEN = "hunter2"
BROKEN = f"config:\n  a: [{HIDDEN}\n  b: {{{HIDDEN}: }}}}\n"


def test_a_broken_file_does_not_show_its_content(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, BROKEN)
    assert HIDDEN not in "".join(traceback.format_exception(caught.value))


def test_a_missing_file_is_told_by_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        stack_file.read(tmp_path / "Pulumi.none.yaml")


def _beside(folder: Path, consumers: str) -> stack_file.StackFile:
    (folder / "consumers.yaml").write_text(consumers, encoding="utf-8")
    return _read(folder, "config:\n  consumers: {file: consumers.yaml}\n")


def test_consumers_come_from_their_file(tmp_path: Path) -> None:
    found = _beside(tmp_path, "alice: &same {expires: 2099-01-31}\nbob: *same\nfile: {}\n")
    alice = {"expires": "2099-01-31"}
    assert found.raw == {"consumers": {"alice": alice, "bob": alice, "file": {}}}
    assert found.files == {("consumers",): "consumers.yaml"}
    assert found.mistakes == []


def test_a_consumers_file_may_lie_deeper(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "all.yaml").write_text("alice: {}\n")
    found = _read(tmp_path, "config:\n  consumers: {file: teams/all.yaml}\n")
    assert found.raw == {"consumers": {"alice": {}}}


def test_a_consumer_may_be_called_file_or_secure(tmp_path: Path) -> None:
    found = _read(tmp_path, "config:\n  consumers: {file: {}, secure: {}}\n")
    assert found.raw == {"consumers": {"file": {}, "secure": {}}}
    assert found.files == {}
    assert _beside(tmp_path, "secure: {}\n").mistakes == []


def test_what_a_bad_consumers_file_says_is_not_known(tmp_path: Path) -> None:
    found = _beside(tmp_path, "alice: {}\nalice: {}\n")
    assert isinstance(found.raw["consumers"], Pending)
    assert [mistake.path for mistake in found.mistakes] == [("consumers", "alice")]


def test_encrypted_keys_are_imported(tmp_path: Path) -> None:
    whole = "config:\n  importedKeys: {secure: v1:abc}\n"
    single = "config:\n  importedKeys: {alice: {secure: v1:abc}, b.c: {secure: v1:abc}}\n"
    assert _read(tmp_path, whole).mistakes == []
    assert _read(tmp_path, single).mistakes == []
    assert _read(tmp_path, single).secret_paths == {
        ("importedKeys", "alice"),
        ("importedKeys", "b.c"),
    }
