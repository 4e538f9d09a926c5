"""One run of a program in a process of its own: the runtime of the Pulumi SDK is global.

Called as `python -m lab.deployer.run`; the result goes to a file of mode 0600.
"""

import argparse
import asyncio
import json
import logging
import os
import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import pulumi
import pulumi.runtime
from pulumi.runtime import _callbacks, settings
from pulumi.runtime.mocks import MockEngine
from pulumi.runtime.proto import engine_pb2

from lab.deployer import stack_config
from lab.deployer.monitor import Monitor
from lab.deployer.run_context import Context
from lab.deployer.state import State
from lab.deployer.values import Message, Redactor, secret
from lab.errors import LabError
from lab.folders import private_file

PARALLEL = 16
ORGANIZATION = "organization"  # as the engine's file backend calls it


_LEVELS = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning"}


class Engine(MockEngine):
    """Takes the program's log messages."""

    def __init__(self, context: Context) -> None:
        """Show each message as it comes."""
        super().__init__(None)
        self._context = context
        self.messages: list[str] = []

    def Log(self, request: Message) -> None:  # noqa: N802 - the SDK's name
        """Keep and show a message that isn't for debugging only."""
        if request.severity != engine_pb2.DEBUG:
            level = _LEVELS.get(request.severity, "error")
            text = f"{level}: {self._context.redactor.clean(request.message)}"
            self.messages.append(text)
            self._context.say(text)


class CleanStream:
    """A text stream that blanks out secrets."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        """Write to the stream what the redactor leaves."""
        self._stream = stream
        self._redactor = redactor

    def write(self, text: str) -> int:
        """Write the text without secrets."""
        return self._stream.write(self._redactor.clean(text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


async def run_program(context: Context, monitor: Monitor, main: Path) -> None:
    """Run the program to its end, as the language host of the engine does."""
    # The SDK serves callbacks for a real monitor only, unless there is a server already.
    callbacks = _callbacks._CallbackServicer(monitor)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportArgumentType]
    await callbacks.serve()
    settings.SETTINGS.callbacks = callbacks  # pyright: ignore[reportAttributeAccessIssue]

    def program() -> None:
        context.check_stopped()
        runpy.run_path(str(main), run_name="__main__")

    await pulumi.runtime.run_in_stack(program)


def deploy(context: Context, monitor: Monitor, engine: Engine, project: Path) -> None:
    """Run the program of a project's folder, then delete what it no longer registers."""
    config = context.config
    for given in config.secrets:
        context.redactor.learn(secret(given.text))
    pulumi.runtime.set_all_config(config.values, config.secret_keys)
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=config.project,
            stack=config.stack,
            monitor=monitor,
            engine=engine,
            parallel=PARALLEL,
            dry_run=False,  # it isn't a preview, ever
            organization=ORGANIZATION,
            root_directory=str(project),
        )
    )
    os.chdir(config.main if config.main.is_dir() else config.main.parent)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=PARALLEL)
    loop.set_default_executor(executor)
    # Futures that nobody looked at are normal after a failure.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(run_program(context, monitor, config.main))
    except BaseException:
        context.stopped.set()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)  # what was begun is remembered
    monitor.delete_unregistered()


def main(arguments: argparse.Namespace) -> int:
    """Run, and write the result.

    Raises:
        LabError: the configuration or the state can't be read.
    """
    context = Context(
        config=stack_config.load(arguments.stack_file, arguments.program),
        state=State(arguments.state),
        kubeconfig=str(arguments.kubeconfig),
        say=lambda line: print(line, flush=True),
    )
    sys.stdout = CleanStream(sys.stdout, context.redactor)  # pyright: ignore[reportAttributeAccessIssue]
    sys.stderr = CleanStream(sys.stderr, context.redactor)  # pyright: ignore[reportAttributeAccessIssue]
    signal.signal(signal.SIGTERM, _interrupt)
    monitor = Monitor(context)
    engine = Engine(context)
    error = ""
    try:
        if arguments.destroy:
            monitor.delete_unregistered()
        else:
            project = arguments.state.parent / "project"
            stack_config.make_project(arguments.stack_file, arguments.program, project)
            deploy(context, monitor, engine, project)
    except (Exception, KeyboardInterrupt) as caught:  # noqa: BLE001 - the parent shows it
        error = context.redactor.clean(_message(caught))
        if not isinstance(caught, LabError | pulumi.RunError):
            print("".join(traceback.format_exception(caught)), file=sys.stderr)
    _write_result(
        arguments.result,
        error=error,
        outputs=monitor.outputs,
        counts=dict(context.counts),
        messages=engine.messages,
    )
    return 1 if error else 0


def _write_result(path: Path, **result: object) -> None:
    empty: dict[str, Any] = {"outputs": {}, "counts": {}, "messages": []}
    private_file(path, json.dumps(empty | result))


def _message(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "The run was interrupted. What was made until then is remembered. Deploy again."
    if isinstance(error, LabError | pulumi.RunError):
        return str(error)
    return "The program failed. " + "".join(traceback.format_exception_only(error)).strip()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("stack-file", "program", "kubeconfig", "state", "result"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--destroy", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    try:
        sys.exit(main(given))
    except LabError as refused:
        _write_result(given.result, error=str(refused))
        sys.exit(1)
