"""Texts that a test compares with a file; `UPDATE_GOLDENS=1` writes them anew, for a reviewer."""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def check(golden: Path, text: str) -> None:
    """Compare a text with its golden; a missing golden fails."""
    if os.environ.get("UPDATE_GOLDENS") == "1":
        assert "CI" not in os.environ, "goldens are compared, never written, in CI"
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.is_file(), f"{golden.name} is missing: run this test with UPDATE_GOLDENS=1"
    kept = golden.read_text(encoding="utf-8")
    difference = difflib.unified_diff(
        kept.splitlines(), text.splitlines(), f"golden {golden.name}", "now", lineterm=""
    )
    assert text == kept, "\n".join(["it is not what the golden says", *difference])


def unused(folder: Path, used: Iterable[Path]) -> list[str]:
    """Files of a folder that no test compares with."""
    return sorted(path.name for path in set(folder.iterdir()) - set(used))
