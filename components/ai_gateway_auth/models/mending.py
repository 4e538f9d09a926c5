"""Stand-ins for broken values, so that the rest of a config can be judged in the same run."""

import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import cast

from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from .base import PENDING, Path, in_camel_case

_FIRST_DAY = date(3000, 1, 1)
_WAYS = 4


class Mending:
    """Raw data whose broken values are replaced bit by bit until the model takes it."""

    def __init__(self, data: object) -> None:
        """Begin with the data as they were given."""
        self.data: object = data
        self._tries: Counter[Path] = Counter()
        self._left_out: set[Path] = set()
        self._names: dict[str, str] = {}

    def touches(self, path: Path) -> bool:
        """Whether a rule about the path may speak of a stand-in, or of what was left out."""
        path = in_camel_case(path)
        return any(path[: len(mended)] == mended for mended in self._tries) or any(
            path == gone[:-1] for gone in self._left_out
        )

    def explains(self, path: Path) -> bool:
        """Whether the mending itself may have broken what stands at the path."""
        path = in_camel_case(path)
        return (
            self.touches(path)
            or self.touches(self.original_path(path))
            or any(mended[: len(path)] == path for mended in self._tries)
        )

    def original(self, text: str) -> str:
        """The text with the names that were given in place of their stand-ins."""
        for name, given in self._names.items():
            text = text.replace(name, given)
        return text

    def original_path(self, path: Path) -> Path:
        """The path with the names that were given in place of their stand-ins."""
        return tuple(self.original(part) if isinstance(part, str) else part for part in path)

    def mend(self, detail: ErrorDetails) -> None:
        """Change the data where the error is."""
        loc = data_path(detail)
        path = in_camel_case(loc)
        tries = self._tries[path]
        self._tries[path] += 1
        if loc != detail["loc"]:
            self._rename(loc)
        elif detail["type"] == "too_long" and tries == 0:
            most = cast("int", detail.get("ctx", {})["max_length"])
            self.data = _changed(self.data, path, lambda value: _first(value, most))
        elif detail["type"] == "extra_forbidden" or tries >= _WAYS or not path:
            self._leave_out(path)
        else:
            value = self._stand_in(tries)
            self.data = _changed(
                self.data, path[:-1], lambda parent: _with(parent, path[-1], value)
            )

    def _stand_in(self, tries: int) -> object:
        """One of these fits most fields; the day differs so that no two stand-ins collide."""
        day = _FIRST_DAY + timedelta(days=self._tries.total())
        ways: tuple[object, ...] = (PENDING, [PENDING], 1, day.isoformat())
        return ways[tries]

    def _rename(self, path: Path) -> None:
        """Give an entry a name that every kind of name allows, the same one for the same name."""
        given = str(path[-1])
        name = f"n{zlib.crc32(given.encode(errors='surrogatepass')):08x}"
        self._names[name] = given

        def renamed(parent: object) -> object:
            return {
                name if key == path[-1] else key: value for key, value in _items(parent).items()
            }

        self.data = _changed(self.data, path[:-1], renamed)

    def _leave_out(self, path: Path) -> None:
        """Remove the value; where it is gone already, its parent. An entry takes its list along."""
        while path and (path in self._left_out or isinstance(path[-1], int)):
            path = path[:-1]
        self._left_out.add(path)
        self._tries[path] += 1
        if not path:
            self.data = {}
            return

        def without(parent: object) -> object:
            items = _items(parent)
            items.pop(_key(items, path[-1]), None)
            return items

        self.data = _changed(self.data, path[:-1], without)


def data_path(detail: ErrorDetails) -> Path:
    """Where the error is. Pydantic marks a mapping's bad key by a last part `[key]`."""
    loc = detail["loc"]
    is_key = len(loc) > 1 and loc[-1] == "[key]" and detail["input"] == loc[-2]
    return loc[:-1] if is_key else loc


def _changed(data: object, path: Path, change: Callable[[object], object]) -> object:
    """A copy of the data with the value at the path changed; the data where the path is gone."""
    if not path:
        return change(data)
    head, rest = path[0], path[1:]
    if isinstance(data, list):
        entries = cast("list[object]", data)
        return [_changed(x, rest, change) if i == head else x for i, x in enumerate(entries)]
    items = _items(data)
    key = _key(items, head)
    return items | {key: _changed(items[key], rest, change)} if key in items else data


def _with(parent: object, name: str | int, value: object) -> object:
    if isinstance(parent, list):
        entries = cast("list[object]", parent)
        return [value if i == name else entry for i, entry in enumerate(entries)]
    items = _items(parent)
    return items | {_key(items, name): value}


def _key(items: Mapping[object, object], name: str | int) -> object:
    """The name as the data write it: a program's are in snake_case, pydantic's in camelCase."""
    alike = (key for key in items if isinstance(key, str) and to_camel(key) == name)
    return name if name in items else next(alike, name)


def _first(value: object, most: int) -> object:
    if isinstance(value, list):
        return cast("list[object]", value)[:most]
    return dict(list(_items(value).items())[:most])


def _items(value: object) -> dict[object, object]:
    return dict(cast("Mapping[object, object]", value)) if isinstance(value, Mapping) else {}
