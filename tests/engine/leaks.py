"""Looks for keys in texts and files, also when they are cut or written in another way."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

PIECE = 16
"""Characters of a key that are a leak."""


def leaks(text: str, keys: Iterable[str], *, step: int = 1) -> list[str]:
    """In which way keys stand in the text: whole or a piece, plain, in base64 or in hex.

    Only each `step`-th piece is looked for: 16 + `step` - 1 characters are found for sure.
    """
    return sorted(
        {
            kind
            for key in keys
            for kind, form in _forms(key)
            for start in range(0, len(form) - PIECE + 1, step)
            if form[start : start + PIECE] in text
        }
    )


def _forms(key: str) -> Iterator[tuple[str, str]]:
    data = key.encode()
    yield "plain", key
    yield "hex", data.hex()
    yield "HEX", data.hex().upper()
    for shift in range(3):
        # What stands before the key decides how its base64 looks; the first characters mix both.
        encoded = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        yield f"base64, shifted by {shift}", encoded[shift and 4 : -1]


def files_with(folder: Path, keys: Iterable[str]) -> list[Path]:
    """The files below a folder in which any of the keys stands, or at least 31 characters of it."""
    wanted = list(keys)
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and leaks(path.read_bytes().decode("latin-1"), wanted, step=PIECE)
    )
