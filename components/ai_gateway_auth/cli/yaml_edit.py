"""Changes of a few fields in a YAML file that leave every other character as it is.

A round trip through a YAML library keeps comments at best: with ruamel.yaml 0.19.1 indentation,
line ends and the breaks of long texts become its own. So the library only tells where a value
stands, and the text is changed there. Whether the result says what was intended is then read from
the result.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ai_gateway_auth.stack_file import PROJECT

from .refusal import Refused

Value = int | bool | str
Fields = Mapping[str, Value]
Place = tuple[str, ...]
"""The keys that lead to a mapping."""

STACK_FILE: Sequence[Place] = (("config", f"{PROJECT}:consumers"), ("config", "consumers"))
"""Where the consumers of a stack's file may stand."""
CONSUMERS_FILE: Sequence[Place] = ((),)
"""A file of consumers has nothing else."""

# libyaml takes 0.01 s for 1,000 consumers, ruamel.yaml 0.19.1 takes 0.3 s. The loader without
# meanings leaves them to the config's own check.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TEXT = "tag:yaml.org,2002:str"
_BYTE_ORDER_MARK = "\ufeff"
_LINE_END = re.compile(r"\r\n|\n|\r")
_PLAIN = re.compile(r"[1-9][0-9]*d")
_ESCAPED = {'"': '\\"', "\\": "\\\\"}
_WIDTHS = ((0xFF, "x", 2), (0xFFFF, "u", 4), (0x10FFFF, "U", 8))


class Edited(NamedTuple):
    """A file's text before and after."""

    before: str
    after: str
    first: int
    """Number of lines before the consumers, which are the same in both texts."""
    rest: int
    """Number of lines after the consumers, which are the same in both texts."""


class _Splice(NamedTuple):
    start: int
    end: int
    text: str


def edited(text: str, places: Sequence[Place], changes: Mapping[str, Fields]) -> Edited:
    """Set fields of consumers.

    Args:
        text: The file, as it is: line ends too.
        places: Where the consumers may stand; the first that exists is theirs.
        changes: The fields to set, by client id.

    Raises:
        Refused: A consumer is written in a form that has no place for the change, or that others
            share.

    """
    # libyaml (PyYAML 6.0.3) does not count it among the characters.
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    root = _composed(text.removeprefix(mark))
    for place in places:
        found = _at(root, place) if root else None
        if root and found:
            edit = _edited(text.removeprefix(mark), root, place, found, changes)
            return edit._replace(before=text, after=mark + edit.after)
    raise _by_hand(changes)


def _edited(
    text: str, root: Node, place: Place, found: tuple[Node, Node], changes: Mapping[str, Fields]
) -> Edited:
    key, consumers = found
    entries = dict(_items(consumers))
    splices: list[_Splice] = []
    for client_id, fields in changes.items():
        if client_id not in entries:
            raise _by_hand({client_id: fields})
        splices += _splices(text, *entries[client_id], fields)
    after = _spliced(text, splices)
    intended = _changed(_tree(root), place, changes)
    result = _composed(after)
    if result is None or _tree(result) != intended:
        raise _by_hand(changes)
    start = min(_span(key)[0], *(splice.start for splice in splices))
    end = max(len(text[: _span(consumers)[1]].rstrip()), *(splice.end for splice in splices))
    return Edited(text, after, text.count("\n", 0, start), text.count("\n", end))


def _composed(text: str) -> Node | None:
    try:
        return cast("Node | None", yaml.compose(text, Loader=_LOADER))
    except yaml.YAMLError:
        # The error's own text quotes the file, where a secret may stand.
        return None


def _items(node: Node) -> Iterator[tuple[str, tuple[Node, Node]]]:
    if isinstance(node, MappingNode):
        for key, value in cast("list[tuple[Node, Node]]", node.value):
            if isinstance(key, ScalarNode):
                yield cast("str", key.value), (key, value)


def _at(root: Node, place: Place) -> tuple[Node, Node] | None:
    """The key and the value at a place."""
    found = (root, root)
    for name in place:
        inner = dict(_items(found[1])).get(name)
        if inner is None:
            return None
        found = inner
    return found


def _splices(text: str, key: Node, value: Node, fields: Fields) -> Iterator[_Splice]:
    """The changes of one consumer's text."""
    present = dict(_items(value))
    for field in fields.keys() & present.keys():
        yield _replaced(text, present[field][1], _written(fields[field]))
    missing = {field: wanted for field, wanted in fields.items() if field not in present}
    if not missing:
        return
    flow = _flow(missing)
    if not isinstance(value, MappingNode):
        yield _replaced(text, value, f"{{{flow}}}")
    elif not present:
        brace = text.index("{", _span(value)[0])
        yield _Splice(brace + 1, brace + 1, flow)
    else:
        first = next(iter(present.values()))[0]
        if value.flow_style:
            at = _span(first)[0]
            yield _Splice(at, at, f"{flow}, ")
        else:
            # Below the consumer's own line, so that comments stay with the fields they are about.
            line_end = _LINE_END.search(text, _span(key)[1])
            newline, at = (line_end[0], line_end.end()) if line_end else ("\n", len(text))
            indent = " " * cast("int", first.start_mark.column)
            lines = (f"{indent}{_flow({field: missing[field]})}{newline}" for field in missing)
            yield _Splice(at, at, "".join(lines))


def _span(node: Node) -> tuple[int, int]:
    """Where a node begins and ends in the text. That of an alias is its anchor's."""
    return cast("int", node.start_mark.index), cast("int", node.end_mark.index)


def _replaced(text: str, node: Node, written: str) -> _Splice:
    start, end = _span(node)
    if start == end:
        return _Splice(start, end, f" {written}")
    # The end of a block scalar is that of the line breaks after it.
    return _Splice(start, start + len(text[start:end].rstrip()), written)


def _spliced(text: str, splices: list[_Splice]) -> str:
    parts: list[str] = []
    at = 0
    for splice in sorted(splices):
        parts += [text[at : splice.start], splice.text]
        at = max(at, splice.end)
    return "".join([*parts, text[at:]])


def _flow(fields: Fields) -> str:
    return ", ".join(f"{field}: {_written(value)}" for field, value in fields.items())


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or _is_plain(value):
        return str(value)
    return f'"{"".join(_character(character) for character in value)}"'


def _is_plain(value: Value) -> bool:
    return not isinstance(value, str) or bool(_PLAIN.fullmatch(value))


def _character(character: str) -> str:
    if character in _ESCAPED or character.isprintable():
        return _ESCAPED.get(character, character)
    code = ord(character)
    letter, width = next((kind, width) for most, kind, width in _WIDTHS if code <= most)
    return f"\\{letter}{code:0{width}x}"


def _tree(node: Node) -> object:
    """What a node says. A text in quotes differs from a plain one, which may be a number."""
    if isinstance(node, MappingNode):
        return {name: _tree(value) for name, (_, value) in _items(node)}
    if isinstance(node, SequenceNode):
        return [_tree(item) for item in cast("list[Node]", node.value)]
    style = cast("str | None", cast("ScalarNode", node).style)
    return node.tag, not style, cast("str", node.value)


def _changed(tree: object, place: Place, changes: Mapping[str, Fields]) -> object:
    """The tree with the fields set."""
    items: dict[str, object] = dict(cast("Mapping[str, object]", tree))
    if place:
        return items | {place[0]: _changed(items[place[0]], place[1:], changes)}
    for client_id, fields in changes.items():
        before = items[client_id]
        kept = cast("dict[str, object]", before) if isinstance(before, dict) else {}
        items[client_id] = kept | {field: _scalar(value) for field, value in fields.items()}
    return items


def _scalar(value: Value) -> object:
    is_plain = _is_plain(value)
    return _TEXT, is_plain, _written(value) if is_plain else value


def _by_hand(changes: Mapping[str, Fields]) -> Refused:
    wanted = "; ".join(f"{client_id}: {_flow(fields)}" for client_id, fields in changes.items())
    return Refused(
        "The file was not changed.",
        "Its consumers are written with an anchor, an alias or another form in which these fields "
        "can't be set without changing more.",
        f"Write them out, or set by hand: {wanted}.",
    )
