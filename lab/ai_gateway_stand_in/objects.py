"""Reading Kubernetes objects that came as JSON."""

from typing import TypeAlias, cast

Object: TypeAlias = dict[str, object]


def part(value: Object, key: str) -> Object:
    """The object below the key; empty when there's none."""
    return cast("Object", value.get(key) or {})


def items(value: Object, key: str) -> list[Object]:
    """The list of objects below the key; empty when there's none."""
    return cast("list[Object]", value.get(key) or [])


def text(value: Object, key: str, default: str = "") -> str:
    """The string below the key."""
    return str(value.get(key) or default)


def name_of(value: Object) -> tuple[str, str]:
    """Namespace and name."""
    metadata = part(value, "metadata")
    return text(metadata, "namespace"), text(metadata, "name")
