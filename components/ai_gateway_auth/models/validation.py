"""From raw data to a model, with every mistake of the data told at once."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_snake
from pydantic_core import ErrorDetails

from .base import PENDING, Mistake, Model, Note, Path, Pending
from .config_error import ConfigError, dotted
from .fields import SHORTEST_KEY
from .mending import Mending, data_path

M = TypeVar("M", bound=Model)

_ROUNDS = 40


def check(
    model: type[M],
    raw: object,
    *,
    today: date,
    secret_paths: Collection[Path] = (),
    files: Mapping[Path, str] | None = None,
    mistakes: Collection[Mistake] = (),
) -> M:
    """Make the model of raw data.

    Args:
        model: The model to make.
        raw: Plain data, as YAML or JSON gives it; `Pending` where a value is not known yet.
        today: The day on which dates are judged.
        secret_paths: Paths whose values, and everything below, are never shown; in camelCase or
            snake_case.
        files: Names of the files that parts of the data come from, by the part's path.
        mistakes: What is known to be wrong; it is told together with what is found.

    Raises:
        ConfigError: The data breaks at least one rule.

    """
    secret_paths = [*secret_paths, *((name,) for name in model.secret_fields)]
    found, broken, mending = _parse(model, raw)
    if found is not None:
        broken += [
            Mistake(
                mending.original_path(late.path),
                late.value,
                mending.original(late.rule),
                mending.original(late.remedy),
            )
            for late in _rules(found, today)
            if not mending.touches(late.path)
        ]
    # Of a part that could not be read, nothing but the reason is told.
    unread = {mistake.path[:1] for mistake in mistakes if _at(raw, mistake.path[:1]) is PENDING}
    told = [*mistakes, *(mistake for mistake in broken if mistake.path[:1] not in unread)]
    if found is None or told:
        names = _names_like_keys(model, raw)
        told = [mistake._replace(path=_without_names(mistake.path, names)) for mistake in told]
        texts = names.union(*(_texts(_at(raw, path)) for path in secret_paths))
        raise ConfigError(told, secret_paths=secret_paths, secret_texts=texts, files=files)
    return found


def warnings(model: Model, *, today: date) -> list[str]:
    """Everything allowed that a reviewer should know of, each with the path of its field."""
    return [
        f"{dotted((*path, *warning.path))}: {warning.text}"
        for path, part in _parts(model, ())
        for warning in part.warnings(today)
    ]


def _parse(model: type[M], raw: object) -> tuple[M | None, list[Mistake], Mending]:
    """Parse; on mistakes, mend the broken values and look again for those that they hid.

    Pydantic runs a model's own rules only when all its fields are good. With stand-ins in place of
    the broken values, the remaining rules speak too, and all mistakes come at once.
    """
    mistakes: list[Mistake] = []
    mending = Mending(raw)
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(mending.data), mistakes, mending
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=True)
        mistakes += [
            _mistake(model, detail) for detail in details if not mending.explains(data_path(detail))
        ]
        mending.mend(details)
    return None, mistakes, mending


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


_WORDS_BY_TYPE = {
    "missing": ("the field is required.", "add it."),
    "too_short": ("at least one entry is required.", "add an entry."),
    "too_long": ("there are at most {max_length} entries.", "remove some."),
    "greater_than_equal": ("the value is at least {ge}.", "raise it."),
    "less_than_equal": ("the value is at most {le}.", "lower it."),
    "enum": ("the value is {expected}.", "write one of these."),
    "bool_type": ("the value is true or false.", "write true or false, without quotes."),
    "bool_parsing": ("the value is true or false.", "write true or false, without quotes."),
    "string_type": ("the value is a text.", "write it as text, in quotes where YAML needs them."),
    "int_type": ("the value is a whole number.", "write a number without quotes."),
    "dict_type": ("the value is a mapping.", "write `key: value` lines below the field."),
    "model_type": ("the value is a mapping.", "write `key: value` lines below the field."),
    "list_type": ("the value is a list.", "write `- value` lines below the field."),
    "date_from_datetime_parsing": ("the value is a date.", "write it as 2027-01-31."),
    "date_from_datetime_inexact": ("the value is a date without a time.", "remove the time."),
    "date_type": ("the value is a date.", "write it as 2027-01-31."),
}
"""Pydantic's error types, each with a rule and a remedy; the names in braces are pydantic's."""


def _mistake(model: type[Model], detail: ErrorDetails) -> Mistake:
    path = data_path(detail)
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
    rule, remedy = _WORDS_BY_TYPE.get(kind, (f"{detail['msg']}.", "change the value accordingly."))
    value = None if kind == "missing" else detail["input"]
    return Mistake(path, value, rule.format(**context), remedy)


_SECRET_WORDS = ("key", "password", "secret", "token")


def _unknown_field(model: type[Model], path: Path, value: object) -> Mistake:
    names = _field_names(model, path[:-1])
    if any(word in str(path[-1]).lower() for word in _SECRET_WORDS):
        value = Note("[secret]")  # it may be one, in a field that nothing knows to be secret
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
            items = cast("Mapping[object, object]", value)
            value = items.get(part, items.get(to_snake(part)) if isinstance(part, str) else None)
        elif isinstance(value, list) and isinstance(part, int):
            entries = cast("list[object]", value)
            value = entries[part] if part < len(entries) else None
        else:
            return None
    return value


def _names_like_keys(model: type[Model], raw: object) -> set[str]:
    """Names within secret fields that may be a key: who writes `KEY: alice` must not read it."""
    consumers = _at(raw, ("consumers",))
    known: set[object] = set(
        cast("Mapping[object, object]", consumers) if isinstance(consumers, Mapping) else ()
    )
    found: set[str] = set()
    for field in model.secret_fields:
        items = _at(raw, (field,))
        if isinstance(items, Mapping):
            names = {str(name) for name in cast("Mapping[object, object]", items)}
            found |= {name for name in names - known if len(name) >= SHORTEST_KEY}
    return found


def _without_names(path: Path, names: Collection[str]) -> Path:
    return tuple("[secret]" if part in names else part for part in path)


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
