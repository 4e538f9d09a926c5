"""The search for keys finds them in every form, in texts and in files."""

import base64
import secrets
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.leaks import PIECE, check_silent, leaks, open_files_with

KEY = f"{secrets.token_hex(16)}+/=%&{secrets.token_hex(16)}"
OTHERS = [secrets.token_hex(32) for _ in range(20)]
TEXT = "\n".join(f'{{"line": {number}, "of": "a log"}}' for number in range(200))


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("plain", KEY),
        ("plain", KEY[:PIECE]),
        ("plain", KEY[5 : 5 + PIECE]),
        ("plain", KEY[-PIECE:]),
        ("URL", quote(KEY, safe="")),
        ("URL", quote(KEY, safe="")[30 : 30 + PIECE]),
        ("hex", KEY.encode().hex()),
        ("HEX", KEY.encode().hex().upper()),
        *[
            (f"base64, shifted by {shift}", base64.b64encode(b"k:"[:shift] + KEY.encode()).decode())
            for shift in range(3)
        ],
        ("base64, shifted by 1", base64.b64encode(f"user:{KEY}@host"[1:].encode()).decode()),
        ("base64, shifted by 0", base64.urlsafe_b64encode(KEY.encode()).decode()),
    ],
)
def test_it_finds(kind: str, written: str, tmp_path: Path) -> None:
    text = f"{TEXT}x{written}y{TEXT}"
    assert kind in leaks(text, [*OTHERS, KEY])
    file = tmp_path / "folder" / "log"
    file.parent.mkdir()
    file.write_bytes(b"\xff\x00" + text.encode())
    assert kind in open_files_with(tmp_path, [*OTHERS, KEY])[file]


def test_it_finds_nothing_where_nothing_is() -> None:
    assert leaks(TEXT + KEY[: PIECE - 1] + TEXT, [*OTHERS, KEY]) == []
    assert leaks("", [KEY]) == []


def test_a_file_that_only_its_owner_reads_is_no_leak(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_text(KEY)
    for mode, is_open in ((0o600, False), (0o400, False), (0o640, True), (0o604, True)):
        file.chmod(mode)
        assert bool(open_files_with(tmp_path, [KEY])) is is_open, oct(mode)


def test_older_files_and_links_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(KEY)
    written = file.stat().st_mtime
    (tmp_path / "link").symlink_to(file)
    assert open_files_with(tmp_path, [KEY]).keys() == {file}
    assert open_files_with(tmp_path, [KEY], written_after=written).keys() == {file}
    assert open_files_with(tmp_path, [KEY], written_after=written + 1) == {}


def test_a_text_without_the_canary_is_the_wrong_one() -> None:
    check_silent(f"{TEXT} {KEY}", OTHERS, canary=KEY)
    with pytest.raises(AssertionError, match="is not in"):
        check_silent(TEXT, OTHERS, canary=KEY)
    with pytest.raises(AssertionError):
        check_silent(f"{TEXT} {KEY} {OTHERS[0]}", OTHERS, canary=KEY)
