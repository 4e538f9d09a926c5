"""What the documents show is run: configs, programs, make targets and links."""

import json
import re
import shlex
import shutil
import textwrap
from datetime import date
from pathlib import Path

import pytest
from ai_gateway_auth import stack_file
from ai_gateway_auth.cli.app import app
from ai_gateway_auth.models import StackConfig, check
from typer.testing import CliRunner

from tests import pulumi_program

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "components" / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
TESTED = {"yaml", "python", "sh", "text"}
TODAY = date(2026, 1, 1)


def blocks(language: str) -> list[tuple[str, str]]:
    """All blocks of a language, with a name each."""
    return [
        (f"{path.relative_to(ROOT)}-{number}", textwrap.dedent(match[3]))
        for path in DOCUMENTS
        for number, match in enumerate(BLOCK.finditer(path.read_text(encoding="utf-8")), 1)
        if match[2] == language
    ]


def test_every_block_has_a_language_that_is_tested() -> None:
    for path in DOCUMENTS:
        languages = {match[2] for match in BLOCK.finditer(path.read_text(encoding="utf-8"))}
        assert languages <= TESTED, path


@pytest.mark.parametrize(("name", "text"), blocks("yaml"))
def test_a_config_is_good(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.docs.yaml"
    file.write_text(text)
    found = stack_file.read(file)
    check(StackConfig, found.raw, today=TODAY, secret_paths=found.secret_paths)
    assert found.raw, name


@pytest.mark.parametrize(("name", "text"), blocks("python"))
def test_a_program_runs(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))  # else it would look at a cluster
    code = compile(text, name, "exec")
    done = pulumi_program.run(lambda: exec(code, {"__name__": "__main__"}))  # noqa: S102 - ours
    assert done.objects("Gateway")


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for path in DOCUMENTS:
        named = set(re.findall(r"\bmake\s([a-z-]+)", _code(path.read_text())))
        assert named <= targets, path


def test_commands_are_known() -> None:
    words = {
        line.split()[0]
        for _, text in blocks("sh")
        for line in text.replace("&&", "\n").splitlines()
        if line.strip()
    }
    assert words <= {"ai-gateway-auth", "make", "pulumi"}


def _own_commands() -> list[str]:
    return [
        line.partition(" ")[2]
        for _, text in blocks("sh")
        for line in text.splitlines()
        if line.startswith("ai-gateway-auth ")
    ]


@pytest.mark.parametrize("command", _own_commands())
def test_a_command_of_ours_does_what_it_says(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    facts = {"clientId": "search.ranker", "generation": 1, "secret": "maas-api-keys"}
    facts |= {"fingerprint": "0123456789ab"}
    unknown = dict.fromkeys(("made", "expires", "previousUntil"))
    outputs = {"apiKeys": {"search.ranker": "a-key"}, "keyFacts": [unknown | facts]}
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)
    if words[1] in ("list", "show"):
        words += ["--outputs", "outputs.json"]
    if words[1] == "show":
        words += ["--yes"]  # a test has no terminal
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert done.stdout


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if not link.startswith("https://"):
            assert (path.parent / link).exists(), link


def test_the_outputs_are_named_as_they_are() -> None:
    readme = (ROOT / "README.md").read_text()
    program = (ROOT / "components" / "ai_gateway_auth" / "program.py").read_text()
    for output in re.findall(r'pulumi\.export\("(\w+)"', program):
        assert f"`{output}`" in readme or f"output {output}" in readme, output


def test_both_licences_are_one() -> None:
    assert (ROOT / "LICENSE").read_text() == (ROOT / "components" / "LICENSE").read_text()


def _code(text: str) -> str:
    """What is marked as code: elsewhere `make` may be an English word."""
    return "\n".join(re.findall(r"```.*?```|`[^`]+`", text, flags=re.DOTALL))
