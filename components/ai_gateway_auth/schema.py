"""What editors and Pulumi are told of a stack's file, generated from the models.

`python -m ai_gateway_auth.schema [folder]` writes stacks/schema.json, stacks/consumers.schema.json
and the `config:` section of Pulumi.yaml in the folder, by default the current one.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema
from ruamel.yaml import YAML

from .models.consumer import Consumer
from .models.fields import ClientId
from .models.stack import StackConfig
from .stack_file import NOT_GIVEN, PROJECT

_ENCRYPTED: JsonSchemaValue = {"$ref": "#/$defs/Encrypted"}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WIDTH = 100


class Encrypted(BaseModel):
    """A secret, as `pulumi config set --secret` writes it."""

    model_config = ConfigDict(extra="forbid")

    secure: str


class _Schema(GenerateJsonSchema):
    """Says only what is not plain to see."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """No: a title made of the field's name says nothing new."""
        del schema
        return False


class _StackFileSchema(_Schema):
    """Allows an encrypted secret wherever a value may be pending: those fields have a wrapper."""

    def function_wrap_schema(
        self, schema: core_schema.WrapValidatorFunctionSchema
    ) -> JsonSchemaValue:
        encrypted = self.generate_inner(Encrypted.__pydantic_core_schema__)
        return {"anyOf": [super().function_wrap_schema(schema), encrypted]}


def editor_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of a stack's file. Keys of other namespaces are not looked at."""
    models = _models()
    properties = models["properties"]
    properties["consumers"] = _or_file(properties["consumers"])
    properties["importedKeys"]["additionalProperties"] = _ENCRYPTED
    keys = {f"{PROJECT}:{name}": _or_encrypted(key) for name, key in properties.items()}
    return {
        "$schema": _DIALECT,
        "title": f"A stack's file of {PROJECT}",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": keys,
                "patternProperties": {f"^(?!{PROJECT}:)": {}},
                "additionalProperties": False,
            }
        },
        "required": ["config"],
        "$defs": models["$defs"],
    }


def consumers_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of a consumers file, which holds no secrets."""
    consumers = TypeAdapter(dict[ClientId, Consumer]).json_schema(schema_generator=_Schema)
    return {
        "$schema": _DIALECT,
        "title": f"A consumers file of {PROJECT}",
        **consumers,
        "minProperties": 1,
    }


def project_config() -> dict[str, dict[str, str]]:
    """The `config:` section of Pulumi.yaml: every top-level key with its description.

    Only texts have a type: a typed object needs an object for its default, and Pulumi would then
    give the program `apiKey: {}`, which means something.
    """
    models = _models()
    return {
        f"{PROJECT}:{name}": ({"type": "string"} if _is_text(key, models["$defs"]) else {})
        | {"description": " ".join(key["description"].split()), "default": NOT_GIVEN}
        for name, key in models["properties"].items()
    }


def editor_schema_text() -> str:
    """The content of stacks/schema.json."""
    return json.dumps(editor_schema(), indent=2, ensure_ascii=False) + "\n"


def consumers_schema_text() -> str:
    """The content of stacks/consumers.schema.json."""
    return json.dumps(consumers_schema(), indent=2, ensure_ascii=False) + "\n"


def project_text(current: str) -> str:
    """The content of Pulumi.yaml: the current one with its `config:` section made anew."""
    yaml: Any = YAML()  # ruamel types none of its round trip
    yaml.width = _WIDTH
    project = yaml.load(current)
    project["config"] = project_config()
    text = io.StringIO()
    yaml.dump(project, text)
    return text.getvalue()


def write(folder: Path) -> None:
    """Write the three files below the folder of Pulumi.yaml."""
    stacks = folder / "stacks"
    (stacks / "schema.json").write_text(editor_schema_text(), encoding="utf-8")
    (stacks / "consumers.schema.json").write_text(consumers_schema_text(), encoding="utf-8")
    project = folder / "Pulumi.yaml"
    project.write_text(project_text(project.read_text(encoding="utf-8")), encoding="utf-8")


def _models() -> JsonSchemaValue:
    return StackConfig.model_json_schema(schema_generator=_StackFileSchema)


def _or_file(consumers: JsonSchemaValue) -> JsonSchemaValue:
    description = consumers.pop("description")
    file = {
        "type": "object",
        "properties": {
            "file": {
                "type": "string",
                "description": "Their file, from the folder of this one.",
            }
        },
        "required": ["file"],
        "additionalProperties": False,
    }
    return {"anyOf": [consumers, file], "description": description}


def _or_encrypted(key: JsonSchemaValue) -> JsonSchemaValue:
    """Pulumi can encrypt the value of any top-level key."""
    if _ENCRYPTED in key.get("anyOf", []):
        return key
    return {"anyOf": [key, _ENCRYPTED], "description": key["description"]}


def _is_text(key: JsonSchemaValue, models: JsonSchemaValue) -> bool:
    name = str(key.get("$ref", "")).rpartition("/")[2]
    ways = [key, models.get(name, {}), *key.get("anyOf", [])]
    return any(way.get("type") == "string" for way in ways)


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
