"""The base of every model, and what a broken rule looks like."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

Path = tuple[str | int, ...]
"""Where a field stands: the keys and indexes that lead to it."""


class Note(str):
    """What a mistake tells in place of a value, e.g. `both`; shown without quotes."""

    __slots__ = ()


class Mistake(NamedTuple):
    """One broken rule of a config."""

    path: Path
    value: object
    rule: str
    remedy: str


class Warning_(NamedTuple):  # noqa: N801 - `Warning` is a builtin
    """Something allowed that a reviewer should know of."""

    path: Path
    text: str


class Pending(str):
    """A value that nobody knows yet: the output of a resource that is still to be created.

    It stands in for the value while the rest of the config is checked. No rule about the value
    itself is applied to it; the value is checked when it is known.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "[not known yet]"


PENDING = Pending()


def _unless_pending(value: object, check: ValidatorFunctionWrapHandler) -> object:
    return value if isinstance(value, Pending) else check(value)


MAY_BE_PENDING = WrapValidator(_unless_pending)
"""Marks a field whose value may be another resource's output."""

Text = Annotated[str, MAY_BE_PENDING]


def in_camel_case(path: Path) -> Path:
    """The path as a stack's file writes it; a program's config is in snake_case."""
    return tuple(to_camel(part) if isinstance(part, str) else part for part in path)


def broken(rule: str, remedy: str) -> PydanticCustomError:
    """The error that a field's check raises: what must hold, and how to mend it."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule, "remedy": remedy})


def pending(*values: str | None) -> bool:
    """Whether any of the values is not known yet, so that a rule over them must wait."""
    return any(isinstance(value, Pending) for value in values)


class Model(BaseModel):
    """Frozen, strict about names, and silent about values.

    Fields are written in camelCase in a stack's file and in snake_case in Python. Pydantic's own
    error text never shows the input, which may be a secret.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    secret_fields: ClassVar[tuple[str, ...]] = ()
    """Fields whose values are never shown, whether the config calls them secret or not."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Rules over several fields; paths are relative to this model."""
        del today
        yield from ()

    def warnings(self, today: date) -> Iterator[Warning_]:
        """What is allowed but deserves a word; paths are relative to this model."""
        del today
        yield from ()
