"""One file per bad config, with its whole message as a golden beside it.

`UPDATE_GOLDENS=1` writes the messages anew; a reviewer reads the difference.
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import ai_gateway_auth
import pytest
from ai_gateway_auth.models.validation import _WORDS_BY_TYPE  # pyright: ignore[reportPrivateUsage]

from tests import goldens
from tests.unit.config.cases import (
    COMPONENTS,
    GOLDEN,
    TODAY,
    ConfigError,
    StackConfig,
    check,
    message,
)

FOLDERS = (GOLDEN / "bad", GOLDEN / "bad_components")
CONFIGS = sorted(path for folder in FOLDERS for path in folder.glob("*.yaml"))
LARGE = GOLDEN / "large"
"""Messages about configs that are too large for a file."""
SOURCES = Path(ai_gateway_auth.__file__).parent
READERS = ("consumers_file.py", "plain_yaml.py", "stack_file.py")
FEWEST = 60


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_message(config: Path) -> None:
    golden = config.with_suffix(".txt")
    text = message(config)
    if os.environ.get("UPDATE_GOLDENS") == "1":
        assert "CI" not in os.environ, "goldens are compared, never written, in CI"
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


def _of_many(count: int, shards: int) -> dict[str, object]:
    """Consumers with ids as long as a DNS label, an imported key and an overlap each."""
    consumer = {"overlapFor": "7d", "importFrom": [{"name": "keys-by-hand"}]}
    return {
        "apiKey": {"listener": {"port": 8081}, "shards": {"count": shards}},
        "consumers": {f"client-{number:056}": consumer for number in range(count)},
    }


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("one-secret-is-too-full", _of_many(1000, 1)),
        ("more-secrets-than-there-can-be", _of_many(40000, 64)),
        ("more-mistakes-than-are-told", {"oidc": dict.fromkeys(map(str, range(200)))}),
    ],
)
def test_message_about_a_large_config(name: str, raw: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        check(StackConfig, raw, today=TODAY)
    goldens.check(LARGE / f"{name}.txt", f"{caught.value}\n")


def test_every_message_has_a_config() -> None:
    unused = [
        golden
        for folder in FOLDERS
        for golden in folder.iterdir()
        if golden.is_file()
        and golden.suffix != ".yaml"
        and golden.with_suffix(".yaml") not in CONFIGS
    ]
    assert not unused


def test_there_are_many() -> None:
    assert len(CONFIGS) >= FEWEST


def test_a_message_tells_field_value_rule_and_remedy() -> None:
    for config in CONFIGS:
        text = config.with_suffix(".txt").read_text(encoding="utf-8")
        told = [
            line[: line.index(":")].strip() for line in text.splitlines() if line[:4] == " " * 4
        ]
        assert told, config
        assert told == ["value", "rule", "remedy"] * (len(told) // 3), config


def test_no_ciphertext_is_told() -> None:
    for config in CONFIGS:
        assert "ciphertext" not in config.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_rule_has_a_bad_config() -> None:
    told = _told_rules()
    silent = [
        f"{where}: {pattern}"
        for where, pattern in _written_rules()
        if not any(re.fullmatch(pattern, rule) for rule in told)
    ]
    assert not silent


def test_every_error_of_pydantic_has_words_and_a_bad_config() -> None:
    kinds = {kind for model in (StackConfig, *COMPONENTS.values()) for kind in _kinds(model)}
    assert kinds == set(_WORDS_BY_TYPE)
    told = _told_rules()
    for kind, (rule, _) in _WORDS_BY_TYPE.items():
        pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(rule))
        assert any(re.fullmatch(pattern, line) for line in told), kind


def _told_rules() -> set[str]:
    files = [*(config.with_suffix(".txt") for config in CONFIGS), *LARGE.glob("*.txt")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return {
        line.strip().removeprefix("rule:").strip()
        for text in texts
        for line in text.splitlines()
        if line.startswith("    rule:")
    }


def _written_rules() -> Iterator[tuple[str, str]]:
    """Each rule in the sources, as a pattern: the argument of `broken`, `Mistake`, `_refused`."""
    position = {"broken": 0, "Mistake": 2, "_refused": 2}
    for path in [*sorted((SOURCES / "models").glob("*.py")), *(SOURCES / name for name in READERS)]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            index = position.get(node.func.id, len(node.args))
            if index < len(node.args) and isinstance(
                node.args[index], ast.Constant | ast.JoinedStr
            ):
                yield f"{path.name}:{node.lineno}", _pattern(node.args[index])


def _pattern(text: ast.expr) -> str:
    if isinstance(text, ast.Constant):
        return re.escape(str(text.value))
    assert isinstance(text, ast.JoinedStr)
    return "".join(
        _pattern(part) if isinstance(part, ast.Constant) else ".+" for part in text.values
    )


KINDS_BY_SCHEMA = {
    "bool": {"bool_type", "bool_parsing"},
    "date": {"date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"},
    "dict": {"dict_type"},
    "enum": {"enum"},
    "int": {"int_type"},
    "list": {"list_type"},
    "model": {"model_type", "missing"},
    "str": {"string_type"},
}
KINDS_BY_LIMIT = {
    "ge": "greater_than_equal",
    "le": "less_than_equal",
    "max_length": "too_long",
    "min_length": "too_short",
}
NO_SCHEMAS = {"default", "function", "json_schema_input_schema", "metadata"}
KNOWN_OTHERS = {
    "definitions",
    "definition-ref",
    "function-after",
    "function-before",
    "function-wrap",
    "default",
    "model-field",
    "model-fields",
    "nullable",
}


def _kinds(model: Any) -> Iterator[str]:  # noqa: ANN401 - pydantic's schema is untyped
    """The error types that a model can yield, from the schema that pydantic made of it."""
    todo: list[Any] = [model.__pydantic_core_schema__]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            schema = cast("dict[str, Any]", node)
            kind = schema.get("type")
            if isinstance(kind, str):
                assert kind in KINDS_BY_SCHEMA or kind in KNOWN_OTHERS, kind
                yield from KINDS_BY_SCHEMA.get(kind, ())
                yield from (KINDS_BY_LIMIT[limit] for limit in KINDS_BY_LIMIT if limit in schema)
            todo += [value for key, value in schema.items() if key not in NO_SCHEMAS]
        elif isinstance(node, list):
            todo += cast("list[Any]", node)
