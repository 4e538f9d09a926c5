"""Looks for keys and tokens in texts and files, also when they are cut or written in another way.

A search that finds nothing says nothing: whoever looks at a place first has a canary in it.
"""

import base64
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

PIECE = 16
"""Characters of a key, in any form, that are a leak."""


def leaks(text: str, keys: Iterable[str]) -> list[str]:
    """In which form keys stand in the text, whole or a piece."""
    pieces = _pieces(keys)
    return sorted(
        {
            pieces[text[start : start + PIECE]]
            for start in range(len(text) - PIECE + 1)
            if text[start : start + PIECE] in pieces
        }
    )


def check_silent(text: str, keys: Iterable[str], canary: str) -> None:
    """Fail when a key stands in the text, and when the canary does not: then it is another text."""
    assert "plain" in leaks(text, [canary]), f"{canary} is not in: {text[-4000:]}"
    assert leaks(text, keys) == []


def open_files_with(
    folder: Path, keys: Iterable[str], *, written_after: float = 0
) -> dict[Path, list[str]]:
    """The files below a folder with a key in them that others than their owner can read.

    Args:
        folder: Where to look; symbolic links are not followed.
        keys: What to look for.
        written_after: Older files are left out; in seconds since 1970.

    """
    wanted = list(keys)
    return {path: kinds for path, kinds in _open_files(folder, wanted, written_after) if kinds}


def _open_files(
    folder: Path, keys: list[str], written_after: float
) -> Iterator[tuple[Path, list[str]]]:
    for path in sorted(folder.rglob("*")):
        try:
            about = path.lstat()
            is_open = bool(stat.S_IMODE(about.st_mode) & 0o177)
            if stat.S_ISREG(about.st_mode) and is_open and about.st_mtime >= written_after:
                yield path, leaks(path.read_bytes().decode("latin-1"), keys)
        except FileNotFoundError:  # gone meanwhile: the lab runs on
            continue


def _pieces(keys: Iterable[str]) -> dict[str, str]:
    """Every piece of every form, with the form's name."""
    found: dict[str, str] = {}
    for key in keys:
        for kind, form in _forms(key):
            for start in range(len(form) - PIECE + 1):
                found.setdefault(form[start : start + PIECE], kind)
    return found


def _forms(key: str) -> Iterator[tuple[str, str]]:
    data = key.encode()
    yield "plain", key
    yield "URL", quote(key, safe="")
    yield "hex", data.hex()
    yield "HEX", data.hex().upper()
    for shift in range(3):
        # What stands before the key decides how its base64 looks; the first characters mix both.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + data).decode().rstrip("=")
            yield f"base64, shifted by {shift}", encoded[shift and 4 : -1]
