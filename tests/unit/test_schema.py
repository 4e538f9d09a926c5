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
    assert PROJECT.read_text() == schema.project_text(PROJECT.read_text()), AGAIN


def test_write_makes_both_files(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: other\nconfig: {stale: {default: 1}}\n")
    schema.write(tmp_path)
    assert (tmp_path / "Pulumi.yaml").read_text().startswith("name: other\nconfig:\n")
    assert "stale" not in (tmp_path / "Pulumi.yaml").read_text()
    assert (tmp_path / "stacks" / "schema.json").read_text() == schema.editor_schema_text()


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
    ],
)
def test_refuses(config: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": config}, schema.editor_schema())
