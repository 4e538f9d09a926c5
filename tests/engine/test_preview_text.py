"""What a reviewer of a pull request reads: `pulumi preview --diff` of the usual changes.

The warnings stand below the text here, as the CLI writes them to standard error.
"""

import base64
import json
import re
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lab.deployer.pulumi_stack import PulumiStack
from lab.folders import private_file
from lab.kubernetes_api import KubernetesApi
from tests.engine.engine import Change, changed, cli, engine
from tests.goldens import GOLDEN, check, unused
from tests.lab.stack import Stack, Stacks
from tests.leaks import leaks

pytestmark = [pytest.mark.lab, pytest.mark.real]

FOLDER = GOLDEN / "preview"
BY_HAND = "a-key-that-somebody-made-by-hand-long-ago"
OF_ANY_STACK = ("from $PATH", "without TLS", "a prerequisite was not checked")
"""Warnings that no change brings."""


class Case(NamedTuple):
    """A change, and the lines about keys that its preview has: who comes, goes and changes."""

    change: Change
    about_keys: Sequence[str]


def _add_consumer(config: dict[str, Any]) -> None:
    config["consumers"]["bob"] = {}


def _remove_consumer(config: dict[str, Any]) -> None:
    del config["consumers"]["alice"]


def _add_audience(config: dict[str, Any]) -> None:
    config["oidc"]["providers"]["dex"]["audiences"] = ["models", "chat"]


def _rotate(config: dict[str, Any]) -> None:
    config["consumers"]["alice"]["rotation"] = 2


def _rotate_with_overlap(config: dict[str, Any]) -> None:
    config["consumers"]["alice"] |= {"rotation": 2, "overlapFor": "7d"}


def _revoke(config: dict[str, Any]) -> None:
    config["consumers"]["alice"] |= {"revoked": True, "revokedReason": "in a public log"}


def _expire(config: dict[str, Any]) -> None:
    config["consumers"]["alice"]["expires"] = "2026-01-31"


def _import(config: dict[str, Any]) -> None:
    legacy = {"name": "legacy-keys", "key": "carol-key"}
    config["consumers"]["carol"] = {"importFrom": [legacy]}


def _deliver(config: dict[str, Any]) -> None:
    config["consumers"]["alice"]["deliverTo"] = {"namespace": "default", "name": "models-key"}


def _grow(config: dict[str, Any]) -> None:
    config["apiKey"]["shards"] = {"count": 2, "before": 1}


def _grown(config: dict[str, Any]) -> None:
    del config["apiKey"]["shards"]["before"]


def _run_lua(config: dict[str, Any]) -> None:
    config["apiKey"]["lua"] = True
    config["consumers"]["alice"]["team"] = "search"


CASES = {
    "add-consumer": Case(_add_consumer, ["+ bob: [secret]"]),
    "remove-consumer": Case(_remove_consumer, ["- alice: [secret]"]),
    "add-audience": Case(_add_audience, []),
    "rotate": Case(_rotate, ["~ alice: [secret] => [secret]"]),
    "rotate-with-overlap": Case(
        _rotate_with_overlap,
        ["~ alice         : [secret] => [secret]", "+ alice.previous: [secret]"],
    ),
    "revoke": Case(_revoke, ["- alice: [secret]"]),
    "expire": Case(_expire, ["- alice: [secret]"]),
    "import": Case(
        _import, ["data               : [secret]", "keepers: [secret]", "+ carol: [secret]"]
    ),
    "deliver": Case(_deliver, ["data      : [secret]"]),
    "grow-shards": Case(_grow, ["data      : [secret]"]),
    "lua": Case(_run_lua, []),
}
LATER = {
    "end-of-overlap": ["- ci-runner.previous: [secret]"],
    "grown-shards": ["- alice: [secret]"],
}
"""The same of the stack `rotated`."""


@pytest.fixture(scope="module")
def legacy(deployed: Stack, api: KubernetesApi) -> Generator[None]:
    """A Secret of keys that somebody made by hand."""
    data = {"carol-key": base64.b64encode(BY_HAND.encode()).decode()}
    deployed.apply(api, "Secret", "secrets", "legacy-keys", data=data)
    yield
    api.delete(deployed.path("secrets", "legacy-keys"))


@pytest.fixture(scope="module")
def rotated(stacks: Stacks) -> Stack:
    """In the middle of two changes: ci-runner has two keys, and alice's key is in two Secrets."""
    stack = stacks.new("rotated")
    stack.deploy()
    stack.config["consumers"]["ci-runner"] |= {"rotation": 2, "overlapFor": "7d"}
    _grow(stack.config)
    stack.deploy()
    return stack


@pytest.mark.usefixtures("legacy")
@pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES)
def test_preview(deployed: Stack, name: str, case: Case) -> None:
    with changed(deployed, case.change) as pulumi:
        _check(name, pulumi, deployed, case.about_keys)


def test_the_second_half_of_more_secrets(rotated: Stack) -> None:
    with changed(rotated, _grown) as pulumi:
        _check("grown-shards", pulumi, rotated, LATER["grown-shards"])


def test_the_end_of_an_overlap(rotated: Stack, tmp_path: Path) -> None:
    """Days do not pass in a test: the state says that the keys were made long ago."""
    pulumi = engine(rotated)
    before = json.dumps(pulumi.export())
    first, second = sorted(set(re.findall(r'"made": "([^"]+)"', before)))
    long_ago = before.replace(first, "2026-01-01T00:00:00Z").replace(second, "2026-02-01T00:00:00Z")
    _import_state(pulumi, tmp_path / "long-ago.json", long_ago)
    try:
        _check("end-of-overlap", pulumi, rotated, LATER["end-of-overlap"])
    finally:
        _import_state(pulumi, tmp_path / "before.json", before)


def test_every_golden_is_used() -> None:
    used = [FOLDER / f"{name}.txt" for name in (*CASES, *LATER)]
    assert unused(FOLDER, used) == []


def _check(name: str, pulumi: PulumiStack, stack: Stack, about_keys: Sequence[str]) -> None:
    done = cli(pulumi, "preview", "--diff", "--suppress-progress")
    assert done.returncode == 0, done.stdout + done.stderr
    assert leaks(done.stdout + done.stderr, [*stack.keys.values(), BY_HAND]) == []
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert [line for line in lines if "[secret]" in line] == about_keys
    warnings = [
        line
        for line in done.stderr.splitlines()
        if line and not any(text in line for text in OF_ANY_STACK)
    ]
    check(FOLDER / f"{name}.txt", _normal("\n".join([done.stdout.rstrip(), *warnings]), stack))


def _import_state(pulumi: PulumiStack, file: Path, state: str) -> None:
    private_file(file, state)
    done = cli(pulumi, "stack", "import", "--file", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def _normal(text: str, stack: Stack) -> str:
    """Without what differs from run to run."""
    text = text.replace(stack.namespace, "maas-system")
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"(?<=http://localhost:)\d+", "PORT", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "MOMENT", text)
    text = re.sub(r'(previousUntil *: )"[0-9-]{10}"', r'\1"DAY"', text)
    text = re.sub(r'(resourceVersion *: )"\d+"', r'\1"VERSION"', text)
    text = re.sub(r'"[0-9a-f]{12}"', '"FINGERPRINT"', text)
    text = re.sub(r"\d+ unchanged", "all others unchanged", text)
    return text.strip() + "\n"
