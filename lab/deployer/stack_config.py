"""A stack's configuration as the engine hands it to a program (Pulumi 3.259)."""

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, cast

from ruamel.yaml import YAML, YAMLError

from lab.deployer.result import DeployError
from lab.deployer.values import is_object

UNENCRYPTED = "unencrypted:"
"""Begins the text of `secure` where a stack's file of the lab only simulates an encrypted value."""

_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


class SecretValue(NamedTuple):
    """A secret of a stack's file that the lab can read."""

    path: tuple[str | int, ...]
    """Where it stands, from the top-level key."""
    text: str


@dataclass(frozen=True)
class StackConfig:
    """What a run of the program is told."""

    project: str
    stack: str
    main: Path
    values: dict[str, str]
    """By `namespace:key`; structured values as JSON."""
    secrets: tuple[SecretValue, ...] = ()
    """Those of the values that are secret."""

    @property
    def secret_keys(self) -> list[str]:
        """The keys whose value is secret, or holds a secret."""
        return sorted({str(secret.path[0]) for secret in self.secrets})


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
        DeployError: a file can't be read, a value is really encrypted, missing or of the wrong
            type.
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
    secrets = list(secret_values(values))
    for secret in secrets:
        put(values, secret.path, secret.text)
    for key, value in values.items():
        _refuse_encrypted(stack_file, key, value)
    _apply_project(stack, name, project.get("config") or {}, values)
    main = program / str(project.get("main") or ".")
    texts = {key: _text(value) for key, value in sorted(values.items())}
    return StackConfig(name, stack, main, texts, tuple(secrets))


def secret_values(value: object, path: tuple[str | int, ...] = ()) -> Iterator[SecretValue]:
    """The simulated secrets at and below a value of a stack's config, `secure: unencrypted:...`."""
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        text = entries.get("secure")
        if list(entries) == ["secure"] and isinstance(text, str) and text.startswith(UNENCRYPTED):
            yield SecretValue(path, text.removeprefix(UNENCRYPTED))
            return
        for name, entry in entries.items():
            yield from secret_values(entry, (*path, name))
    elif isinstance(value, list):
        for index, entry in enumerate(cast("list[object]", value)):
            yield from secret_values(entry, (*path, index))


def put(config: dict[str, Any], path: tuple[str | int, ...], text: str) -> None:
    """Replace the value at a path of a stack's config."""
    parent: Any = config  # mappings and lists, as the path says
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = text


def make_project(stack_file: Path, program: Path, folder: Path) -> None:
    """Make a project folder for a stack's file that lies elsewhere, with all that it names.

    Raises:
        DeployError: a file can't be read.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "Pulumi.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(
            beside_its_stacks(read_yaml(program / "Pulumi.yaml")), file
        )
    copy_files(stack_file, read_yaml(stack_file), folder)


def beside_its_stacks(project: dict[str, Any]) -> dict[str, Any]:
    """A project whose stacks' files lie beside its `Pulumi.yaml`."""
    return {key: value for key, value in project.items() if key != "stackConfigDir"}


def copy_files(stack_file: Path, content: dict[str, Any], folder: Path) -> None:
    """Copy the files that a stack's file names, as `{file: a relative path}`, to a project folder.

    What isn't there is left to the program to tell.
    """
    given: dict[str, Any] = content.get("config") or {}
    for value in given.values():
        name = value.get("file") if is_object(value) else None
        if not isinstance(name, str) or _leads_out(name):
            continue
        target = folder / name
        target.unlink(missing_ok=True)
        if (stack_file.parent / name).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stack_file.parent / name, target)


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or not path.name


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
                "that takes the Pulumi CLI. Install the CLI, or use a copy of the file whose "
                f"secrets are simulated: {{secure: {UNENCRYPTED}VALUE}}."
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
