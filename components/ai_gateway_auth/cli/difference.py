"""A unified diff of a file's consumers."""

import difflib
import re

from .yaml_edit import Edited

_HUNK = re.compile(r"@@ -(\d+)(.*) \+(\d+)(.*) @@")


def difference(name: str, edit: Edited) -> str:
    """The diff, without lines of the rest of the file, where secrets may stand."""
    first = edit.first
    lines = [
        text.split("\n")[first : len(text.split("\n")) - edit.rest]
        for text in (edit.before, edit.after)
    ]
    diff = difflib.unified_diff(*lines, fromfile=name, tofile=name, lineterm="")
    return "\n".join(_HUNK.sub(lambda hunk: _moved(hunk, first), line) for line in diff)


def _moved(hunk: "re.Match[str]", lines: int) -> str:
    """The head of a hunk with its line numbers in the whole file."""
    before, after = int(hunk[1]) + lines, int(hunk[3]) + lines
    return f"@@ -{before}{hunk[2]} +{after}{hunk[4]} @@"
