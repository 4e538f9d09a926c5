"""How the program of a stack reads its config: what Pulumi hands over, and the consumers file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import pulumi
import pytest
from ai_gateway_auth import program

from tests.pulumi_program import Run, attempt

API_KEY = {"listener": {"port": 8081}}
ALICE: dict[str, object] = {"apiKey": API_KEY, "consumers": {"alice": {}}}
FROM_FILE = {"apiKey": API_KEY, "consumers": {"file": "consumers.yaml"}}
KEY = "0123456789-0123456789-0123456789-0123456789"


class Read(NamedTuple):
    """What the program made of a config."""

    run: Run
    args: dict[str, Any]


def read(config: Mapping[str, object], *secret_keys: str) -> Read:
    texts = {
        f"ai-gateway-auth:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    args: dict[str, Any] = {}

    def take() -> None:
        args.update(cast("dict[str, Any]", program.stack_args()))

    secrets = [f"ai-gateway-auth:{key}" for key in secret_keys]
    return Read(attempt(take, config=texts, secret_keys=secrets), args)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder in which the program runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_imported_keys_in_plain_text_are_refused() -> None:
    done, args = read({**ALICE, "importedKeys": {"alice": KEY}})
    assert not args
    assert "\n  importedKeys\n    value:  [secret]\n" in done.error
    assert "pulumi config set --secret --path 'ai-gateway-auth:importedKeys.alice'" in done.error
    assert KEY not in f"{done.error}{done.messages}"


def test_imported_keys_that_are_secret_stay_so() -> None:
    done, args = read({**ALICE, "importedKeys": {"alice": KEY}}, "importedKeys")
    assert not done.error
    assert list(args["imported_keys"]) == ["alice"]
    assert isinstance(args["imported_keys"]["alice"], pulumi.Output)


def test_of_a_secret_key_only_what_may_be_late_becomes_an_output() -> None:
    method = {**API_KEY, "clientCidrs": ["10.0.0.0/8"], "extAuth": {"service": "a", "port": 1}}
    consumers = {"alice": {"team": "a", "importFrom": [{"name": "keys", "generation": 1}]}}
    config = {"apiKey": {**method, "lua": True, "policyName": "mine"}, "consumers": consumers}
    done, args = read(config, "apiKey", "consumers")
    assert not done.error
    assert isinstance(args["api_key"]["clientCidrs"][0], pulumi.Output)
    assert isinstance(args["api_key"]["extAuth"]["service"], pulumi.Output)
    assert args["api_key"]["policyName"] == "mine"
    assert args["api_key"]["listener"] == {"port": 8081}
    assert isinstance(args["consumers"]["alice"]["importFrom"][0]["name"], pulumi.Output)
    assert args["consumers"]["alice"]["team"] == "a"


def test_the_consumers_file_lies_beside_the_project_file(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("name: ai-gateway-auth\n")
    (project / "consumers.yaml").write_text("alice: {expires: 2099-01-31}\nfile: {}\n")
    done, args = read(FROM_FILE)
    assert not done.error
    assert args["consumers"] == {"alice": {"expires": "2099-01-31"}, "file": {}}


def test_or_in_the_folder_that_the_project_file_names(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("name: ai-gateway-auth\nstackConfigDir: stacks\n")
    (project / "stacks").mkdir()
    (project / "consumers.yaml").write_text("nobody: {}\n")
    (project / "stacks" / "consumers.yaml").write_text("alice: {}\n")
    assert read(FROM_FILE).args["consumers"] == {"alice": {}}


def test_a_consumer_may_be_called_file() -> None:
    assert read({**ALICE, "consumers": {"file": {}}}).args["consumers"] == {"file": {}}


def test_mistakes_of_the_file_come_with_all_others(project: Path) -> None:
    bad = {**FROM_FILE, "apiKey": {"listener": {"port": 0}}}
    error = read(bad).run.error
    assert error.startswith("stack test: the config has 2 mistakes; nothing was changed.")
    assert "\n  apiKey.listener.port\n" in error
    assert '\n  consumers.file\n    value:  "consumers.yaml"\n' in error
    (project / "consumers.yaml").write_text("alice: {rotation: 0}\nbob smith: {}\n")
    error = read(bad).run.error
    assert "the config has 3 mistakes" in error
    assert "\n  consumers.alice.rotation, in consumers.yaml\n" in error
    assert "\n  consumers.bob smith, in consumers.yaml\n" in error


def test_a_date_arrives_as_go_writes_it() -> None:
    alice = {"expires": "2099-01-31 00:00:00 +0000 UTC"}
    assert not read({**ALICE, "consumers": {"alice": alice}}).run.error
