"""What holds for all commands: errors, help, the extra, Ctrl-C, and that no key is told."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ai_gateway_auth.cli.app import app
from typer.testing import CliRunner

from tests.leaks import leaks
from tests.unit.cli.project import KEYS, OUTPUTS, Project, facts

PROGRAM = Path(sys.executable).with_name("ai-gateway-auth")
WITH_OUTPUTS = (
    ["list"],
    ["list", "--json"],
    ["show", "alice"],
    ["show", "nobody", "--yes"],
    ["show", "gone", "--yes"],
)
COMMANDS = (
    *WITH_OUTPUTS,
    ["list", "--offline"],
    ["rotate", "alice", "bob"],
    ["rotate", "dora"],
    ["revoke", "alice", "--reason", "lost"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_but_show_tells_a_key(project: Project, words: list[str]) -> None:
    result = project.run(*words)
    assert leaks(result.output + result.stderr, KEYS.values()) == []


@pytest.mark.parametrize("words", WITH_OUTPUTS, ids=" ".join)
@pytest.mark.parametrize("form", ["shown", "broken", "a list", "other facts"])
def test_outputs_with_keys_are_not_told(project: Project, words: list[str], form: str) -> None:
    text = json.dumps({**OUTPUTS, "apiKeys": KEYS})
    text = {
        "shown": text,
        "broken": text[:-2],
        "a list": f"[{text}]",
        "other facts": json.dumps({"keyFacts": [KEYS], "apiKeys": KEYS}),
    }[form]
    result = project.run(*words, "--outputs", "-", stdin=text)
    assert leaks(result.output + result.stderr + repr(result.exception), KEYS.values()) == []


def test_the_search_finds_what_show_tells(project: Project) -> None:
    assert "plain" in leaks(project.run("show", "alice", "--yes").stdout, KEYS.values())


@pytest.mark.parametrize("words", [["list"], ["show", "alice", "--yes"]])
def test_what_pulumi_printed_before_it_failed_is_not_told(
    project: Project, words: list[str]
) -> None:
    (project.programs / "fails").touch()
    result = project.run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "The outputs of stack prod are missing. Pulumi says: error: failed to decrypt: incorrect "
        "passphrase. Mend that, or hand over what `pulumi stack output --json` printed elsewhere: "
        "--outputs FILE.\n"
    )


def test_a_missing_pulumi_is_told(project: Project) -> None:
    (project.programs / "pulumi").unlink()
    result = project.run("list")
    assert result.exit_code == 1
    assert result.stderr.startswith("There is no program pulumi. The outputs of a stack come from")


def test_a_stack_that_pulumi_does_not_know_is_told(project: Project) -> None:
    project.file.with_name("Pulumi.nope.yaml").write_text(project.file.read_text())
    result = project.run("list", "--stack", "nope")
    assert result.exit_code == 1
    assert result.stderr.startswith("There is no stack nope. Pulumi's backend knows none")


def test_a_stack_without_a_file_is_told(project: Project) -> None:
    result = project.run("list", "--stack", "prd")
    assert result.exit_code == 1
    assert result.stderr == (
        f"There is no file of a stack prd. {project.folder / 'Pulumi.yaml'} says that it is "
        f"{project.file.with_name('Pulumi.prd.yaml')}. Did you mean prod?\n"
    )


def test_a_stack_may_have_its_full_name(project: Project) -> None:
    result = project.run("list", "--offline", "--stack", "organization/ai-gateway-auth/prod")
    assert result.exit_code == 0, result.stderr


def test_a_folder_without_a_project_is_told(project: Project) -> None:
    (project.folder / "Pulumi.yaml").unlink()
    result = project.run("list")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"There is no Pulumi.yaml in {project.folder}.")


def test_stack_files_may_lie_beside_the_project_file(project: Project) -> None:
    (project.folder / "Pulumi.yaml").write_text("name: ai-gateway-auth\n")
    project.file.rename(project.folder / "Pulumi.prod.yaml")
    assert project.run("list").exit_code == 0


def test_an_outputs_file_that_is_missing_is_told(project: Project) -> None:
    result = project.run("list", "--outputs", "none.json")
    assert result.exit_code == 1
    assert "none.json can't be read or written. The system says: No such file" in result.stderr


def test_outputs_of_release_0_1_0_are_told(project: Project) -> None:
    project.give({"gatewayAddress": ""}, KEYS)
    result = project.run("list")
    assert result.exit_code == 1
    assert "Run `pulumi up` with this release first." in result.stderr


def test_offline_takes_no_outputs(project: Project) -> None:
    result = project.run("list", "--offline", "--outputs", "-", stdin="{}")
    assert result.exit_code == 1
    assert "Leave one out." in result.stderr


def test_an_error_of_ours_shows_no_variables(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback of a real run in which a key is the value of a variable."""
    program = (
        "from ai_gateway_auth.cli import main, outputs\n"
        "def api_keys(given):\n"
        "    found = given['apiKeys']\n"
        "    raise RuntimeError('canary')\n"
        "outputs.api_keys = api_keys\n"
        "main()\n"
    )
    monkeypatch.chdir(project.folder)
    words = ["keys", "show", "alice", "--yes", "--stack", "prod"]
    run = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False
    )
    assert "canary" in run.stderr
    assert run.returncode == 1
    assert leaks(run.stdout + run.stderr, KEYS.values()) == []


def test_ctrl_c_ends_without_a_traceback(project: Project) -> None:
    pulumi = project.programs / "pulumi"
    pulumi.write_text(
        f"#!{sys.executable}\nimport os, signal, time\n"
        "os.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    run = subprocess.run(
        [PROGRAM, "keys", "list", "--stack", "prod", "--cwd", project.folder],
        capture_output=True,
        text=True,
        check=False,
        # A test that runs in the background ignores the signal, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert run.returncode == 130
    assert run.stdout + run.stderr == ""


@pytest.mark.parametrize(
    "words", [[], ["keys"], *(["keys", name] for name in ("list", "show", "rotate", "revoke"))]
)
def test_help_is_plain(words: list[str]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    assert "╭" not in result.stdout
    assert "Usage: " in result.stdout


def test_without_the_extra_one_sentence_says_what_to_install() -> None:
    program = (
        "import sys\nsys.modules['typer'] = None\nfrom ai_gateway_auth.cli import main\nmain()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr == (
        "The command ai-gateway-auth needs more than the package itself: "
        "pip install 'ai-gateway-auth[cli]'.\n"
    )


def test_a_closed_pipe_is_no_traceback(project: Project) -> None:
    project.give({"keyFacts": [facts("x" * 60 + str(number)) for number in range(2000)]}, KEYS)
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        [PROGRAM, "keys", "list", "--stack", "prod", "--cwd", project.folder],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert run.returncode == 1
    assert run.stderr == ""
