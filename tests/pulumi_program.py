"""Runs a Pulumi program under the SDK's mock monitor, and keeps what it registers.

Nothing is made and nothing is awaited by the mocks. In a preview, which is the default, the package
only looks at the cluster, and the kubeconfig that the tests give leads nowhere.
"""

import asyncio
import contextvars
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import _callbacks, settings
from pulumi.runtime.mocks import MockCallArgs, MockEngine, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import callback_pb2, engine_pb2, resource_pb2

from lab.deployer import transforms, urns, values
from lab.deployer.values import Message, Object

PROJECT = "ai-gateway-auth"
STACK = "test"
PROVIDER_TYPE = "pulumi:providers:kubernetes"
RANDOM_PASSWORD = "random:index/randomPassword:RandomPassword"

EXISTING_SECRET = {"alice-key": "YS1rZXktdGhhdC1zb21lYm9keS1oYXMtbWFkZS1ieS1oYW5k"}
"""Data of each Secret that is looked up: a-key-that-somebody-has-made-by-hand."""

_EMPTY = cast("Message", empty_pb2.Empty())  # pyright: ignore[reportAttributeAccessIssue]
_LEVELS = {engine_pb2.DEBUG: "debug", engine_pb2.INFO: "info", engine_pb2.WARNING: "warning"}


@dataclass(frozen=True)
class Registered:
    """A resource as the engine would get it."""

    urn: str
    type: str
    name: str
    parent: str
    """Logical name of its parent; empty for the stack's own."""
    provider: str
    """Logical name of its provider."""
    inputs: Object
    """Its inputs, secrets marked."""
    dependencies: frozenset[str]
    """Logical names of what it comes after, by `depends_on` or by its inputs."""
    after: frozenset[str]
    """URNs of the same, and of its parent."""
    secret_outputs: tuple[str, ...]
    """Outputs that are declared secret."""
    custom: bool
    """Whether it is not a component."""
    delete_before_replace: bool | None
    is_read: bool = False
    """Whether it is only looked up."""

    @property
    def plain(self) -> Object:
        """Its inputs without marks."""
        return values.plain(self.inputs)

    @property
    def spec(self) -> Object:
        """The spec of a Kubernetes object."""
        return self.plain["spec"]


@dataclass
class Run:
    """What one run of a program did."""

    resources: list[Registered] = field(default_factory=list[Registered])
    component_outputs: dict[str, Object] = field(default_factory=dict[str, Object])
    """Outputs of components by their logical name, secrets marked."""
    outputs: Object = field(default_factory=dict[str, Any])
    """Outputs of the stack, secrets marked."""
    messages: list[str] = field(default_factory=list[str])
    error: str = ""
    """Why it failed."""

    def __getitem__(self, name: str) -> Registered:
        (found,) = (resource for resource in self.resources if resource.name == name)
        return found

    @property
    def names(self) -> list[str]:
        """Logical names of all resources, sorted; of providers and components too."""
        return sorted(resource.name for resource in self.resources)

    @property
    def warnings(self) -> list[str]:
        """The warnings that are told, without those about a cluster that can't be read."""
        told = (text.removeprefix("warning: ") for text in self.messages if "warning: " in text)
        return [text for text in told if not text.startswith("a prerequisite was not checked")]

    def objects(self, kind: str) -> list[Registered]:
        """The Kubernetes objects of a kind, by name."""
        found = [thing for thing in self.resources if thing.inputs.get("kind") == kind]
        return sorted(found, key=lambda thing: thing.name)

    def comes_after(self, later: Registered, earlier: Registered) -> bool:
        """Whether a resource waits for another one, directly or through others.

        A child waits for its parent's registration, and the parent for its own `depends_on`; the
        engine deletes in reverse.
        """
        after = {resource.urn: resource.after for resource in self.resources}
        todo, seen = [later.urn], {later.urn}
        while todo:
            found = after.get(todo.pop(), frozenset[str]()) - seen
            if earlier.urn in found:
                return True
            seen |= found
            todo += found
        return False


class _NoMocks(Mocks):
    """The monitor below answers by itself."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise NotImplementedError(args.typ)

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(args.token)


class Recorder(MockMonitor):
    """Answers every registration with its inputs, and remembers it."""

    def __init__(self, done: Run) -> None:
        super().__init__(_NoMocks())
        self._run = done
        self._transforms: dict[str, list[callback_pb2.Callback]] = {}

    def RegisterResource(self, request: Message) -> Message:  # noqa: N802 - the SDK's name
        urn = self.make_urn(request.parent, request.type, request.name)
        own = [*request.transforms, *self._transforms.get(request.parent, [])]
        self._transforms[urn] = own
        if request.type != urns.STACK_TYPE:
            transforms.apply(request, own)
            self._keep(urn, request)
        outputs = values.from_struct(request.object)
        if request.type == RANDOM_PASSWORD:
            # As the provider does, and not secret: what must be secret, the components make so.
            outputs |= {"result": random_text(request.name)}
        if request.custom and request.type.startswith("kubernetes:"):
            outputs["metadata"] = {**outputs["metadata"], "uid": f"uid-of-{request.name}"}
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=f"id-of-{request.name}", object=values.to_struct(outputs)
        )

    def ReadResource(self, request: Message) -> Message:  # noqa: N802 - the SDK's name
        urn = self.make_urn(request.parent, request.type, request.name)
        self._keep(urn, request, is_read=True)
        outputs: Object = {"metadata": {"name": request.id}}
        if request.type.endswith(":Secret"):
            outputs |= {"data": EXISTING_SECRET}
        return resource_pb2.ReadResourceResponse(urn=urn, properties=values.to_struct(outputs))

    def RegisterResourceOutputs(self, request: Message) -> Message:  # noqa: N802
        outputs = values.from_struct(request.outputs)
        if f"::{urns.STACK_TYPE}::" in request.urn:
            self._run.outputs = outputs
        else:
            self._run.component_outputs[urns.name_of(request.urn)] = outputs
        return _EMPTY

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        return urns.make(pulumi.get_stack(), pulumi.get_project(), parent, type_, name)

    def _keep(self, urn: str, request: Message, *, is_read: bool = False) -> None:
        is_top = not request.parent or f"::{urns.STACK_TYPE}::" in request.parent
        provider = request.provider.rpartition("::")[0]
        self._run.resources.append(
            Registered(
                urn=urn,
                type=request.type,
                name=request.name,
                parent="" if is_top else urns.name_of(request.parent),
                provider=urns.name_of(provider) if provider else "",
                inputs=values.from_struct(request.properties if is_read else request.object),
                dependencies=frozenset(urns.name_of(other) for other in request.dependencies),
                after=frozenset([*request.dependencies, request.parent]),
                secret_outputs=tuple(request.additionalSecretOutputs),
                custom=is_read or request.custom,
                delete_before_replace=(
                    request.deleteBeforeReplace
                    if not is_read and request.deleteBeforeReplaceDefined
                    else None
                ),
                is_read=is_read,
            )
        )


class _Engine(MockEngine):
    """Takes the program's log."""

    def __init__(self, done: Run) -> None:
        super().__init__(None)
        self._run = done

    def Log(self, request: Message) -> None:  # noqa: N802 - the SDK's name
        level = _LEVELS.get(request.severity, "error")
        if level != "debug":
            self._run.messages.append(f"{level}: {request.message}")


# kr8s keeps its clients by the id of their loop, so no id may be used twice.
_LOOPS: list[asyncio.AbstractEventLoop] = []


def attempt(
    program: Callable[[], object],
    *,
    config: Mapping[str, str] | None = None,
    secret_keys: Sequence[str] = (),
    preview: bool = True,
    project: str = PROJECT,
    stack: str = STACK,
) -> Run:
    """Run a program to its end, or to its first mistake.

    Args:
        program: What registers resources; like a program of Pulumi it may call `pulumi.export`.
        config: The stack's config as the engine hands it over.
        secret_keys: Keys of the config whose values are secret.
        preview: Whether it is a preview.
        project: Name of the project.
        stack: Name of the stack.

    """
    done = Run()
    loop = asyncio.new_event_loop()
    _LOOPS.append(loop)
    monitor = Recorder(done)

    async def run() -> None:
        pulumi.runtime.set_all_config(dict(config or {}), list(secret_keys))
        pulumi.runtime.configure(
            pulumi.runtime.Settings(
                project=project,
                stack=stack,
                monitor=monitor,
                engine=_Engine(done),
                dry_run=preview,
                organization="organization",
            )
        )
        # The SDK serves callbacks for a real monitor only, unless there is a server already.
        callbacks = _callbacks._CallbackServicer(monitor)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportArgumentType]
        await callbacks.serve()
        settings.SETTINGS.callbacks = callbacks  # pyright: ignore[reportAttributeAccessIssue]
        await pulumi.runtime.run_in_stack(lambda: _without_result(program))

    # Futures that nobody looked at are normal after a failure.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        contextvars.Context().run(lambda: loop.run_until_complete(run()))
    except pulumi.RunError as error:
        done.error = str(error)
    finally:
        _end(loop)
    return done


def run(program: Callable[[], object], **options: Any) -> Run:  # noqa: ANN401 - those of `attempt`
    """Run a program that must not fail."""
    done = attempt(program, **options)
    assert not done.error, done.error
    return done


def random_text(name: str) -> str:
    """What the mocks take for random: as long as a real key, and always the same."""
    return hashlib.sha256(name.encode()).hexdigest()


def _without_result(program: Callable[[], object]) -> None:
    program()


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Leave nothing running for the next run to meet."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
