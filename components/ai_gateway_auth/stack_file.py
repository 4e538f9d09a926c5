"""A stack's file, Pulumi.<stack>.yaml, read without Pulumi."""

import difflib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .models.base import PENDING, Mistake, Note
from .models.base import Path as FieldPath
from .models.config_error import ConfigError

PROJECT = "ai-gateway-auth"
"""Name of the Pulumi project, and the namespace of its config keys."""

NOT_GIVEN = ""
"""Value of a top-level key that the stack does not give. Pulumi (source of 3.260) takes every key
that Pulumi.yaml describes for mandatory unless it has a default, and a null is none."""

_ALIKE = 0.8
_MERGE = "tag:yaml.org,2002:merge"
_TEXT = "tag:yaml.org,2002:str"


class StackFile(NamedTuple):
    """What a stack's file says of this project."""

    raw: dict[str, object]
    """The config by top-level key, without the project's name: plain data, with `Pending` for a
    secret, which only Pulumi can decrypt."""
    secret_paths: set[FieldPath]
    """Where the secrets stand."""


def read(path: Path) -> StackFile:
    """Read a stack's file.

    Raises:
        ConfigError: The file is no YAML, says something twice, or gives the config no keys.
        OSError: The file can't be read.

    """
    try:
        text = path.read_text(encoding="utf-8")
        config = _config(text)
    except UnicodeDecodeError as error:
        place = Note(f"byte {error.start}")
        raise _refused((), place, "a stack's file is UTF-8.", "save it as UTF-8.") from None
    return StackFile(given(config.raw), config.secret_paths)


def given(raw: Mapping[str, object]) -> dict[str, object]:
    """The top-level keys that the stack gives, without the defaults that Pulumi.yaml needs."""
    return {key: value for key, value in raw.items() if value != NOT_GIVEN or value is PENDING}


def _config(text: str) -> StackFile:
    # ruamel types none of what is passed and returned here.
    yaml: Any = YAML(typ="safe", pure=True)
    try:
        node = cast("Node | None", yaml.compose(text))
        _refuse(_node_mistakes(node, (), ()))
        document: object = yaml.load(text)
    except YAMLError as error:
        # The error's own text quotes the file, where a secret may stand.
        raise _refused(
            (),
            Note(_place(error)),
            "a stack's file is one YAML document of plain data.",
            "look at quotes, colons, tags and the indentation there.",
        ) from None
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
    return _ours(config)


def _ours(config: dict[str, object]) -> StackFile:
    """The keys of this project; other namespaces belong to Pulumi's providers."""
    raw: dict[str, object] = {}
    secret_paths: set[FieldPath] = set()
    mistakes: list[Mistake] = []
    for full_name, value in config.items():
        namespace, colon, rest = full_name.partition(":")
        name = rest if colon else full_name
        if colon and namespace != PROJECT:
            if difflib.get_close_matches(namespace, [PROJECT], cutoff=_ALIKE):
                mistakes.append(_misspelt(full_name, name))
            continue
        if name in raw:
            mistakes.append(_repeated((name,), None))
        raw[name] = _plain(value, (name,), secret_paths)
    _refuse(mistakes)
    return StackFile(raw, secret_paths)


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
    # YAML reads 2027-01-31 as a date; JSON, which Pulumi hands to programs, has none.
    return value.isoformat() if isinstance(value, date) else value


def _is_mapping(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _node_mistakes(
    node: Node | None, path: FieldPath, above: tuple[Node, ...]
) -> Iterator[Mistake]:
    """What YAML allows and a config does not: keys twice, keys that are no text, and loops."""
    if any(node is other for other in above):
        yield Mistake(
            path,
            Note("an alias"),
            "an alias stands inside its own anchor, so that the value would have no end.",
            "write the value out.",
        )
    elif isinstance(node, MappingNode):
        seen: dict[str, int] = {}
        for key, value in cast("list[tuple[Node, Node]]", node.value):
            line = cast("int", key.start_mark.line) + 1
            if key.tag == _MERGE:
                yield from _node_mistakes(value, path, (*above, node))
                continue
            if not isinstance(key, ScalarNode) or key.tag != _TEXT:
                yield Mistake(
                    path,
                    Note(f"a key in line {line}"),
                    "a key is a text, because Pulumi refuses any other.",
                    "put it in quotes.",
                )
                continue
            name = cast("str", key.value)
            here = _field_path(path, name)
            if name in seen:
                yield _repeated(here, Note(f"lines {seen[name]} and {line}"))
            seen.setdefault(name, line)
            yield from _node_mistakes(value, here, (*above, node))
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(cast("list[Node]", node.value)):
            yield from _node_mistakes(item, (*path, index), (*above, node))


def _field_path(path: FieldPath, name: str) -> FieldPath:
    """The path of a key as the models know it: without `config` and the project's name."""
    if path == ("config",) and name.startswith(f"{PROJECT}:"):
        return (name.removeprefix(f"{PROJECT}:"),)
    return (*path, name)


def _repeated(path: FieldPath, lines: Note | None) -> Mistake:
    if path[:-1] == ("consumers",):
        return Mistake(
            path,
            lines,
            "a consumer is listed once, because its client id names one key.",
            "remove one, or give the second a client id of its own.",
        )
    return Mistake(
        path,
        lines or Note(f"both {PROJECT}:{path[0]} and {path[0]}"),
        "a key is given once, because one of the two values would be lost.",
        "remove one of the two.",
    )


def _misspelt(full_name: str, name: str) -> Mistake:
    return Mistake(
        (full_name,),
        Note("given"),
        f"the keys of this project begin with {PROJECT}:, and nothing reads any other.",
        f"write {PROJECT}:{name}.",
    )


def _place(error: YAMLError) -> str:
    mark = cast("Any", error).problem_mark if isinstance(error, MarkedYAMLError) else None
    return "a character that YAML forbids" if mark is None else f"line {mark.line + 1}"


def _refused(path: FieldPath, value: object, rule: str, remedy: str) -> ConfigError:
    return ConfigError([Mistake(path, value, rule, remedy)], secret_paths=())


def _refuse(mistakes: Iterator[Mistake] | list[Mistake]) -> None:
    found = list(mistakes)
    if found:
        raise ConfigError(found, secret_paths=())
