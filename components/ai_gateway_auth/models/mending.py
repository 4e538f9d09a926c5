"""Stand-ins for broken values, so that the rest of a config can be judged in the same run."""

import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import cast

from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from .base import PENDING, Path, in_camel_case

_FIRST_DAY = date(3000, 1, 1)
_WAYS = 5
_STAND_IN_NAME = re.compile("n[0-9a-f]{8}")


class Mending:
    """Raw data whose broken values are replaced bit by bit until the model takes it."""

    def __init__(self, data: object) -> None:
        """Begin with the data as they were given; those themselves are never changed."""
        self.data: object = data
        self._is_ours = False
        self._tries: Counter[Path] = Counter()
        self._above: set[Path] = set()
        self._lost_part: set[Path] = set()
        self._left_out: set[Path] = set()
        self._names: dict[str, str] = {}

    def touches(self, path: Path) -> bool:
        """Whether a rule about the path may speak of a stand-in, or of what was left out."""
        return any(
            way in self._lost_part
            or any(way[:length] in self._tries for length in range(len(way) + 1))
            for way in self._ways_to(path)
        )

    def explains(self, path: Path) -> bool:
        """Whether the mending itself may have broken what stands at the path."""
        return self.touches(path) or any(way in self._above for way in self._ways_to(path))

    def _ways_to(self, path: Path) -> set[Path]:
        return {in_camel_case(path), in_camel_case(self.original_path(path))}

    def original(self, text: str) -> str:
        """The text with the names that were given in place of their stand-ins."""
        return _STAND_IN_NAME.sub(lambda name: self._names.get(name[0], name[0]), text)

    def original_path(self, path: Path) -> Path:
        """The path with the names that were given in place of their stand-ins."""
        return tuple(self.original(part) if isinstance(part, str) else part for part in path)

    def mend(self, details: Sequence[ErrorDetails]) -> None:
        """Change the data where the errors are."""
        if not self._is_ours:
            self.data = _copy(self.data)
            self._is_ours = True
        names: dict[Path, set[str]] = {}
        for detail in details:
            path = data_path(detail)
            if path == detail["loc"]:
                self._mend(detail, path)
            else:
                names.setdefault(path[:-1], set()).add(str(path[-1]))
        # Last and deepest first, because each one changes the paths of what is below.
        for path in sorted(names, key=len, reverse=True):
            self._rename(path, names[path])

    def _mend(self, detail: ErrorDetails, path: Path) -> None:
        tries = self._tried(path)
        if detail["type"] == "too_long" and tries == 0:
            most = cast("int", detail.get("ctx", {})["max_length"])
            _shorten(_at(self.data, path), most)
        elif detail["type"] == "extra_forbidden" or tries >= _WAYS or not path:
            self._leave_out(path)
        else:
            _put(_at(self.data, path[:-1]), path[-1], self._stand_in(tries))

    def _tried(self, path: Path) -> int:
        """Note a try; how many there were before."""
        path = in_camel_case(path)
        self._tries[path] += 1
        self._above |= {path[:length] for length in range(len(path) + 1)}
        return self._tries[path] - 1

    def _stand_in(self, tries: int) -> object:
        """One of these fits each field; the day differs so that no two stand-ins collide."""
        day = _FIRST_DAY + timedelta(days=self._tries.total())
        ways: tuple[object, ...] = (PENDING, [PENDING], 1, day.isoformat(), "9999d")
        return ways[tries]

    def _rename(self, path: Path, names: set[str]) -> None:
        """Give entries a name that every kind of name allows, the same one for the same name."""
        items = _at(self.data, path)
        if not isinstance(items, dict):
            return
        items = cast("dict[object, object]", items)
        entries = list(items.items())
        items.clear()
        for given, value in entries:
            name = given
            if given in names:
                name = f"n{zlib.crc32(str(given).encode(errors='surrogatepass')):08x}"
                self._names[name] = str(given)
            items[name] = value

    def _leave_out(self, path: Path) -> None:
        """Remove the value; where it is gone already, its parent. An entry takes its list along."""
        while path and (in_camel_case(path) in self._left_out or isinstance(path[-1], int)):
            path = path[:-1]
        self._left_out.add(in_camel_case(path))
        self._tried(path)
        if not path:
            self.data = {}
            return
        self._lost_part.add(in_camel_case(path[:-1]))
        items = _at(self.data, path[:-1])
        if isinstance(items, dict):
            items = cast("dict[object, object]", items)
            items.pop(_key(items, path[-1]), None)


def data_path(detail: ErrorDetails) -> Path:
    """Where the error is. Pydantic marks a mapping's bad key by a last part `[key]`."""
    loc = detail["loc"]
    is_key = len(loc) > 1 and loc[-1] == "[key]" and detail["input"] == loc[-2]
    return loc[:-1] if is_key else loc


def _copy(data: object) -> object:
    """The data with mappings and lists of their own, even where an alias shares them."""
    if isinstance(data, Mapping):
        items = cast("Mapping[object, object]", data).items()
        return {key: _copy(item) for key, item in items}
    if isinstance(data, list):
        return [_copy(item) for item in cast("list[object]", data)]
    return data


def _at(data: object, path: Path) -> object:
    for part in path:
        if isinstance(data, list) and isinstance(part, int):
            entries = cast("list[object]", data)
            data = entries[part] if part < len(entries) else None
        elif isinstance(data, dict):
            items = cast("dict[object, object]", data)
            data = items.get(_key(items, part))
        else:
            return None
    return data


def _put(parent: object, name: str | int, value: object) -> None:
    if isinstance(parent, list) and isinstance(name, int):
        entries = cast("list[object]", parent)
        if name < len(entries):
            entries[name] = value
    elif isinstance(parent, dict):
        items = cast("dict[object, object]", parent)
        items[_key(items, name)] = value


def _key(items: Mapping[object, object], name: str | int) -> object:
    """The name as the data write it: a program's are in snake_case, pydantic's in camelCase."""
    if name in items:
        return name
    alike = (key for key in items if isinstance(key, str) and to_camel(key) == name)
    return next(alike, name)


def _shorten(value: object, most: int) -> None:
    if isinstance(value, list):
        del cast("list[object]", value)[most:]
    elif isinstance(value, dict):
        items = cast("dict[object, object]", value)
        for key in list(items)[most:]:
            del items[key]
