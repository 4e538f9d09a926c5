import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ai_gateway_auth import schema, stack_file
from ai_gateway_auth.models import StackConfig
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "Pulumi.yaml"
AGAIN = "run python -m ai_gateway_auth.schema"


def _project() -> dict[str, Any]:
    yaml: Any = YAML(typ="safe", pure=True)
    return yaml.load(PROJECT)


def test_the_files_are_what_the_models_give() -> None:
    assert (ROOT / "stacks" / "schema.json").read_text() == schema.editor_schema_text(), AGAIN
    consumers = ROOT / "stacks" / "consumers.schema.json"
    assert consumers.read_text() == schema.consumers_schema_text(), AGAIN
    assert PROJECT.read_text() == schema.project_text(PROJECT.read_text()), AGAIN


def test_write_makes_all_files(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: other\nconfig: {stale: {default: 1}}\n")
    schema.write(tmp_path)
    assert (tmp_path / "Pulumi.yaml").read_text().startswith("name: other\nconfig:\n")
    assert "stale" not in (tmp_path / "Pulumi.yaml").read_text()
    assert (tmp_path / "stacks" / "schema.json").read_text() == schema.editor_schema_text()
    consumers = tmp_path / "stacks" / "consumers.schema.json"
    assert consumers.read_text() == schema.consumers_schema_text()


def test_pulumi_finds_the_stacks_and_the_virtualenv() -> None:
    project = _project()
    assert project["name"] == stack_file.PROJECT
    assert project["stackConfigDir"] == "stacks"
    assert project["runtime"] == {
        "name": "python",
        "options": {"toolchain": "pip", "virtualenv": ".venv"},
    }


def test_no_key_is_mandatory_and_a_default_counts_as_not_given() -> None:
    config = _project()["config"]
    assert list(config) == [f"{stack_file.PROJECT}:{key}" for key in _keys()]
    for entry in config.values():
        assert entry["default"] == stack_file.NOT_GIVEN
        assert entry["description"]
        assert entry.get("type", "string") == "string"
    assert stack_file.given({key: entry["default"] for key, entry in config.items()}) == {}


def _keys() -> list[str]:
    return [field.alias or name for name, field in StackConfig.model_fields.items()]


@pytest.mark.parametrize(
    "config",
    [
        {"kubernetes:context": 1, "context": []},
        {"ai-gateway-auth:oidc": {"secure": "v1:abc"}},
        {"ai-gateway-auth:kubeconfig": {"secure": "v1:abc"}},
        {"ai-gateway-auth:apiKey": {"clientCidrs": [{"secure": "v1:abc"}]}},
        {"ai-gateway-auth:gateway": {"envoyProxy": {"resources": {"limits": {"cpu": 2}}}}},
        {"ai-gateway-auth:consumers": {"file": "consumers.prod.yaml"}},
        {"ai-gateway-auth:consumers": {"file": {"rotation": 2}, "alice": {}}},
        {"ai-gateway-auth:importedKeys": {"alice": {"secure": "v1:abc"}}},
        {"ai-gateway-auth:importedKeys": {"secure": "v1:abc"}},
    ],
)
def test_accepts(config: object) -> None:
    jsonschema.validate({"config": config}, schema.editor_schema())


@pytest.mark.parametrize(
    "config",
    [
        {"ai-gateway-auth:odic": {}},
        {"ai-gateway-auth:attach": "gateway"},
        {"ai-gateway-auth:apiKey": {"secretName": {"secure": "v1:abc"}}},
        {"ai-gateway-auth:oidc": {"providers": {}}},
        {"ai-gateway-auth:oidc": {"providers": {"idp": {"dex": {"address": "a"}}}}},
        {"ai-gateway-auth:wait": {"gateways": 1}},
        {"ai-gateway-auth:consumers": {"file": "consumers.prod.yaml", "alice": {}}},
        {"ai-gateway-auth:importedKeys": {"alice": "in plain"}},
    ],
)
def test_refuses(config: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": config}, schema.editor_schema())


@pytest.mark.parametrize("text", ["alice: {}\nfile: {}\n", "a: {since: 2026-01-01, team: b}\n"])
def test_a_consumers_file_is_accepted(text: str) -> None:
    yaml: Any = YAML(typ="safe", pure=True)
    found = json.loads(json.dumps(yaml.load(text), default=str))
    jsonschema.validate(found, schema.consumers_schema())


@pytest.mark.parametrize(
    "consumers",
    [{}, [], {"alice": None}, {"alice": {"mail": "a"}}, {"bob": {"team": {"secure": "v1:abc"}}}],
)
def test_a_consumers_file_is_refused(consumers: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(consumers, schema.consumers_schema())
