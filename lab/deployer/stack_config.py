"""A stack's configuration as the engine hands it to a program (Pulumi 3.259)."""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML, YAMLError

from lab.deployer.result import DeployError
from lab.deployer.values import is_object

_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


@dataclass(frozen=True)
class StackConfig:
    """What a run of the program is told."""

    project: str
    stack: str
    main: Path
    values: dict[str, str]
    """By `namespace:key`; structured values as JSON."""


def stack_name(stack_file: Path) -> str:
    """The stack of `Pulumi.<stack>.yaml`.

    Raises:
        DeployError: the file isn't called so.
    """
    kind, _, stack = stack_file.name.removesuffix(".yaml").partition(".")
    if kind != "Pulumi" or not stack or stack_file.suffix != ".yaml":
        raise DeployError(
            f"{stack_file} isn't a stack's file. Its name says which stack it is. "
            "Call it Pulumi.<stack>.yaml."
        )
    return stack


def load(stack_file: Path, program: Path) -> StackConfig:
    """Read a stack's file and its project's `Pulumi.yaml`.

    Raises:
        DeployError: a file can't be read, a value is encrypted, missing or of the wrong type.
    """
    stack = stack_name(stack_file)
    project = read_yaml(program / "Pulumi.yaml")
    name = str(project["name"])
    content = read_yaml(stack_file)
    if content.get("environment"):
        raise DeployError(
            f"{stack_file} names an environment. The in-process deployer knows no Pulumi ESC. "
            "Write the values into the file, or deploy with the Pulumi CLI."
        )
    given: dict[str, Any] = content.get("config") or {}
    values = {_key(key, name): value for key, value in given.items()}
    for key, value in values.items():
        _refuse_encrypted(stack_file, key, value)
    _apply_project(stack, name, project.get("config") or {}, values)
    main = program / str(project.get("main") or ".")
    texts = {key: _text(value) for key, value in sorted(values.items())}
    return StackConfig(name, stack, main, texts)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose content is a mapping.

    Raises:
        DeployError: it isn't there, or isn't such a file.
    """
    try:
        content: object = YAML(typ="safe", pure=True).load(path)  # pyright: ignore[reportUnknownVariableType]
    except (OSError, YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't valid YAML"
        raise DeployError(
            f"{path} can't be read. The reason: {reason}. Check the path and the file."
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise DeployError(
            f"{path} holds no mapping. Pulumi's files are mappings of keys to values. "
            "Check the file."
        )
    return cast("dict[str, Any]", content)


def _key(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _refuse_encrypted(stack_file: Path, key: str, value: object) -> None:
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        if list(entries) == ["secure"]:
            raise DeployError(
                f"{key} in {stack_file} is encrypted. The in-process deployer has no key to it: "
                "that takes the Pulumi CLI. Install the CLI, or use a copy of the file without "
                "encrypted values."
            )
        for name, entry in entries.items():
            _refuse_encrypted(stack_file, f"{key}.{name}", entry)
    elif isinstance(value, list):
        for index, entry in enumerate(cast("list[object]", value)):
            _refuse_encrypted(stack_file, f"{key}[{index}]", entry)


def _apply_project(
    stack: str, project: str, declared: dict[str, Any], values: dict[str, Any]
) -> None:
    """Add the project's defaults, and check what it declares."""
    missing: list[str] = []
    for name, declaration in sorted(declared.items()):
        key = _key(name, project)
        typed = declaration if is_object(declaration) else None
        if key not in values:
            default: Any = declaration if typed is None else _default(typed)
            if default is not None:
                values[key] = default
            elif key.startswith(f"{project}:"):
                missing.append(name)
                continue
        if typed and "type" in typed and key in values:
            _check_type(stack, name, typed["type"], values[key])
    if missing:
        raise DeployError(
            f"Stack {stack} lacks configuration: {', '.join(missing)}. Pulumi.yaml declares "
            "these keys without a default. Set them in the stack's file."
        )


def _default(declaration: dict[str, Any]) -> object:
    return declaration.get("default", declaration.get("value"))


def _check_type(stack: str, name: str, expected: str, value: object) -> None:
    python = _TYPES.get(expected)
    is_bool_as_int = python is int and isinstance(value, bool)
    if python is not None and (not isinstance(value, python) or is_bool_as_int):
        raise DeployError(
            f"{name} of stack {stack} isn't of type {expected}. Pulumi.yaml declares that type. "
            "Mend the value in the stack's file."
        )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return _json_ready(value)
    return json.dumps(value, sort_keys=True, default=_json_ready)


def _json_ready(value: object) -> str:
    """A date without quotes reaches the program in the text form of Go's time.Time."""
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} +0000 UTC"
    return f"{value} 00:00:00 +0000 UTC"
