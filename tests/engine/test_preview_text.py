"""What a reviewer of a pull request reads: `pulumi preview --diff` of the usual changes."""

import re
from typing import Any

import pytest

from tests.engine.engine import Change, changed
from tests.engine.leaks import leaks
from tests.goldens import GOLDEN, check, unused
from tests.lab.stack import Stack

pytestmark = [pytest.mark.lab, pytest.mark.real]

FOLDER = GOLDEN / "preview"


def _add_consumer(config: dict[str, Any]) -> None:
    config["consumers"]["bob"] = {}


def _remove_consumer(config: dict[str, Any]) -> None:
    del config["consumers"]["alice"]


def _add_audience(config: dict[str, Any]) -> None:
    config["oidc"]["providers"]["dex"]["audiences"] = ["models", "chat"]


CHANGES = {
    "add-consumer": _add_consumer,
    "remove-consumer": _remove_consumer,
    "add-audience": _add_audience,
}
SECRETS = {
    "add-consumer": ["+ bob: [secret]"],
    "remove-consumer": ["- alice: [secret]"],
    "add-audience": [],
}
"""Lines about a Secret's data: who comes and who goes, and nobody else."""


@pytest.mark.parametrize(("name", "change"), CHANGES.items(), ids=CHANGES)
def test_preview(deployed: Stack, name: str, change: Change) -> None:
    with changed(deployed, change) as pulumi:
        text = pulumi.preview()
    assert leaks(text, deployed.keys.values()) == []
    about_keys = [line.strip() for line in text.splitlines() if "[secret]" in line]
    assert about_keys == SECRETS[name]
    check(FOLDER / f"{name}.txt", _normal(text, deployed))


def test_every_golden_is_used() -> None:
    assert unused(FOLDER, [FOLDER / f"{name}.txt" for name in CHANGES]) == []


def _normal(text: str, stack: Stack) -> str:
    """Without what differs from run to run."""
    text = text.replace(stack.namespace, "maas-system")
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"(?<=http://localhost:)\d+", "PORT", text)
    text = re.sub(r"\d+ unchanged", "all others unchanged", text)
    return text.strip() + "\n"
