"""The resource monitor that a program talks to in the place of the engine's."""

import threading
from typing import Any, cast

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import callback_pb2, resource_pb2

from lab.deployer import random_password, transforms, urns, values
from lab.deployer.objects import Objects
from lab.deployer.providers import PROVIDER_TYPE, Providers, settings
from lab.deployer.result import DeployError
from lab.deployer.run_context import Context, Placed
from lab.deployer.state import Record, deletion_order
from lab.deployer.values import Message, Object

INSTEAD = "Leave it out, or deploy with the Pulumi CLI."


_EMPTY: Message = cast("Message", empty_pb2.Empty())  # pyright: ignore[reportAttributeAccessIssue]


class _NoMocks(Mocks):
    """Nothing is mocked: what the monitor doesn't know is refused."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise _unsupported(f"the resource type {args.typ}")

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise _unsupported(f"the function {args.token}")


class Monitor(MockMonitor):
    """The SDK's mock monitor, made to deploy; its methods are called from several threads."""

    def __init__(self, context: Context) -> None:
        """Deploy nothing yet."""
        super().__init__(_NoMocks())
        self._context = context
        self._state = context.state
        providers = Providers(context)
        self._objects = Objects(context, providers)
        self._lock = threading.Lock()
        self._registered: set[str] = set()
        self._aliases: dict[str, list[str]] = {}
        self._transforms: dict[str, list[callback_pb2.Callback]] = {}
        self._stack_transforms: list[callback_pb2.Callback] = []
        self.outputs: Object = {}
        """The stack's outputs, with marked secrets."""

    def RegisterResource(  # noqa: N802 - the SDK's name
        self, request: Message
    ) -> Message:
        """Deploy a resource; after one failed, every later one is refused."""
        self._context.check_stopped()
        try:
            return self._register(request)
        except Exception:
            self._context.stopped.set()
            raise

    def ReadResource(  # noqa: N802 - the SDK's name
        self, request: Message
    ) -> Message:
        """Read an object of the cluster; it doesn't become part of the stack."""
        if not request.type.startswith("kubernetes:"):
            raise _unsupported(f"reading a {request.type}")
        provider = request.provider.rpartition("::")[0]
        outputs = self._objects.read(request.type, request.id, provider)
        self._context.redactor.learn(outputs)
        return resource_pb2.ReadResourceResponse(
            urn=self.make_urn(request.parent, request.type, request.name),
            properties=values.to_struct(outputs),
        )

    def RegisterResourceOutputs(  # noqa: N802 - the SDK's name
        self, request: Message
    ) -> Message:
        """Keep the stack's outputs; those of components go nowhere."""
        outputs = values.from_struct(request.outputs)
        self._context.redactor.learn(outputs)
        if f"::{urns.STACK_TYPE}::" in request.urn:
            self.outputs = outputs
        return _EMPTY

    def RegisterStackTransform(  # noqa: N802 - the SDK's name
        self, request: Message
    ) -> Message:
        """Transform every resource that is registered from now on."""
        self._stack_transforms.append(request)
        return _EMPTY

    def RegisterStackInvokeTransform(self, request: Message) -> Message:  # noqa: ARG002, N802
        """Refused: functions can't be called here at all."""
        raise _unsupported("a transform of function calls")

    def RegisterResourceHook(  # noqa: N802 - the SDK's name
        self, request: Message
    ) -> Message:
        """Refused: hooks aren't run."""
        raise _unsupported(f"the resource hook {request.name}")

    def RegisterErrorHook(self, request: Message) -> Message:  # noqa: ARG002, N802
        """Refused: hooks aren't run."""
        raise _unsupported("an error hook")

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN as the engine forms it; the mock monitor keeps one parent type only."""
        config = self._context.config
        return urns.make(config.stack, config.project, parent, type_, name)

    def delete_unregistered(self) -> None:
        """Delete what the program no longer registers; nothing is registered for a destroy.

        Raises:
            DeployError: one of them is protected, or isn't gone in time.
        """
        resources = self._state.resources.values()
        gone = [record for record in resources if record.urn not in self._registered]
        gone += self._state.replaced
        if protected := [record.name for record in gone if record.protect]:
            raise DeployError(
                f"These would be deleted: {', '.join(protected)}. They're protected. "
                "Remove protect, and deploy once more before."
            )
        leaving = {record.urn for record in gone}
        replaced = list(self._state.replaced)
        for record in deletion_order(gone):
            self._context.check_stopped()
            if record.deleted_with in leaving:
                self._state.forget(record)
            else:
                self._objects.delete(record)
            if not any(record is entry for entry in replaced):
                self._context.counts["deleted"] += 1

    def _register(self, request: Message) -> Message:
        urn = self.make_urn(request.parent, request.type, request.name)
        self._transform(urn, request)
        _check_supported(request)
        inputs = values.from_struct(request.object)
        self._context.redactor.learn(inputs)
        old = self._find(urn, request)
        record = _record(urn, request)
        placed = self._place(request, record, old, inputs)
        for key in request.additionalSecretOutputs:
            if key in placed.outputs and not values.is_secret(placed.outputs[key]):
                placed.outputs[key] = values.secret(placed.outputs[key])
        self._context.redactor.learn(placed.outputs)
        with self._lock:
            self._context.counts[placed.outcome] += 1
        self.resources[urn] = MockMonitor.ResourceRegistration(urn, placed.id, placed.outputs)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=placed.id, object=values.to_struct(placed.outputs)
        )

    def _place(
        self,
        request: Message,
        record: Record,
        old: Record | None,
        inputs: Object,
    ) -> Placed:
        if request.type.startswith("kubernetes:") and request.custom:
            return self._objects.register(request, record, old, inputs)
        if request.type == random_password.TYPE:
            placed = random_password.register(record, old, inputs, request.ignoreChanges)
        else:
            placed = _without_object(record, old, inputs)
        self._state.keep(record)
        return placed

    def _transform(self, urn: str, request: Message) -> None:
        """Its own transforms first, then those of its parents, then the stack's."""
        own = [*request.transforms, *self._transforms.get(request.parent, [])]
        self._transforms[urn] = own
        if request.type != urns.STACK_TYPE:
            transforms.apply(request, [*own, *self._stack_transforms])

    def _find(self, urn: str, request: Message) -> Record | None:
        """The resource's record of before, also when it had another URN then."""
        former = urns.former(
            urn,
            request.parent,
            request.type,
            request.aliases,
            self._aliases.get(request.parent, []),
        )
        with self._lock:
            if urn in self._registered:
                raise DeployError(
                    f"Two resources are called {request.name}. Both have the type {request.type} "
                    "and the same parent. Rename one of them."
                )
            self._registered.add(urn)
            self._aliases[urn] = former
            if urn not in self._state.resources:
                for alias in former:
                    if alias in self._state.resources and alias not in self._registered:
                        self._state.rename(alias, urn)
                        break
            return self._state.resources.get(urn)


def _record(urn: str, request: Message) -> Record:
    return Record(
        urn=urn,
        type=request.type,
        custom=request.custom,
        parent=request.parent,
        provider=request.provider.rpartition("::")[0],
        dependencies=sorted(request.dependencies),
        protect=request.protect,
        retain=request.retainOnDelete,
        deleted_with=request.deletedWith,
    )


def _without_object(record: Record, old: Record | None, inputs: Object) -> Placed:
    """A component, the stack or a provider: it's only remembered."""
    record.digests = {key: values.digest(value) for key, value in sorted(inputs.items())}
    if record.type == PROVIDER_TYPE:
        record.id = (old and old.id) or record.name
        record.values = values.plain(inputs)
        settings(record.values, "")
    if old is None:
        return Placed(record.id, inputs, "created")
    unchanged = not record.custom or old.digests == record.digests
    return Placed(record.id, inputs, "unchanged" if unchanged else "updated")


def _check_supported(request: Message) -> None:
    options = {
        "a remote component": request.remote,
        "the option import_": bool(request.importId),
        "the option replace_on_changes": bool(request.replaceOnChanges),
        "the option replace_with": bool(request.replace_with),
        "the option replacement_trigger": request.HasField("replacement_trigger"),
    }
    for name, is_used in options.items():
        if is_used:
            raise _unsupported(f"{name} ({request.name})")
    package, _, rest = request.type.partition(":")
    is_patch = package == "kubernetes" and rest.endswith("Patch")
    is_other = request.custom and package != "kubernetes"
    if is_patch or (is_other and request.type not in (random_password.TYPE, PROVIDER_TYPE)):
        raise _unsupported(f"the resource type {request.type}")


def _unsupported(what: str) -> DeployError:
    return DeployError(
        f"The in-process deployer doesn't support {what}. It simulates the engine only as far as "
        f"the lab needs. {INSTEAD}"
    )
