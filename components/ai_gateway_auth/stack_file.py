"""A stack's file, Pulumi.<stack>.yaml, read without Pulumi."""

import difflib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple, TypeGuard, cast

from . import consumers_file, plain_yaml
from .models import StackConfig, check
from .models.base import PENDING, Mistake, Note, Pending
from .models.base import Path as FieldPath
from .models.config_error import ConfigError

PROJECT = "ai-gateway-auth"
"""Name of the Pulumi project, and the namespace of its config keys."""

NOT_GIVEN = ""
"""Value of a top-level key that the stack does not give. Pulumi (source of 3.260) takes every key
that Pulumi.yaml describes for mandatory unless it has a default, and a null is none."""

_ALIKE = 0.8


class StackFile(NamedTuple):
    """What a stack's file says of this project."""

    raw: dict[str, object]
    """The config by top-level key, without the project's name: plain data, with `Pending` for a
    secret, which only Pulumi can decrypt. Consumers are here even if they have their own file."""
    secret_paths: set[FieldPath]
    """Where the secrets stand."""
    files: dict[FieldPath, str]
    """Which other file, in the same folder, a part of the config comes from."""
    mistakes: list[Mistake]
    """What is to be told together with the config's other mistakes."""


def load(path: Path, *, today: date) -> StackConfig:
    """Read a stack's file, and check all of it.

    Raises:
        ConfigError: It breaks rules.
        OSError: The file can't be read.

    """
    return checked(read(path), today=today)


def checked(found: StackFile, *, today: date) -> StackConfig:
    """What a stack's file says, as `up` would take it.

    Raises:
        ConfigError: It breaks rules.

    """
    return check(
        StackConfig,
        found.raw,
        today=today,
        secret_paths=found.secret_paths,
        files=found.files,
        mistakes=found.mistakes,
    )


def read(path: Path) -> StackFile:
    """Read a stack's file, and that of its consumers.

    Raises:
        ConfigError: The file is no YAML, says something twice, or gives the config no keys.
        OSError: The file can't be read.

    """
    secret_paths: set[FieldPath] = set()
    raw = given(_config(path.read_bytes(), secret_paths))
    mistakes = list(_plain_keys(raw.get("importedKeys")))
    files: dict[FieldPath, str] = {}
    if "consumers" in raw:
        raw["consumers"], file, more = consumers_file.read(raw["consumers"], path.parent)
        files = {("consumers",): file} if file else {}
        mistakes += more
    return StackFile(raw, secret_paths, files, mistakes)


def given(raw: Mapping[str, object]) -> dict[str, object]:
    """The top-level keys that the stack gives, without the defaults that Pulumi.yaml needs."""
    return {key: value for key, value in raw.items() if value != NOT_GIVEN or value is PENDING}


def plain_keys(path: FieldPath) -> Mistake:
    """The mistake of imported keys that are not encrypted; the path leads to them."""
    name = str(path[1]) if len(path) > 1 else "alice"
    key = f'importedKeys["{name}"]' if "." in name else f"importedKeys.{name}"
    return Mistake(
        path,
        Note("[secret]"),
        "imported keys are encrypted, because whoever reads the stack's file could use them.",
        f"remove it, then run pulumi config set --secret --path '{PROJECT}:{key}', "
        "which asks for the key. One that was committed in plain text is known: make a new one.",
    )


def _plain_keys(imported: object) -> Iterator[Mistake]:
    if isinstance(imported, Mapping):
        for client_id, value in cast("Mapping[str, object]", imported).items():
            if not isinstance(value, Pending):
                yield plain_keys(("importedKeys", client_id))


def _config(content: bytes, secret_paths: set[FieldPath]) -> dict[str, object]:
    document, mistakes = plain_yaml.load(content, (), "a stack's file", _field_path)
    _refuse(mistakes)
    config: object = None
    if document is None or _is_mapping(document):
        config = (document or {}).get("config") or {}
    if not _is_mapping(config):
        raise _refused(
            ("config",),
            Note("no mapping"),
            "a stack's file has its keys below `config:`.",
            f"write config:, and below it e.g. {PROJECT}:oidc:.",
        )
    return _ours(config, secret_paths)


def _ours(config: dict[str, object], secret_paths: set[FieldPath]) -> dict[str, object]:
    """The keys of this project; other namespaces belong to Pulumi's providers."""
    raw: dict[str, object] = {}
    mistakes: list[Mistake] = []
    for full_name, value in config.items():
        namespace, colon, rest = full_name.partition(":")
        name = rest if colon else full_name
        if colon and namespace != PROJECT:
            if difflib.get_close_matches(namespace, [PROJECT], cutoff=_ALIKE):
                mistakes.append(_misspelt(full_name, name))
            continue
        if name in raw:
            note = Note(f"both {PROJECT}:{name} and {name}")
            mistakes.append(plain_yaml.repeated((name,), note))
        raw[name] = _plain(value, (name,), secret_paths)
    _refuse(mistakes)
    return raw


def _plain(value: object, path: FieldPath, secret_paths: set[FieldPath]) -> object:
    """JSON-like data, with the encrypted secrets noted and taken for not known yet."""
    if _is_mapping(value):
        if value.keys() == {"secure"} and isinstance(value["secure"], str):
            secret_paths.add(path)
            return PENDING
        return {key: _plain(item, (*path, key), secret_paths) for key, item in value.items()}
    if isinstance(value, list):
        entries = enumerate(cast("list[object]", value))
        return [_plain(item, (*path, index), secret_paths) for index, item in entries]
    return value


def _is_mapping(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _field_path(path: FieldPath, name: str) -> FieldPath:
    """The path of a key as the models know it: without `config` and the project's name."""
    if path == ("config",) and name.startswith(f"{PROJECT}:"):
        return (name.removeprefix(f"{PROJECT}:"),)
    return (*path, name)


def _misspelt(full_name: str, name: str) -> Mistake:
    return Mistake(
        (full_name,),
        Note("given"),
        f"the keys of this project begin with {PROJECT}:, and nothing reads any other.",
        f"write {PROJECT}:{name}.",
    )


def _refused(path: FieldPath, value: object, rule: str, remedy: str) -> ConfigError:
    return ConfigError([Mistake(path, value, rule, remedy)], secret_paths=())


def _refuse(mistakes: list[Mistake]) -> None:
    if mistakes:
        raise ConfigError(mistakes, secret_paths=())
