"""No key in anything that the engine or our command prints, and in none of their open files.

The rest of the places, and the refusals, are in tests/lab/test_secrets.py.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.deployer.stack_config import UNENCRYPTED
from lab.kubernetes_api import KubernetesApi
from tests.engine.engine import cli, engine
from tests.lab.every_key import BAD, EveryKey
from tests.lab.stack import Stacks
from tests.leaks import check_silent, leaks, open_files_with

pytestmark = [pytest.mark.lab, pytest.mark.real]

PROGRAM = Path(sys.executable).with_name("ai-gateway-auth")
BEFORE = (["preview"], ["preview", "--diff"])
AFTER = (
    ["preview"],
    ["preview", "--diff"],
    ["preview", "--diff", "--refresh"],
    ["preview", "--json"],
    ["refresh", "--yes", "--diff"],
    ["stack", "--show-ids", "--show-urns"],
    ["stack", "output"],
    ["stack", "output", "--json"],
    ["stack", "export"],
    ["config"],
)
UNCHANGED = (
    "deployed: preview",
    "deployed: preview --diff",
    "deployed: preview --diff --refresh",
    "deployed: refresh --yes --diff",
)
"""These tell of no resource but the stack."""


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The temporary folder of the engine and of what it starts."""
    folder = tmp_path_factory.mktemp("tmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        yield folder


class Told:
    """What each command of the engine printed, and the stack that it was about."""

    def __init__(self, every: EveryKey) -> None:
        self.every = every
        self.texts: dict[str, str] = {}

    def run(self, when: str, *words: str) -> None:
        """Run a command of the engine, and keep what it prints."""
        done = cli(engine(self.every.stack), *words)
        assert done.returncode == 0, done.stdout + done.stderr
        self.every.collect()
        self.texts[f"{when}: {' '.join(words)}"] = done.stdout + done.stderr

    def ours(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command `ai-gateway-auth keys`."""
        pulumi = engine(self.every.stack)
        return subprocess.run(
            [PROGRAM, "keys", *words, "--stack", pulumi.name, "--cwd", pulumi.project],
            env=pulumi.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def told(temporary: Path, stacks: Stacks, api: KubernetesApi) -> Iterator[Told]:
    """The life of a stack with every kind of key, but for its end."""
    del temporary
    every = EveryKey(stacks.new("told"), api)
    life = Told(every)
    for words in BEFORE:
        life.run("new", *words)
    life.run("new", "up", "--yes", "--diff")
    every.rotate()
    del every.consumers["ci-runner"]
    for words in BEFORE:
        life.run("rotated", *words)
    life.run("rotated", "up", "--yes", "--diff")
    for words in AFTER:
        life.run("deployed", *words)
    yield life
    every.remove()


def test_no_command_of_the_engine_tells_a_key(told: Told) -> None:
    every = told.every
    assert len(every.credentials) == len(every.consumers) + 2, "alice has two, one is gone"
    assert len(told.texts) >= 2 * len(BEFORE) + 2 + len(AFTER)
    for what, text in told.texts.items():
        canary = "maas-api-keys-alice-key-2" if what.startswith("rotated") else every.canary
        canary = "ai-gateway-auth-dev" if what in UNCHANGED else canary
        check_silent(f"{what}\n{text}", every.credentials, canary)


def test_the_state_holds_keys_only_encrypted(told: Told) -> None:
    every = told.every
    for words in (["stack", "export"], ["stack", "output", "--json"]):
        shown = cli(engine(every.stack), *words, "--show-secrets").stdout
        assert "plain" in leaks(shown, every.credentials), "the search finds keys"
        hidden = cli(engine(every.stack), *words).stdout
        check_silent(hidden, every.credentials, every.canary)


def test_our_command_tells_one_key_and_only_when_asked(told: Told) -> None:
    every = told.every
    output = cli(engine(every.stack), "stack", "output", "apiKeys", "--json", "--show-secrets")
    key: str = json.loads(output.stdout)[every.canary]
    assert key in every.credentials
    others = every.credentials - {key}
    for words in (["list"], ["list", "--json"], ["list", "--offline"]):
        done = told.ours(*words)
        assert done.returncode == 0, done.stderr
        check_silent(done.stdout + done.stderr, every.credentials, every.canary)
    refused = told.ours("show", every.canary)
    assert (refused.returncode, refused.stdout) == (1, "")
    check_silent(refused.stderr, every.credentials, "The key was not printed.")
    shown = told.ours("show", every.canary, "--yes")
    assert (shown.stdout, shown.stderr) == (f"{key}\n", "")
    assert leaks(shown.stdout, others) == []
    assert "plain" in leaks(shown.stdout, [key])
    for words in (["rotate", every.canary], ["revoke", every.canary, "--reason", "lost"]):
        done = told.ours(*words)
        assert done.returncode == 0, done.stderr
        check_silent(done.stdout + done.stderr, every.credentials, every.canary)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_no_refusal_tells_a_key(told: Told, bad: Callable[[EveryKey], str]) -> None:
    every = told.every
    every.import_bad(bad(every))
    try:
        for words in (["preview", "--diff"], ["up", "--yes", "--diff"]):
            done = cli(engine(every.stack), *words)
            assert done.returncode != 0
            check_silent(done.stdout + done.stderr, every.credentials, "mallory (generation 1)")
    finally:
        del every.consumers["mallory"]


def test_a_bad_key_of_the_config_is_not_told(told: Told) -> None:
    every = told.every
    imported = every.stack.config["importedKeys"]
    try:
        for bad in ({every.canary: every.plant(31)}, {every.plant(64): every.canary}):
            secret = {name: {"secure": UNENCRYPTED + text} for name, text in bad.items()}
            every.stack.config["importedKeys"] = imported | secret
            done = cli(engine(every.stack), "up", "--yes", "--diff")
            assert done.returncode != 0
            check_silent(done.stdout + done.stderr, every.credentials, "this can't be a key")
    finally:
        every.stack.config["importedKeys"] = imported


def test_an_error_of_the_api_server_tells_no_key(told: Told) -> None:
    every = told.every
    every.fill()
    every.consumers["erin"]["rotation"] = 2
    imported = every.stack.config.pop("importedKeys")
    done = cli(engine(every.stack), "up", "--yes", "--diff")
    every.collect()
    every.empty()
    every.consumers["erin"]["rotation"] = 1
    every.stack.config["importedKeys"] = imported
    assert done.returncode != 0
    check_silent(done.stdout + done.stderr, every.credentials, "may not be more than 1048576 bytes")


def test_files_with_a_key_are_only_ours_to_read(told: Told, temporary: Path) -> None:
    """The backend with its history, the engine's home, the project, the temporary folder."""
    every = told.every
    for folder in (every.stack.folder, temporary):
        canary = folder / "canary"
        canary.write_text(f"key: {next(iter(every.credentials))}")
        found = open_files_with(folder, every.credentials)
        canary.unlink()
        assert found.keys() == {canary}


def test_destroy_tells_no_key(told: Told) -> None:
    every = told.every
    done = cli(engine(every.stack), "destroy", "--yes", "--diff")
    assert done.returncode == 0, done.stdout
    check_silent(done.stdout + done.stderr, every.credentials, every.canary)
