"""The outputs of a stack that tell of keys."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from .refusal import Refused

Outputs = Mapping[str, object]

KEYS = "keyFacts"
"""The output that tells of each key what may be told."""
API_KEYS = "apiKeys"
"""The output that holds the keys; secret."""

_STDIN = "-"


class DeployedKey(BaseModel):
    """What the last `up` told of a consumer's present key."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, hide_input_in_errors=True)

    client_id: str
    """The consumer's client id."""
    generation: int
    """Generation of its key."""
    made: datetime | None = None
    """When `up` made it; None where nobody knows."""
    expires: date | None = None
    """The first day on which it is gone."""
    previous_until: date | None = None
    """The last day of the key before, where that is valid."""
    secret: str
    """Name of the Secret that holds it."""
    fingerprint: str
    """The first 12 hexadecimal digits of its SHA-256."""


_LIST = TypeAdapter(list[DeployedKey])


def from_file(name: str) -> Outputs:
    """Outputs that `pulumi stack output --json` printed; `-` is stdin.

    Raises:
        Refused: It is no such text.
        OSError: The file can't be read.

    """
    try:
        text = sys.stdin.read() if name == _STDIN else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        text = ""
    return _parsed(text, "stdin" if name == _STDIN else name)


def from_pulumi(stack: str, folder: Path, *, secrets: bool = False) -> Outputs:
    """Outputs of a stack, asked of Pulumi.

    Args:
        stack: The stack's name.
        folder: The Pulumi project's folder.
        secrets: Whether to ask for secrets too.

    Raises:
        Refused: Pulumi is missing, or did not give them.

    """
    command = ["pulumi", "stack", "output", "--json", f"--stack={stack}", f"--cwd={folder}"]
    # Its questions could not be seen: both of its streams are ours.
    command += ["--non-interactive", "--color=never"]
    if secrets:
        command.append("--show-secrets")
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise Refused(
            "There is no program pulumi.",
            "The outputs of a stack come from it.",
            "Install the Pulumi CLI, or hand over what `pulumi stack output --json` printed "
            "elsewhere: --outputs FILE.",
        ) from None
    if run.returncode != 0:
        raise _failed(stack, run.stderr)
    return _parsed(run.stdout, "pulumi")


def _failed(stack: str, stderr: str) -> Refused:
    """Why Pulumi ended with an error; of its text only its own sentence."""
    said = [line for line in stderr.splitlines() if line.startswith("error: ")]
    if any("no stack named" in line for line in said):
        return Refused(
            f"There is no stack {stack}.",
            "Pulumi's backend knows none of this name.",
            "`pulumi stack ls` lists them; `pulumi stack init` makes one.",
        )
    return Refused(
        f"The outputs of stack {stack} are missing.",
        f"Pulumi says: {said[0] if said else 'nothing'}.",
        "Mend that, or hand over what `pulumi stack output --json` printed elsewhere: "
        "--outputs FILE.",
    )


def _parsed(text: str, source: str) -> Outputs:
    try:
        found: object = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        # The text may hold keys, so that no part of it is told.
        raise Refused(
            f"What {source} gave are no outputs.",
            "The outputs of a stack are one JSON object.",
            "Give what `pulumi stack output --json` prints.",
        )
    return cast("dict[str, object]", found)


def deployed_keys(outputs: Outputs) -> dict[str, DeployedKey]:
    """What the last `up` told, by client id; nothing where there was none."""
    if not outputs:
        return {}
    try:
        keys = _LIST.validate_python(outputs.get(KEYS))
    except ValidationError:
        raise Refused(
            f"The stack's output {KEYS} can't be read.",
            "It is missing, or of another release of ai-gateway-auth.",
            "Run `pulumi up` with this release first.",
        ) from None
    return {key.client_id: key for key in keys}


def api_keys(outputs: Outputs) -> dict[str, str]:
    """The keys themselves, by client id."""
    found = outputs.get(API_KEYS, {})
    if not isinstance(found, dict):
        raise Refused(
            "The keys are masked.",
            f"The output {API_KEYS} is secret, and these outputs were printed without secrets.",
            "Give what `pulumi stack output --json --show-secrets` prints.",
        )
    return cast("dict[str, str]", found)
