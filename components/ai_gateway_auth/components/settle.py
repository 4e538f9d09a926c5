"""From a component's args, in which values may be outputs, to checked models."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Generic, NamedTuple, TypeVar, cast

import pulumi
from pydantic.alias_generators import to_camel

from ai_gateway_auth.models import ConfigError, Model, check, warnings
from ai_gateway_auth.models.base import PENDING, Path

M = TypeVar("M", bound=Model)


class Settled(NamedTuple, Generic[M]):
    """Args that have been checked."""

    shape: M
    """What decides which objects there are: values that are outputs are pending in it."""
    values: pulumi.Output[M]
    """The same with every value, once known. It fails when a value breaks a rule, and so does
    everything made from it. It is secret if any value is, other than the kubeconfig and imported
    keys."""


def today() -> date:
    """The day on which dates are judged, in UTC."""
    return datetime.now(UTC).date()


def settle(component: str, model: type[M], args: Mapping[str, object]) -> Settled[M]:
    """Check args, at once as far as they are known and again when all are.

    Args:
        component: Type and name of the component, for the error text.
        model: What the args must be.
        args: The component's args.

    Raises:
        pulumi.RunError: The args break rules; the text names all of them.

    """
    day = today()
    late: set[Path] = set()
    known = _with_pending(args, (), late)
    try:
        shape = check(model, known, today=day)
    except ConfigError as error:
        raise pulumi.RunError(f"{component}: {error}") from None

    def finish(resolved: object, *, secret: bool) -> M:
        try:
            return check(model, resolved, today=day, secret_paths=late if secret else ())
        except ConfigError as error:
            raise pulumi.RunError(f"{component}: {error}") from None

    if not late:
        return Settled(shape, pulumi.Output.from_input(shape))
    resolved = pulumi.Output.from_input(cast("dict[str, object]", args))
    values = pulumi.Output.all(resolved, resolved.is_secret()).apply(
        lambda both: finish(both[0], secret=both[1])
    )
    # A secret kubeconfig or imported key must not make a secret of every spec and output: who takes
    # one from the values marks it.
    hidden = {"kubeconfig", *model.secret_fields}
    others = {key: value for key, value in args.items() if to_camel(key) not in hidden}
    return Settled(
        shape,
        pulumi.Output.all(pulumi.Output.unsecret(values), others).apply(
            lambda both: cast("M", both[0])
        ),
    )


WHOLE = "ai-gateway-auth:index:AuthenticatedGateway"
"""Type token of the component that composes the others."""


def warn(component: pulumi.Resource, model: Model, opts: pulumi.ResourceOptions | None) -> None:
    """Tell the reviewer what is allowed but deserves a word.

    A part of an AuthenticatedGateway stays silent: the whole has said it, with its own paths.
    """
    parent = opts.parent if opts else None
    if parent is not None and parent.pulumi_resource_type == WHOLE:
        return
    for text in warnings(model, today=today()):
        pulumi.log.warn(text, component)


def _with_pending(value: object, path: Path, late: set[Path]) -> object:
    """A copy in which each output or awaitable is pending; their paths are collected."""
    if isinstance(value, pulumi.Output) or hasattr(value, "__await__"):
        late.add(path)
        return PENDING
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {key: _with_pending(item, (*path, key), late) for key, item in items}
    if isinstance(value, list | tuple):
        entries = enumerate(cast("list[object]", value))
        return [_with_pending(item, (*path, index), late) for index, item in entries]
    return value
