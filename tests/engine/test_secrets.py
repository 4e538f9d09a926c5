"""No key in any text of the engine, and none in a file that others can read."""

import json
import stat
from pathlib import Path

import pytest

from lab.folders import RUN
from tests.engine.engine import cli, engine
from tests.engine.leaks import files_with, leaks
from tests.lab.stack import Stack, Stacks

pytestmark = [pytest.mark.lab, pytest.mark.real]


def test_the_state_holds_keys_only_encrypted(deployed: Stack) -> None:
    pulumi = engine(deployed)
    shown = cli(pulumi, "stack", "export", "--show-secrets").stdout
    assert "plain" in leaks(shown, deployed.keys.values()), "the search finds keys"
    assert "base64, shifted by 0" in leaks(shown, deployed.keys.values())
    assert leaks(cli(pulumi, "stack", "export").stdout, deployed.keys.values()) == []


def test_no_command_tells_a_key(stacks: Stacks) -> None:
    stack = stacks.new("told")
    told: list[str] = []
    keys: set[str] = set()

    def run(*words: str) -> None:
        done = cli(engine(stack), *words)
        assert done.returncode == 0, done.stdout + done.stderr
        told.append(done.stdout + done.stderr)
        output = cli(engine(stack), "stack", "output", "apiKeys", "--json", "--show-secrets")
        keys.update(json.loads(output.stdout).values() if output.returncode == 0 else [])

    run("up", "--yes", "--diff")
    stack.config["consumers"] = {"alice": {}, "new": {}}
    run("up", "--yes", "--diff")
    run("stack", "--show-ids", "--show-urns")
    run("stack", "output", "--json")
    run("destroy", "--yes", "--diff")
    assert len(keys) == 3
    assert leaks("\n".join(told), keys) == []


def test_files_with_a_key_are_only_ours_to_read(deployed: Stack, tmp_path: Path) -> None:
    keys = list(deployed.keys.values())
    canary = tmp_path / "canary"
    canary.write_text(f"key: {keys[0][8:40]}")
    assert files_with(tmp_path, keys) == [canary], "the search finds keys"
    assert files_with(deployed.folder, keys) == []
    for path in files_with(RUN, keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
