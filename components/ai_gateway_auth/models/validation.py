"""From raw data to a model, with every mistake of the data told at once."""

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .base import PENDING, Mistake, Model, Path, Pending
from .config_error import ConfigError, dotted

M = TypeVar("M", bound=Model)

_ROUNDS = 12
_WAYS_TO_MEND = 2
"""A broken value is first taken for unknown, then left out; after that its parent is."""


def check(model: type[M], raw: object, *, today: date, secret_paths: Collection[Path] = ()) -> M:
    """Make the model of raw data.

    Args:
        model: The model to make.
        raw: Plain data, as YAML or JSON gives it; `Pending` where a value is not known yet.
        today: The day on which dates are judged.
        secret_paths: Paths whose values, and everything below, are never shown; in camelCase or
            snake_case.

    Raises:
        ConfigError: The data breaks at least one rule.

    """
    found, mistakes, mended = _parse(model, raw)
    if found is not None:
        mistakes += [late for late in _rules(found, today) if not _touches(late.path, mended)]
    if found is None or mistakes:
        texts = {text for path in secret_paths for text in _texts(_at(raw, path))}
        raise ConfigError(mistakes, secret_paths=secret_paths, secret_texts=texts)
    return found


def warnings(model: Model) -> list[str]:
    """Everything allowed that a reviewer should know of, each with the path of its field."""
    return [
        f"{dotted((*path, *warning.path))}: {warning.text}"
        for path, part in _parts(model, ())
        for warning in part.warnings()
    ]


def _parse(model: type[M], raw: object) -> tuple[M | None, list[Mistake], set[Path]]:
    """Parse; on mistakes, take the broken values out and look again for those that they hid.

    Pydantic runs a model's own rules only when all its fields are good. With the broken values
    unknown or gone, the remaining rules speak too, and all mistakes come at once.
    """
    mistakes: list[Mistake] = []
    tried: Counter[Path] = Counter()
    data = raw
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(data), mistakes, set(tried)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=True)
        mistakes += [
            _mistake(model, detail)
            for detail in details
            if not _follows(_data_path(detail["loc"]), tried)
        ]
        for detail in details:
            path = _data_path(detail["loc"])
            while tried[path] == _WAYS_TO_MEND and path:
                path = path[:-1]
            is_name = detail["type"] == "extra_forbidden" or path != detail["loc"]
            data = _replaced(data, path, unknown=not tried[path] and not is_name)
            tried[path] += 1
    return None, mistakes, set(tried)


def _touches(path: Path, mended: Collection[Path]) -> bool:
    """Whether the path stands at or below one that was mended."""
    return any(path[: len(other)] == other for other in mended)


def _follows(path: Path, mended: Collection[Path]) -> bool:
    """Whether the mending itself broke the value: it stands at, below or above a mended one."""
    return _touches(path, mended) or any(other[: len(path)] == path for other in mended)


def _data_path(loc: Path) -> Path:
    """Pydantic marks a mapping's bad key by a last part `[key]`; the data has no such part."""
    return loc[:-1] if loc and loc[-1] == "[key]" else loc


def _replaced(data: object, path: Path, *, unknown: bool) -> object:
    """A copy of the data in which the value at the path is unknown, or else gone."""
    if not path:
        return data
    head, rest = path[0], path[1:]
    items: dict[object, object]
    if isinstance(data, Mapping):
        items = dict(cast("Mapping[object, object]", data))
    elif isinstance(data, list):
        items = dict(enumerate(cast("list[object]", data)))
    else:
        return data
    if rest:
        items[head] = _replaced(items.get(head), rest, unknown=unknown)
    elif unknown:
        items[head] = PENDING
    else:
        items.pop(head, None)
    return items if isinstance(data, Mapping) else list(items.values())


def _rules(model: Model, today: date) -> Iterator[Mistake]:
    for path, part in _parts(model, ()):
        for mistake in part.mistakes(today):
            yield mistake._replace(path=(*path, *mistake.path))


def _parts(value: object, path: Path) -> Iterator[tuple[Path, Model]]:
    """The model and every model inside it, each with its path."""
    if isinstance(value, Model):
        yield path, value
        for name, field in type(value).model_fields.items():
            yield from _parts(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield from _parts(item, (*path, key))


_REMEDY_BY_TYPE = {
    "missing": ("the field is required.", "add it."),
    "too_short": ("at least one entry is required.", "add an entry."),
    "bool_type": ("the value is true or false.", "write true or false, without quotes."),
    "bool_parsing": ("the value is true or false.", "write true or false, without quotes."),
    "string_type": ("the value is a text.", "write it as text, in quotes where YAML needs them."),
    "int_type": ("the value is a whole number.", "write a number without quotes."),
    "dict_type": ("the value is a mapping.", "write `key: value` lines below the field."),
    "model_type": ("the value is a mapping.", "write `key: value` lines below the field."),
    "list_type": ("the value is a list.", "write `- value` lines below the field."),
    "date_from_datetime_parsing": ("the value is a date.", "write it as 2027-01-31."),
    "date_type": ("the value is a date.", "write it as 2027-01-31."),
}


def _mistake(model: type[Model], detail: ErrorDetails) -> Mistake:
    path = _data_path(detail["loc"])
    context = detail.get("ctx", {})
    kind = detail["type"]
    if isinstance(detail["input"], Pending) and kind != "extra_forbidden":
        return Mistake(
            path,
            PENDING,
            "this field is plain, neither a secret nor another resource's output, because it "
            "decides which objects there are, or what they are called.",
            "write the value itself.",
        )
    if kind == "rule":
        return Mistake(path, detail["input"], context["rule"], context["remedy"])
    if kind == "extra_forbidden":
        return _unknown_field(model, path, detail["input"])
    if kind == "missing" and path and path[-1] == "audiences":
        return Mistake(
            path,
            None,
            "audiences are required, because without one a token minted for any other client of "
            "the issuer passes.",
            "name the client ids whose tokens may pass, e.g. audiences: [my-gateway].",
        )
    rule, remedy = _REMEDY_BY_TYPE.get(kind, (f"{detail['msg']}.", "change the value accordingly."))
    value = None if kind == "missing" else detail["input"]
    return Mistake(path, value, rule, remedy)


def _unknown_field(model: type[Model], path: Path, value: object) -> Mistake:
    names = _field_names(model, path[:-1])
    near = difflib.get_close_matches(str(path[-1]), names, n=1, cutoff=0.5)
    remedy = f"write {near[0]} if that is what you mean" if near else "remove it"
    return Mistake(
        path,
        value,
        "there is no such field here.",
        f"{remedy}; the fields here are {', '.join(names)}.",
    )


def _field_names(model: type[Model], path: Path) -> list[str]:
    """The names that may stand at a path, as a stack's file writes them."""
    found: type[BaseModel] = model
    for part in path:
        field = next(
            (field for name, field in found.model_fields.items() if part in (name, field.alias)),
            None,
        )
        inner = _inner_model(field.annotation) if field else None
        found = inner or found
    return sorted(field.alias or name for name, field in found.model_fields.items())


def _inner_model(annotation: object) -> type[BaseModel] | None:
    """The model within Optional, list or dict."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    for argument in get_args(annotation):
        inner = _inner_model(argument)
        if inner is not None:
            return inner
    return None


def _at(value: object, path: Path) -> object:
    """What stands at a path of raw data, if anything."""
    for part in path:
        if isinstance(value, Mapping):
            value = cast("Mapping[object, object]", value).get(part)
        elif isinstance(value, list) and isinstance(part, int):
            entries = cast("list[object]", value)
            value = entries[part] if part < len(entries) else None
        else:
            return None
    return value


def _texts(value: object) -> Iterator[str]:
    """Every text and number in raw data, as it would stand in a sentence; no names of fields."""
    if isinstance(value, Mapping):
        for item in cast("Mapping[object, object]", value).values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _texts(item)
    elif not isinstance(value, bool | None | Pending) and str(value):
        yield str(value)
