"""The consumers of a stack in a file of their own, beside the stack's file."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple, TypeGuard, cast

from . import plain_yaml
from .models.base import PENDING, Mistake, Note
from .models.base import Path as FieldPath

_MOST_NAMED = 5
_KEY = "consumers"
_ENTRY: FieldPath = (_KEY, "file")


class Consumers(NamedTuple):
    """What a stack gives as its consumers."""

    value: object
    """The mapping of client ids to consumers; `Pending` where the file can't tell."""
    file: str | None
    """Name of the file, as the stack's file gives it."""
    mistakes: list[Mistake]


def is_named(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether consumers are `{file: a text}`. A consumer may be called file: it is a mapping."""
    return isinstance(value, Mapping) and isinstance(
        cast("Mapping[object, object]", value).get("file"), str
    )


def read(value: object, folder: Path) -> Consumers:
    """The consumers that a stack gives, from their file where it names one.

    Args:
        value: The value of `consumers`.
        folder: The folder of the stack's file.

    """
    if not is_named(value):
        return Consumers(value, None, [])
    name = cast("str", value["file"])
    mistakes = list(_name_mistakes(value, name))
    if mistakes:
        return Consumers(PENDING, None, mistakes)
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        return Consumers(PENDING, None, [_unreadable(name, error)])
    found, mistakes = plain_yaml.load(content, (_KEY,), "a consumers file")
    mistakes += _content_mistakes(found) if not mistakes else []
    mistakes += _secrets(found, (_KEY,))
    return Consumers(PENDING if mistakes else found, name, mistakes)


def _name_mistakes(value: Mapping[str, object], name: str) -> Iterator[Mistake]:
    others = sorted(str(key) for key in value if key != "file")
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    if others:
        yield Mistake(
            _ENTRY,
            name,
            "consumers are either in a file or listed here, so that nobody has to look twice.",
            f"move {', '.join(others[:_MOST_NAMED])}{more} into the file, or remove file.",
        )
    path = PurePosixPath(name)
    if path.is_absolute() or PureWindowsPath(name).anchor or ".." in path.parts:
        yield Mistake(
            _ENTRY,
            name,
            "a consumers file is named by its path from the folder of the stack's file and lies "
            "in it, because any other place is missing on another machine.",
            "move it beside the stack's file, and write e.g. consumers.prod.yaml.",
        )


def _unreadable(name: str, error: OSError) -> Mistake:
    if isinstance(error, FileNotFoundError):
        return Mistake(
            _ENTRY,
            name,
            "there is no such file in the folder of the stack's file.",
            "create it with one line per consumer, e.g. alice: {}, or mend the name.",
        )
    if isinstance(error, IsADirectoryError):
        return Mistake(
            _ENTRY,
            name,
            "this is a folder, and consumers are in one file.",
            "name a file, e.g. consumers.prod.yaml.",
        )
    return Mistake(
        _ENTRY,
        name,
        f"the file can't be read: {error.strerror}.",
        "mend the name, or the right to read the file.",
    )


def _content_mistakes(found: object) -> Iterator[Mistake]:
    if not found and not isinstance(found, int):
        yield Mistake(
            (_KEY,),
            Note("no entry"),
            "the consumers file is empty, and with it apiKey would have nobody to let in.",
            "add one line per consumer, e.g. alice: {}.",
        )
    elif not isinstance(found, dict):
        yield Mistake(
            (_KEY,),
            Note("a list" if isinstance(found, list) else "a single value"),
            "a consumers file is a mapping of client ids to consumers.",
            "write one line per consumer, e.g. alice: {}, without `- ` before it.",
        )


def _secrets(value: object, path: FieldPath) -> Iterator[Mistake]:
    if isinstance(value, dict):
        items = cast("dict[str, object]", value)
        if items.keys() == {"secure"} and isinstance(items["secure"], str):
            yield Mistake(
                path,
                Note("[secret]"),
                "a consumers file holds no secrets, because Pulumi decrypts those of the stack's "
                "file only.",
                "remove it here. A key that exists already goes into the stack's file: pulumi "
                "config set --secret --path 'ai-gateway-auth:importedKeys.alice'.",
            )
            return
        for key, item in items.items():
            yield from _secrets(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            yield from _secrets(item, (*path, index))
