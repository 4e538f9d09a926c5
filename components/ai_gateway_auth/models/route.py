"""The AIGatewayRoute hook-up: which models there are, and which backends serve them."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .backend import Backend
from .base import Mistake, Model, Note
from .fields import DnsLabel, Duration, LateDnsLabel, LateResourceName, NonEmpty, ResourceName

MOST_RULES = 15
"""An AIGatewayRoute's limit (CRD of AI Gateway 1.1.0); models with the same backends share one."""


class BackendUse(Model):
    """How a model uses a backend."""

    weight: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = None
    """Share of the requests, relative to the model's other backends."""
    priority: Annotated[int, Field(ge=0, le=100, strict=True)] | None = None
    """0 is tried first; a higher number is a fallback."""
    model_name_override: NonEmpty | None = None
    """Name of the model at this backend, where it differs."""


class ServedModel(Model):
    """A model that callers may ask for."""

    backends: Annotated[dict[DnsLabel, BackendUse], Field(min_length=1, max_length=128)]
    """Backends that serve it, by their name in `route.create.backends`."""

    def shape(self) -> list[tuple[str, int | None, int | None, str | None]]:
        """What makes two models share a rule."""
        return [
            (name, use.weight, use.priority, use.model_name_override)
            for name, use in sorted(self.backends.items())
        ]


class NewRoute(Model):
    """An AIGatewayRoute of our own, attached to every authenticated listener by its name."""

    name: ResourceName = "maas"
    """Name of the AIGatewayRoute, and of the HTTPRoute that the AI Gateway makes of it."""
    models: Annotated[dict[NonEmpty, ServedModel], Field(min_length=1)]
    """Models by the name that callers send."""
    backends: Annotated[dict[DnsLabel, Backend], Field(min_length=1)]
    """Backends by a name of your choice."""
    request_timeout: Duration = "600s"
    """Longest time for a whole answer, streams included."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Every name leads somewhere."""
        del today
        used: set[str] = set()
        for model, served in self.models.items():
            used |= served.backends.keys()
            for backend in sorted(served.backends.keys() - self.backends.keys()):
                yield Mistake(
                    ("models", model, "backends", backend),
                    backend,
                    "a model names only backends of this route.",
                    f"use one of {', '.join(sorted(self.backends))}, or add it to backends.",
                )
        for backend in sorted(self.backends.keys() - used):
            yield Mistake(
                ("backends", backend),
                backend,
                "every backend serves a model, because an unused one is most often a typing error.",
                "name it in a model's backends, or remove it.",
            )
        rules = len({tuple(served.shape()) for served in self.models.values()})
        if rules > MOST_RULES:
            yield Mistake(
                ("models",),
                Note(f"{rules} different sets of backends"),
                f"an AIGatewayRoute has at most {MOST_RULES} rules, and only models with the same "
                "backends share one.",
                "let more models share their backends and weights.",
            )


class ExistingRoute(Model):
    """An AIGatewayRoute that somebody else owns. It is never written."""

    name: LateResourceName
    """Its name."""
    namespace: LateDnsLabel | None = None
    """Its namespace; the Gateway's own where missing."""
    rule: str | None = None
    """Refused, whatever its value: a policy on one rule lets everybody in."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """A policy on a rule is open."""
        del today
        if self.rule is not None:
            yield Mistake(
                ("rule",),
                self.rule,
                "a policy can't be aimed at a rule of an AIGatewayRoute: the request is "
                "authenticated against the catch-all rule, before the model is known, and "
                "everybody gets in while the policy says Accepted=True (measured with "
                "AI Gateway 1.1.0).",
                "remove rule; the listener's policy covers every rule.",
            )


class Route(Model):
    """Give exactly one of `create` and `existing`."""

    create: NewRoute | None = None
    """Make an AIGatewayRoute."""
    existing: ExistingRoute | None = None
    """Hook up to an AIGatewayRoute by its name."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Ours or theirs."""
        del today
        if (self.create is None) == (self.existing is None):
            yield Mistake(
                (),
                Note("neither" if self.create is None else "both"),
                "a route is exactly one of create and existing.",
                "keep one of the two.",
            )
