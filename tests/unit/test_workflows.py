"""The workflows, checked by actionlint itself and for what it does not look at."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from lab import actionlint
from lab.progress import Progress

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHANGED_STACKS = ROOT / ".github" / "changed_stacks.py"

Data = dict[str, Any]  # a YAML document


def load(name: str) -> Data:
    return cast("Data", YAML(typ="safe").load(ROOT / ".github" / "workflows" / f"{name}.yml"))


@pytest.mark.registry
def test_actionlint_finds_nothing() -> None:
    program = actionlint.install(Progress())
    # Without what it would call if it happened to be installed.
    options = ("-no-color", "-shellcheck=", "-pyflakes=")
    run = subprocess.run(
        [program, *options, *WORKFLOWS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.registry
def test_actionlint_finds_a_mistake(tmp_path: Path) -> None:
    broken = (ROOT / ".github" / "workflows" / "preview.yml").read_text()
    workflow = tmp_path / "preview.yml"
    workflow.write_text(broken.replace("edit-pr-comment", "edit-comment"))
    program = actionlint.install(Progress())
    run = subprocess.run([program, workflow], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "edit-comment" in run.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_workflow_starts_with_at_most_reading(workflow: Path) -> None:
    permissions = load(workflow.stem)["permissions"]
    assert permissions in ({}, {"contents": "read"})


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_runs_with_a_forks_code_and_our_secrets(workflow: Path) -> None:
    triggers = set(load(workflow.stem)["on"])
    assert "pull_request_target" not in triggers


def test_only_the_preview_writes_and_only_the_comment() -> None:
    jobs = load("preview")["jobs"]
    writing = {
        (name, scope)
        for name, job in jobs.items()
        for scope, level in job["permissions"].items()
        if level == "write"
    }
    assert writing == {("preview", "pull-requests")}
    assert "head.repo.full_name == github.repository" in jobs["changed"]["if"]
    assert jobs["preview"]["needs"] == "changed"


def _pulumi_steps() -> tuple[Data, Data, Data]:
    """The step that installs the CLI, the one after it, and the preview."""
    steps: list[Data] = load("preview")["jobs"]["preview"]["steps"]
    return steps[-3], steps[-2], steps[-1]


def test_the_preview_is_one_comment_that_updates_itself() -> None:
    *_, preview = _pulumi_steps()
    assert preview["uses"].startswith("pulumi/actions@")
    assert preview["with"]["command"] == "preview"
    assert preview["with"]["comment-on-pr"] is True
    assert preview["with"]["edit-pr-comment"] is True


def test_the_preview_installs_what_the_program_needs() -> None:
    cli, install, _ = _pulumi_steps()
    assert cli["uses"].startswith("pulumi/actions@")
    assert "command" not in cli["with"]
    assert install == {"run": "pulumi install"}


def test_the_preview_runs_the_version_of_the_sdk() -> None:
    requirements = (ROOT / "requirements.txt").read_text().splitlines()
    cli, _, preview = _pulumi_steps()
    for step in (cli, preview):
        assert f"pulumi=={step['with']['pulumi-version']}" in requirements


def test_ci_runs_what_everybody_runs() -> None:
    steps = load("ci")["jobs"]["test"]["steps"]
    assert steps[-1] == {"run": ".ci/run"}
    assert "make test" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize(
    ("files", "stacks"),
    [
        (["stacks/Pulumi.dev.yaml"], ["dev"]),
        (["stacks/Pulumi.prod.yaml", "README.md"], ["prod"]),
        (["stacks/consumers.prod.yaml"], ["prod"]),
        (["components/ai_gateway_auth/program.py"], ["dev", "prod", "staging"]),
        (["requirements.txt"], ["dev", "prod", "staging"]),
        (["stacks/Pulumi.gone.yaml", "stacks/schema.json", "lab/demo.py"], []),
        ([], []),
    ],
)
def test_the_stacks_that_a_pull_request_changes(files: list[str], stacks: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, CHANGED_STACKS],
        input="\n".join(files),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == stacks
