"""The stacks and examples of the repository, run under the mocks."""

import functools
import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lab.deployer import stack_config
from tests.pulumi_program import Registered, Run, run

ROOT = Path(__file__).parents[3]


class Program(NamedTuple):
    """A program with the config of one stack."""

    name: str
    folder: Path
    stack_file: Path

    @functools.cache  # noqa: B019 - there are few, and they live as long as the tests
    def run(self) -> Run:
        """What it registers."""
        config = stack_config.load(self.stack_file, self.folder)
        return _run(config)


def _run(config: stack_config.StackConfig) -> Run:
    def program() -> None:
        runpy.run_path(str(config.main), run_name="__main__")

    before, known = Path.cwd(), set(sys.modules)
    os.chdir(config.main)
    try:
        return run(program, config=config.values, project=config.project, stack=config.stack)
    finally:
        os.chdir(before)
        for name in set(sys.modules) - known:
            if name.partition(".")[0] == "components":  # an example's own are not the next one's
                del sys.modules[name]


def stacks() -> list[Program]:
    """The repository's own stacks, and those that render what they leave out."""
    folders = (ROOT / "stacks", ROOT / "tests" / "stacks")
    files = [file for folder in folders for file in sorted(folder.glob("Pulumi.*.yaml"))]
    return [Program(file.name.split(".")[1], ROOT, file) for file in files]


def examples() -> list[Program]:
    """Every stack of every example."""
    return [
        Program(f"{project.parent.name}-{file.name.split('.')[1]}", project.parent, file)
        for project in sorted((ROOT / "examples").glob("*/Pulumi.yaml"))
        for file in sorted(project.parent.rglob("Pulumi.*.yaml"))
    ]


def objects(done: Run) -> list[Registered]:
    """The Kubernetes objects, each after those that it waits for, and else by kind and name."""
    left = [thing for thing in done.resources if thing.inputs.get("kind") and thing.custom]
    left.sort(key=lambda thing: (thing.inputs["kind"], identity(thing)))
    ordered: list[Registered] = []
    while left:
        free = next(
            thing for thing in left if not any(done.comes_after(thing, other) for other in left)
        )
        left.remove(free)
        ordered.append(free)
    return ordered


def identity(thing: Registered) -> str:
    """Namespace and name of an object."""
    metadata = thing.plain["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}".removeprefix("/")


def identities(things: list[Registered]) -> Iterator[str]:
    """Kind, namespace and name of each."""
    for thing in things:
        yield f"{thing.inputs['kind']} {identity(thing)}"
