"""Property values as they travel between a program and the engine: JSON with marked secrets."""

import base64
import binascii
import contextlib
import hashlib
import json
from collections.abc import Iterator
from typing import Any, TypeAlias, TypeGuard, cast

from google.protobuf import struct_pb2

from lab.errors import LabError

# A JSON value; what it looks like is up to the program.
Json: TypeAlias = Any
Object: TypeAlias = dict[str, Any]
# protobuf ships no types.
Message: TypeAlias = Any

# The wire format's signatures of special objects (SDK 3.259).
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - it marks one
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"


def is_object(value: Json) -> TypeGuard[Object]:
    """Whether it's a JSON object."""
    return isinstance(value, dict)


def is_array(value: Json) -> TypeGuard[list[Json]]:
    """Whether it's a JSON array."""
    return isinstance(value, list)


def secret(value: Json) -> Object:
    """The value, marked as secret."""
    return {SIGNATURE: SECRET_SIGNATURE, "value": value}


def is_secret(value: Json) -> bool:
    """Whether the value itself is marked."""
    return is_object(value) and value.get(SIGNATURE) == SECRET_SIGNATURE


def has_secret(value: Json) -> bool:
    """Whether the value or anything in it is marked."""
    if is_secret(value):
        return True
    if is_object(value):
        return any(has_secret(entry) for entry in value.values())
    return is_array(value) and any(has_secret(entry) for entry in value)


def plain(value: Json) -> Json:
    """A copy of the value without marks."""
    if is_secret(value):
        return plain(value["value"])
    if is_object(value):
        return {key: plain(entry) for key, entry in value.items()}
    if is_array(value):
        return [plain(entry) for entry in value]
    return value


def mark_like(outputs: Object, inputs: Object) -> None:
    """Mark the outputs whose inputs are secret, as pulumi-kubernetes 4.32 does.

    A list with a secret in it becomes secret as a whole.
    """
    if outputs.get("kind") == "Secret":
        for key in ("data", "stringData"):
            if key in outputs and not is_secret(outputs[key]):
                outputs[key] = secret(outputs[key])
        return
    for key, given in inputs.items():
        if key not in outputs or is_secret(outputs[key]):
            continue
        if is_object(outputs[key]) and is_object(given) and not is_secret(given):
            mark_like(outputs[key], given)
        elif has_secret(given):
            outputs[key] = secret(outputs[key])


def secret_texts(value: Json, *, inside: bool = False) -> Iterator[str]:
    """Each string in what is marked as secret."""
    if is_secret(value):
        yield from secret_texts(value["value"], inside=True)
    elif is_object(value):
        for entry in value.values():
            yield from secret_texts(entry, inside=inside)
    elif is_array(value):
        for entry in value:
            yield from secret_texts(entry, inside=inside)
    elif inside and isinstance(value, str):
        yield value


def digest(value: Json) -> str:
    """A fingerprint of the value; marks don't count."""
    text = json.dumps(plain(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def from_struct(struct: Message) -> Object:
    """The message as JSON; whole numbers become ints again."""
    return {key: _from_value(value) for key, value in sorted(struct.fields.items())}


def _from_value(value: Message) -> Json:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _from_object(from_struct(value.struct_value))
        case "list_value":
            return [_from_value(entry) for entry in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _from_object(thing: Object) -> Json:
    signature = thing.get(SIGNATURE)
    if signature is None or signature == SECRET_SIGNATURE:
        return thing
    if signature == RESOURCE_SIGNATURE:
        return thing.get("id") or thing["urn"]
    raise LabError(
        "The in-process deployer can't pass on an asset or archive. It knows only JSON values. "
        "Use a plain value, or deploy with the Pulumi CLI."
    )


def to_struct(thing: Object) -> Message:
    """The JSON object as a message."""
    struct = cast("Message", struct_pb2.Struct())  # pyright: ignore[reportAttributeAccessIssue]
    struct.update(thing)
    return struct


class Redactor:
    """Takes the secrets that it has seen out of texts."""

    MINIMUM = 6  # shorter ones would blank out ordinary words

    def __init__(self) -> None:
        """Know no secret yet."""
        self._secrets: set[str] = set()

    def learn(self, value: Json) -> None:
        """Remember what is marked as secret in the value, and what a Secret's base64 stands for."""
        for text in secret_texts(value):
            self._secrets.update(form for form in _forms(text) if len(form) >= self.MINIMUM)

    def clean(self, text: str) -> str:
        """The text with `[secret]` in the place of each secret."""
        for found in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(found, "[secret]")
        return text


def _forms(text: str) -> Iterator[str]:
    yield text
    yield base64.b64encode(text.encode()).decode()
    with contextlib.suppress(binascii.Error, ValueError):
        yield base64.b64decode(text, validate=True).decode()
