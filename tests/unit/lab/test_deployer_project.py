"""The in-process deployer runs our program as if the stack's file were in the project."""

from pathlib import Path

import pytest

from lab.deployer import in_process
from lab.deployer.result import DeployError
from lab.folders import REPOSITORY

STACK = """
config:
  ai-gateway-auth:apiKey:
    listener:
      port: 8081
  ai-gateway-auth:consumers:
    file: consumers.yaml
  ai-gateway-auth:importedKeys:
    alice:
      secure: "unencrypted:SECRET"
"""
SECRET = "much-too-short"


def _refusal(folder: Path, stack: str, consumers: str) -> str:
    stack_file = folder / "Pulumi.dev.yaml"
    stack_file.write_text(stack)
    (folder / "consumers.yaml").write_text(consumers)
    lines: list[str] = []
    with pytest.raises(DeployError) as caught:
        in_process.InProcess().deploy(
            stack_file,
            program=REPOSITORY,
            kubeconfig=folder / "none",
            state=folder / "state",
            say=lines.append,
        )
    return "\n".join([*lines, str(caught.value)])


def test_the_consumers_file_beside_the_stacks_file_is_read(tmp_path: Path) -> None:
    told = _refusal(tmp_path, STACK, "alice:\n  rotation: 0\n")
    assert "the config has 2 mistakes" in told
    assert "\n  consumers.alice.rotation, in consumers.yaml\n" in told


def test_a_simulated_secret_is_one_for_the_program(tmp_path: Path) -> None:
    told = _refusal(tmp_path, STACK.replace("SECRET", SECRET), "alice: {}\n")
    assert "the config has 1 mistake" in told
    assert "\n  importedKeys.alice\n    value:  [secret]\n    rule:   this can't be a key" in told
    assert SECRET not in told


def test_an_imported_key_in_plain_text_is_refused(tmp_path: Path) -> None:
    stack = STACK.replace("\n      secure:", "").replace("unencrypted:SECRET", SECRET * 4)
    told = _refusal(tmp_path, stack, "alice: {}\n")
    assert "\n  importedKeys\n    value:  [secret]\n    rule:   imported keys are encrypted" in told
    assert SECRET not in told
