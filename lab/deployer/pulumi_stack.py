"""One stack of the Pulumi CLI with a file backend, in a project folder made for it."""

import functools
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML

from lab.deployer import child, stack_config, values
from lab.deployer.result import DeployError, Deployment, quiet, with_secrets
from lab.folders import private_file

PROGRAMS = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-resource-kubernetes",
    "pulumi-resource-random",
)
_COUNTS = {
    "created": "create",
    "updated": "update",
    "replaced": "replace",
    "unchanged": "same",
    "deleted": "delete",
}
SALT = "encryptionsalt"


@functools.cache
def version() -> str:
    """The CLI's version, with its v."""
    return subprocess.check_output(["pulumi", "version"], text=True).strip()


@dataclass(frozen=True)
class Step:
    """What a preview plans for a resource: `create`, `update`, `same` ..."""

    operation: str
    urn: str


@dataclass(frozen=True)
class PulumiStack:
    """The CLI's commands for one stack; its backend, home and project lie in one folder."""

    name: str
    folder: Path
    environment: dict[str, str]

    @property
    def project(self) -> Path:
        """The project folder."""
        return self.folder / "project"

    def up(self, say: Callable[[str], None] = quiet) -> Deployment:
        """Run `pulumi up`.

        Raises:
            DeployError: it failed; with the messages of the engine.
        """
        return self._change("up", say)

    def refresh(self, say: Callable[[str], None] = quiet) -> Deployment:
        """Run `pulumi refresh`: what is updated or deleted then had drifted.

        Raises:
            DeployError: it failed.
        """
        return self._change("refresh", say)

    def destroy(self, say: Callable[[str], None] = quiet) -> Deployment:
        """Run `pulumi destroy`.

        Raises:
            DeployError: it failed.
        """
        return self._change("destroy", say)

    def preview(self) -> str:
        """The text of `pulumi preview --diff`.

        Raises:
            DeployError: it failed.
        """
        return self._command("preview", "--diff", "--suppress-progress")

    def preview_steps(self, *, refresh: bool = False) -> list[Step]:
        """What `pulumi preview` plans, one step for each resource; `refresh` looks for drift first.

        Raises:
            DeployError: it failed.
        """
        more = ["--refresh"] if refresh else []
        planned = json.loads(self._command("preview", "--json", *more))
        return [Step(step["op"], step["urn"]) for step in planned["steps"]]

    def export(self) -> dict[str, Any]:
        """The stack's state; secrets stay encrypted.

        Raises:
            DeployError: it failed.
        """
        return cast("dict[str, Any]", json.loads(self._command("stack", "export")))

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in a `Secret`.

        Raises:
            DeployError: it failed.
        """
        for resource in self._resources():
            if resource["type"] == "pulumi:pulumi:Stack":
                return with_secrets(_marked(resource.get("outputs", {})))
        return {}

    def _change(self, command: str, say: Callable[[str], None]) -> Deployment:
        known = self._redactor()
        counts: dict[str, int] = {}
        messages: list[str] = []
        errors: list[str] = []

        def on_line(line: str) -> None:
            event = _event(line)
            if event is None:
                errors.append(line)
                return
            counts.update(event.get("summaryEvent", {}).get("resourceChanges") or {})
            for text in _texts(event):
                say(known.clean(text))
            if diagnostic := event.get("diagnosticEvent"):
                text = f"{diagnostic.get('prefix', '')}{diagnostic['message'].strip()}"
                if diagnostic["severity"] == "error":
                    errors.append(text)
                if _is_of_program(diagnostic):
                    messages.append(text)

        code = child.run(
            ["pulumi", command, "--yes", "--skip-preview", "--json", *self._options()],
            environment=self.environment,
            directory=self.project,
            on_line=on_line,
            stop_with=signal.SIGINT,
        )
        known = self._redactor()  # it has new secrets now
        if code != 0:
            raise DeployError(known.clean(f"pulumi {command} failed.\n" + "\n".join(errors)))
        return Deployment(
            kind=f"pulumi {command} (Pulumi {version()}, file backend)",
            stack=self.name,
            outputs={} if command == "destroy" else self.outputs(),
            messages=tuple(known.clean(text) for text in messages),
            **{ours: counts.get(theirs, 0) for ours, theirs in _COUNTS.items()},
        )

    def _command(self, *words: str, text: str = "") -> str:
        """The standard output of a command that is done soon."""
        done = subprocess.run(
            ["pulumi", *words, *self._options()],
            env=self.environment,
            cwd=self.project,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            text = f"pulumi {words[0]} failed.\n{done.stdout}{done.stderr}"
            is_state_unreadable = "--show-secrets" in words or "select" in words
            raise DeployError(text if is_state_unreadable else self._redactor().clean(text))
        return done.stdout

    def _options(self) -> list[str]:
        return ["--stack", self.name, "--non-interactive", "--color=never"]

    def _resources(self) -> list[dict[str, Any]]:
        exported = json.loads(self._command("stack", "export", "--show-secrets"))
        return exported["deployment"].get("resources", [])

    def _redactor(self) -> values.Redactor:
        """Knows the state's secrets: the engine shows them in a program's messages (3.259)."""
        redactor = values.Redactor()
        for resource in self._resources():
            redactor.learn(_marked([resource.get("inputs", {}), resource.get("outputs", {})]))
        return redactor


def prepare(stack_file: Path, *, program: Path, kubeconfig: Path, folder: Path) -> PulumiStack:
    """Make the project folder and the backend, and the stack if there's none.

    Raises:
        DeployError: a file can't be read, or the CLI failed.
    """
    stack = PulumiStack(
        stack_config.stack_name(stack_file), folder.absolute(), _environment(folder, kubeconfig)
    )
    for name in ("project", "backend", "home"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = folder / "passphrase"
    if not passphrase.exists():
        private_file(passphrase, secrets.token_urlsafe(32))
    _write(stack.project / "Pulumi.yaml", _project(program))
    ours = stack.project / f"Pulumi.{stack.name}.yaml"
    content = stack_config.read_yaml(stack_file)
    if ours.exists() and SALT not in content:
        before = stack_config.read_yaml(ours)
        content |= {SALT: before[SALT]} if SALT in before else {}
    stack_config.copy_files(stack_file, content, stack.project)
    given: dict[str, Any] = content.get("config") or {}
    secret_values = list(stack_config.secret_values(given))
    for secret in secret_values:
        stack_config.put(given, secret.path, "")
    _write(ours, content)
    stack._command("stack", "select", "--create")  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    for secret in secret_values:
        words = ("config", "set", "--secret", "--path", _config_path(secret.path))
        stack._command(*words, text=secret.text)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return stack


def _config_path(path: tuple[str | int, ...]) -> str:
    """A path as `pulumi config set --path` takes it."""
    return str(path[0]) + "".join(
        f"[{part}]" if isinstance(part, int) else f"[{json.dumps(part)}]" for part in path[1:]
    )


def _environment(folder: Path, kubeconfig: Path) -> dict[str, str]:
    folder = folder.absolute()
    kept = {key: text for key, text in os.environ.items() if not key.startswith("PULUMI_")}
    return kept | {
        "KUBECONFIG": str(kubeconfig.absolute()),
        "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase"),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def _project(program: Path) -> dict[str, Any]:
    """The program's `Pulumi.yaml`, from another folder and with the virtualenv that runs this."""
    project = stack_config.read_yaml(program / "Pulumi.yaml")
    main = (program / str(project.get("main") or ".")).absolute()
    options = {"toolchain": "pip", "virtualenv": sys.prefix}
    return stack_config.beside_its_stacks(project) | {
        "main": str(main),
        "runtime": {"name": "python", "options": options},
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    with path.open("w") as file:
        YAML(typ="safe", pure=True).dump(content, file)


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if values.is_object(event) else None


def _texts(event: dict[str, Any]) -> list[str]:
    """What to show of an event.

    The debug messages of the SDK hold secrets in plain text (3.259): they're dropped here.
    Errors are shown at the end, when the secrets that may be in them are known.
    """
    if diagnostic := event.get("diagnosticEvent"):
        if diagnostic["severity"] in ("debug", "error") or _is_of_path(diagnostic):
            return []
        return f"{diagnostic.get('prefix', '')}{diagnostic['message'].strip()}".splitlines()
    if started := event.get("resourcePreEvent"):
        metadata = started["metadata"]
        if metadata["op"] != "same":
            return [f"{metadata['op']} {metadata['type']} {metadata['urn'].rpartition('::')[2]}"]
    return []


def _is_of_program(diagnostic: dict[str, Any]) -> bool:
    has_prefix = bool(diagnostic.get("prefix"))
    return has_prefix and diagnostic["severity"] != "debug" and not _is_of_path(diagnostic)


def _is_of_path(diagnostic: dict[str, Any]) -> bool:
    """The engine's remark that a plugin is taken from PATH, where we want it to be."""
    return diagnostic["message"].startswith("using pulumi-")


def _marked(value: values.Json) -> values.Json:
    """Secrets of an exported state (`plaintext` is JSON text) as marked values."""
    if values.is_object(value):
        if value.get(values.SIGNATURE) == values.SECRET_SIGNATURE:
            return values.secret(json.loads(value.get("plaintext", "null")))
        return {key: _marked(entry) for key, entry in value.items()}
    if values.is_array(value):
        return [_marked(entry) for entry in value]
    return value


def missing_programs() -> list[str]:
    """What the CLI needs and PATH doesn't have: itself, its language host, its plugins."""
    return [name for name in PROGRAMS if shutil.which(name) is None]
