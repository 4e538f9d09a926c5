"""YAML of plain data: read quickly, and strict about what a config has no use for."""

import functools
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple, cast

import yaml
from ruamel.yaml import YAML
from ruamel.yaml import ScalarNode as ResolvedNode
from ruamel.yaml.error import YAMLError as ResolvedError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .models.base import Mistake, Note, Path

_TAG = "tag:yaml.org,2002:"
_TEXT = f"{_TAG}str"
_MERGE = f"{_TAG}merge"
_DATE = f"{_TAG}timestamp"
_MOST_LEVELS = 100
_SCALARS = {_TEXT, _DATE, *(f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float"))}

# ruamel.yaml (0.19.1) reads YAML 1.2, as Pulumi does, but takes 12.7 s for 3,000 consumers where
# libyaml takes 1.0 s (a busy machine). So libyaml finds the nodes, and ruamel.yaml says what a
# scalar means.
_MEANING: Any = YAML(typ="safe", pure=True)
_Quickest: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_Quickest):
    """Gives each scalar the tag that YAML 1.2 gives it."""

    def resolve(self, kind: object, value: str, implicit: tuple[bool, bool]) -> str:
        if kind is ScalarNode and implicit[0]:
            return _tag(value)
        return cast("str", super().resolve(kind, value, implicit))


class Document(NamedTuple):
    """What a file says."""

    data: object
    """JSON-like data; what was mistaken is left out."""
    mistakes: list[Mistake]


def load(
    content: bytes, root: Path, name: str, place: Callable[[Path, str], Path] | None = None
) -> Document:
    """Read a file's content.

    Args:
        content: The file's bytes.
        root: The path of its data in the config.
        name: What a user calls the file, e.g. `a stack's file`.
        place: The path of a key below a path, where they aren't simply joined.

    """
    try:
        node = cast("Node | None", yaml.compose(content.decode(), Loader=_Loader))
    except UnicodeDecodeError as error:
        note = Note(f"byte {error.start}")
        return Document(None, [Mistake(root, note, f"{name} is UTF-8.", "save it as UTF-8.")])
    except (yaml.YAMLError, RecursionError) as error:
        # The error's own text quotes the file, where a secret may stand.
        return Document(None, [_no_plain_data(root, _line(error), name)])
    reader = _Reader(name, place or (lambda path, key: (*path, key)))
    data = None if node is None else reader.value(node, root, ())
    return Document(data, reader.mistakes)


class _Reader:
    """Makes data of nodes and notes what YAML allows and a config does not."""

    def __init__(self, name: str, place: Callable[[Path, str], Path]) -> None:
        self.mistakes: list[Mistake] = []
        self._name = name
        self._place = place

    def value(self, node: Node, path: Path, above: tuple[Node, ...]) -> object:
        if any(node is other for other in above):
            self.mistakes.append(
                Mistake(
                    path,
                    Note("an alias"),
                    "an alias stands inside its own anchor, so that the value would have no end.",
                    "write the value out.",
                )
            )
        elif len(above) > _MOST_LEVELS:
            self._refuse(node, path)
        elif isinstance(node, MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path, (*above, node))
        elif isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
            items = enumerate(cast("list[Node]", node.value))
            return [self.value(item, (*path, index), (*above, node)) for index, item in items]
        elif isinstance(node, ScalarNode) and node.tag in _SCALARS:
            try:
                return _scalar(node.tag, cast("str", node.value))
            except (ValueError, ResolvedError):
                self._refuse(node, path)
        else:
            self._refuse(node, path)
        return None

    def _refuse(self, node: Node, path: Path) -> None:
        self.mistakes.append(_no_plain_data(path, f"line {_line_of(node)}", self._name))

    def _mapping(self, node: MappingNode, path: Path, above: tuple[Node, ...]) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: dict[str, object] = {}
        lines: dict[str, int] = {}
        for key, item in cast("list[tuple[Node, Node]]", node.value):
            if key.tag == _MERGE:
                merged = self._merged(item, path, above) | merged
                continue
            if not isinstance(key, ScalarNode) or key.tag != _TEXT:
                self.mistakes.append(
                    Mistake(
                        path,
                        Note(f"a key in line {_line_of(key)}"),
                        "a key is a text, because Pulumi refuses any other.",
                        "put it in quotes.",
                    )
                )
                continue
            name = cast("str", key.value)
            here = self._place(path, name)
            if name in lines:
                note = Note(f"lines {lines[name]} and {_line_of(key)}")
                self.mistakes.append(repeated(here, note))
            lines.setdefault(name, _line_of(key))
            found[name] = self.value(item, here, above)
        return merged | found

    def _merged(self, node: Node, path: Path, above: tuple[Node, ...]) -> dict[str, object]:
        """What `<<` adds: a mapping, or several of which the first wins."""
        parts = cast("list[Node]", node.value) if isinstance(node, SequenceNode) else [node]
        merged: dict[str, object] = {}
        for part in parts:
            added = self.value(part, path, above)
            if isinstance(added, dict):
                merged = cast("dict[str, object]", added) | merged
            elif added is not None or isinstance(part, ScalarNode):
                self._refuse(part, path)
        return merged


def repeated(path: Path, note: Note) -> Mistake:
    """The mistake of a key that is given twice."""
    if path[:-1] == ("consumers",):
        return Mistake(
            path,
            note,
            "a consumer is listed once, because its client id names one key.",
            "remove one, or give the second a client id of its own.",
        )
    return Mistake(
        path,
        note,
        "a key is given once, because one of the two values would be lost.",
        "remove one of the two.",
    )


def _no_plain_data(path: Path, where: str, name: str) -> Mistake:
    return Mistake(
        path,
        Note(where),
        f"{name} is one YAML document of plain data.",
        "look at quotes, colons, tags and the indentation there.",
    )


@functools.lru_cache(maxsize=65536)
def _tag(value: str) -> str:
    return str(_MEANING.resolver.resolve(ResolvedNode, value, (True, False)))


@functools.lru_cache(maxsize=65536)
def _scalar(tag: str, value: str) -> object:
    if tag == _TEXT:
        return value
    try:
        made = _MEANING.constructor.yaml_constructors[tag](
            _MEANING.constructor, ResolvedNode(tag, value)
        )
    except ValueError:
        if tag == _DATE:
            return value  # e.g. 2027-02-30: the field's own rule says more
        raise
    # YAML reads 2027-01-31 as a date; JSON, which Pulumi hands to programs, has none.
    return made.isoformat() if isinstance(made, date) else made


def _line_of(node: Node) -> int:
    return cast("int", cast("Any", node).start_mark.line) + 1


def _line(error: Exception) -> str:
    mark = cast("Any", getattr(error, "problem_mark", None))
    if isinstance(error, RecursionError):
        return "too many levels"
    return "a character that YAML forbids" if mark is None else f"line {mark.line + 1}"
