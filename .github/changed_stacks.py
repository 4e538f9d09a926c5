"""Which stacks a pull request changes: file names on standard input, a JSON list on the output.

A stack's own file changes that stack, and so does a file beside it that it names, e.g. one of
consumers; the program, the package or their requirements change all.
"""

import json
import re
import sys
from pathlib import Path

STACKS = Path(__file__).parents[1] / "stacks"
OF_ALL = ("components/", "__main__.py", "Pulumi.yaml", "requirements.txt")
OF_ONE = re.compile(r"stacks/Pulumi\.([\w.-]+)\.yaml")


def changed(files: list[str]) -> list[str]:
    """Names of the stacks, sorted; a stack whose file was deleted has nothing to preview."""
    present = {
        match[1] for path in STACKS.iterdir() if (match := OF_ONE.fullmatch(f"stacks/{path.name}"))
    }
    if any(file.startswith(OF_ALL) for file in files):
        return sorted(present)
    beside = [Path(file).name for file in files if file.startswith("stacks/")]
    return sorted(stack for stack in present if _is_of(stack, beside))


def _is_of(stack: str, names: list[str]) -> bool:
    own = f"Pulumi.{stack}.yaml"
    text = (STACKS / own).read_text(encoding="utf-8")
    return any(name == own or name in text for name in names if name.endswith(".yaml"))


if __name__ == "__main__":
    print(json.dumps(changed(sys.stdin.read().splitlines())))
