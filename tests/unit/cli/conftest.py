"""A Pulumi project with a stack, and a `pulumi` that answers as 3.259 does."""

import json
import stat
import sys
from pathlib import Path

import pytest

from tests.unit.cli.project import KEYS, OUTPUTS, PULUMI, STACK, Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, with the `pulumi` first on the PATH."""
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: ai-gateway-auth\nstackConfigDir: stacks\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    pulumi = programs / "pulumi"
    pulumi.write_text(f"#!{sys.executable}\n{PULUMI}")
    pulumi.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(programs))
    made = Project(folder, programs)
    made.file.write_text(STACK)
    made.give(OUTPUTS, KEYS)
    return made


@pytest.fixture
def outputs_file(tmp_path: Path) -> Path:
    """What `pulumi stack output --json --show-secrets` printed."""
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({**OUTPUTS, "apiKeys": KEYS}))
    return file
