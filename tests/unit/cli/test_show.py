import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.unit.cli.project import KEYS, Project, facts

PROGRAM = Path(sys.executable).with_name("ai-gateway-auth")


def show(project: Project, *words: str) -> list[str | Path]:
    return [PROGRAM, "keys", "show", *words, "--stack", "prod", "--cwd", project.folder]


def test_a_terminal_gets_the_key_and_nothing_else(project: Project) -> None:
    terminal, end = pty.openpty()
    run = subprocess.run(
        show(project, "alice"), stdout=end, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(end)
    printed = os.read(terminal, 4096).decode()
    os.close(terminal)
    assert run.returncode == 0, run.stderr
    assert printed == f"{KEYS['alice']}\r\n"
    assert run.stderr == ""


def test_a_pipe_gets_no_key(project: Project) -> None:
    run = subprocess.run(show(project, "alice"), capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr == (
        "The key was not printed. The output is no terminal, so that the key might stay in a file "
        "or a log. Add --yes if that is what you mean.\n"
    )
    assert project.calls() == [], "nobody was asked for the key"


def test_a_pipe_gets_the_key_with_yes(project: Project) -> None:
    result = project.run("show", "alice", "--yes")
    assert result.exit_code == 0
    assert result.stdout == f"{KEYS['alice']}\n"
    assert result.stderr == ""
    (call,) = project.calls()
    assert "--show-secrets" in call


def test_outputs_may_be_handed_over(project: Project, outputs_file: Path) -> None:
    result = project.run("show", "bob", "--yes", "--outputs", str(outputs_file))
    assert result.stdout == f"{KEYS['bob']}\n"


def test_masked_outputs_are_told(project: Project) -> None:
    masked = '{"apiKeys": "[secret]"}'
    result = project.run("show", "alice", "--yes", "--outputs", "-", stdin=masked)
    assert result.exit_code == 1
    assert "The keys are masked." in result.stderr


def test_an_unknown_consumer_is_told_with_near_names(project: Project) -> None:
    result = project.run("show", "alicia", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "There is no consumer alicia. The stack's config does not list it. Did you mean alice?\n"
    )


def test_a_revoked_key_is_not_shown(project: Project) -> None:
    result = project.run("show", "gone", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "revoked (left the company)" in result.stderr


def test_an_expired_key_is_not_shown(project: Project) -> None:
    result = project.run("show", "old", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "expired on " in result.stderr


def test_a_key_that_is_not_made_yet_is_told(project: Project) -> None:
    result = project.run("show", "carol", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Run `pulumi up` first." in result.stderr


def test_the_keys_of_release_0_1_0_are_shown(project: Project) -> None:
    project.give({"gatewayAddress": ""}, KEYS)
    assert project.run("show", "alice", "--yes").stdout == f"{KEYS['alice']}\n"


def test_a_key_that_ends_with_the_next_up_is_still_the_present_one(project: Project) -> None:
    project.give({"keyFacts": [facts("bob")]}, KEYS)
    assert project.run("show", "bob", "--yes").stdout == f"{KEYS['bob']}\n"
