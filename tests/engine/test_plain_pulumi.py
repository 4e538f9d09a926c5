"""The README's next step: plain Pulumi in a clone, with a cluster of the user's own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lab.client import Lab
from lab.folders import REPOSITORY
from lab.kubernetes_api import KubernetesApi
from tests.lab.stack import Stack, Stacks

pytestmark = [pytest.mark.lab, pytest.mark.real]


class Clone:
    """A clone of the repository, with the CLI's home and backend beside it."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.folder = folder / "clone"
        (self.folder / "stacks").mkdir(parents=True)
        for name in ("Pulumi.yaml", "__main__.py", "requirements.txt"):
            (self.folder / name).write_bytes((REPOSITORY / name).read_bytes())
        # As `pulumi install` makes it, which needs the package index.
        (self.folder / ".venv").symlink_to(sys.prefix)
        home, backend = folder / "home", folder / "backend"
        backend.mkdir()
        kept = {key: text for key, text in os.environ.items() if not key.startswith("PULUMI_")}
        self.environment = kept | {
            "KUBECONFIG": str(lab.kubeconfig),
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": "the user's own",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    @property
    def stack_file(self) -> Path:
        """The stack's config."""
        return self.folder / "stacks" / "Pulumi.dev.yaml"

    def pulumi(self, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run the CLI in the clone."""
        return subprocess.run(
            ["pulumi", *words, "--non-interactive", "--color=never"],
            env=self.environment,
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def stack(stacks: Stacks) -> Stack:
    """The config that the clone's stack gets."""
    made = stacks.new("plain")
    made.write()
    return made


@pytest.fixture
def clone(tmp_path: Path, lab: Lab, stack: Stack) -> Iterator[Clone]:
    """A clone with a stack `dev`, not deployed."""
    made = Clone(tmp_path, lab)
    made.stack_file.write_bytes(stack.file.read_bytes())
    initialized = made.pulumi("stack", "init", "dev")
    assert initialized.returncode == 0, initialized.stderr
    yield made
    made.pulumi("destroy", "--yes", "--skip-preview")


def test_up_and_the_kubeconfig_as_a_secret(clone: Clone, api: KubernetesApi, stack: Stack) -> None:
    kubeconfig = Path(clone.environment.pop("KUBECONFIG")).read_text()
    clone.environment["KUBECONFIG"] = "/nowhere"
    put = clone.pulumi("config", "set", "--secret", "kubeconfig", given=kubeconfig)
    assert put.returncode == 0, put.stderr
    assert kubeconfig.splitlines()[3] not in clone.stack_file.read_text()
    up = clone.pulumi("up", "--yes", "--skip-preview")
    assert up.returncode == 0, up.stdout + up.stderr
    assert "current-context" not in up.stdout + up.stderr
    assert stack.read(api, "gateways", "maas")
    outputs = json.loads(clone.pulumi("stack", "output", "--json").stdout)
    assert outputs["namespace"] == stack.namespace
    assert outputs["apiKeys"] == "[secret]"
    state = clone.pulumi("stack", "export").stdout
    assert "current-context" not in state
    destroyed = clone.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr


def test_a_mistake_in_the_config_is_told_once_and_without_a_traceback(clone: Clone) -> None:
    config = YAML(typ="safe").load(clone.stack_file.read_text())
    config["config"]["ai-gateway-auth:consumers"] = {"not allowed!": {}}
    config["config"]["ai-gateway-auth:gatway"] = {}
    with clone.stack_file.open("w") as file:
        YAML(typ="safe").dump(config, file)
    preview = clone.pulumi("preview")
    told = preview.stdout + preview.stderr
    assert preview.returncode != 0
    # The CLI shows an error while it runs, and once more in the summary.
    told = told.partition("Diagnostics:")[2]
    assert told.count("error: stack dev: the config has 2 mistakes; nothing was changed.") == 1
    assert "consumers.not allowed!" in told
    assert "gatway" in told
    assert "Traceback" not in told
    assert ".py" not in told
    assert "ai-gateway-auth:index" not in told
