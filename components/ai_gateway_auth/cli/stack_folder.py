"""Where the files of a stack are, and what they say."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple, cast

import yaml

from ai_gateway_auth import consumers_file, stack_file
from ai_gateway_auth.models import StackConfig

from .refusal import Refused, near
from .yaml_edit import CONSUMERS_FILE, STACK_FILE, Place

_CONSUMERS = ("consumers",)
_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")


class Stack(NamedTuple):
    """A stack, by its files."""

    name: str
    """As Pulumi takes it: prod, or organization/project/prod."""
    file: Path
    """Pulumi.<stack>.yaml."""
    config: StackConfig
    """What it says, checked."""
    consumers_file: Path
    """The file where the consumers stand."""
    consumers_places: Sequence[Place]
    """Where they stand in it."""


def load(folder: Path, name: str, today: date) -> Stack:
    """Read a stack's files.

    Args:
        folder: The Pulumi project's folder.
        name: The stack's name.
        today: The day on which dates are judged.

    Raises:
        Refused: A file is missing.
        ConfigError: The stack's config breaks rules.
        OSError: A file can't be read.

    """
    file = find(folder, name)
    found = stack_file.read(file)
    config = stack_file.checked(found, today=today)
    named = found.files.get(_CONSUMERS)
    if named is None:
        return Stack(name, file, config, file, STACK_FILE)
    return Stack(name, file, config, file.parent / named, CONSUMERS_FILE)


def check_change(stack: Stack, file: Path, today: date) -> None:
    """Check the config as it would be with another file in place of that of the consumers.

    Raises:
        ConfigError: The config would break rules.

    """
    if stack.consumers_places is STACK_FILE:
        stack_file.load(file, today=today)
        return
    found = stack_file.read(stack.file)
    consumers = consumers_file.read({"file": file.name}, file.parent)
    raw = found.raw | {_CONSUMERS[0]: consumers.value}
    changed = found._replace(raw=raw, mistakes=found.mistakes + consumers.mistakes)
    stack_file.checked(changed, today=today)


def find(folder: Path, name: str) -> Path:
    """The file of a stack, where Pulumi (3.259) looks for it."""
    project = _project_file(folder)
    files = _stack_files(project)
    short = name.rpartition("/")[2]
    if short not in files:
        raise Refused(
            f"There is no file of a stack {short}.",
            f"{project} says that it is {_config_folder(project) / _file_name(project, short)}.",
            near(short, files) if files else "Name the project's folder with --cwd.",
        )
    return files[short]


def _project_file(folder: Path) -> Path:
    for name in _PROJECT_FILES:
        if (folder / name).is_file():
            return folder / name
    raise Refused(
        f"There is no Pulumi.yaml in {folder}.",
        "It says where the files of the stacks are.",
        "Name the project's folder with --cwd.",
    )


def _stack_files(project: Path) -> dict[str, Path]:
    pattern = _file_name(project, "*")
    head, tail = pattern.split("*")
    return {
        path.name.removeprefix(head).removesuffix(tail): path
        for path in sorted(_config_folder(project).glob(pattern))
        if path.is_file()
    }


def _file_name(project: Path, stack: str) -> str:
    return f"{project.stem}.{stack}{project.suffix}"


def _config_folder(project: Path) -> Path:
    try:
        document: object = yaml.safe_load(project.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise Refused(
            f"{project} can't be read.", "It is no YAML.", "Run `pulumi about` to see more."
        ) from None
    items = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    folder = items.get("stackConfigDir") or ""
    return project.parent / str(folder)
