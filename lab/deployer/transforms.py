"""Resource transforms: the program's functions that may change what is registered."""

import functools
from typing import cast

import grpc
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from lab.deployer.result import DeployError
from lab.deployer.values import Message

# Options with the same meaning in a registration and in a transform, by their two names.
_LISTS = {
    "dependencies": "depends_on",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "aliases": "aliases",
    "additionalSecretOutputs": "additional_secret_outputs",
}
_TEXTS = {"provider": "provider", "deletedWith": "deleted_with"}
_OPTIONAL = {"protect": "protect", "retainOnDelete": "retain_on_delete"}


def apply(request: Message, callbacks: list[callback_pb2.Callback]) -> None:
    """Run the transforms in their order; the request is changed in place.

    Raises:
        DeployError: one of them failed.
    """
    for callback in callbacks:
        asked: Message = resource_pb2.TransformRequest(
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            properties=request.object,
            options=_options(request),
        )
        try:
            call = callback_pb2.CallbackInvokeRequest(
                token=callback.token, request=asked.SerializeToString()
            )
            answer = cast("Message", _stub(callback.target).Invoke(call))
        except grpc.RpcError as error:
            raise DeployError(
                f"A transform of {request.name} failed. {error.details()} Mend the transform."  # pyright: ignore[reportAttributeAccessIssue]
            ) from error
        changed = cast("Message", resource_pb2.TransformResponse.FromString(answer.response))
        request.object.CopyFrom(changed.properties)
        if changed.HasField("options"):
            _take(request, changed.options)


@functools.cache
def _stub(target: str) -> callback_pb2_grpc.CallbacksStub:
    return callback_pb2_grpc.CallbacksStub(grpc.insecure_channel(target))


def _options(request: Message) -> Message:
    options: Message = resource_pb2.TransformResourceOptions()
    for ours, theirs in _LISTS.items():
        getattr(options, theirs).extend(getattr(request, ours))
    for ours, theirs in _TEXTS.items():
        setattr(options, theirs, getattr(request, ours))
    for ours, theirs in _OPTIONAL.items():
        if request.HasField(ours):
            setattr(options, theirs, getattr(request, ours))
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    return options


def _take(request: Message, options: Message) -> None:
    for ours, theirs in _LISTS.items():
        request.ClearField(ours)
        getattr(request, ours).extend(getattr(options, theirs))
    for ours, theirs in _TEXTS.items():
        setattr(request, ours, getattr(options, theirs))
    for ours, theirs in _OPTIONAL.items():
        if options.HasField(theirs):
            setattr(request, ours, getattr(options, theirs))
    if options.HasField("delete_before_replace"):
        request.deleteBeforeReplace = options.delete_before_replace
        request.deleteBeforeReplaceDefined = True
    if options.HasField("custom_timeouts"):
        request.customTimeouts.CopyFrom(options.custom_timeouts)
