"""Kubernetes conditions: what is still missing before an object is in force. Pure functions.

A condition counts only for the generation that it was made for: after an update, the status still
says Accepted=True for the object as it was before.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from .connection import Json


class Ancestor(NamedTuple):
    """An object that must have accepted a policy or route."""

    kind: str
    """Its kind, most often Gateway."""
    name: str
    """Its name."""
    listener: str | None = None
    """One listener of it, or all."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f", listener {self.listener}" if self.listener else "")


def policy_unmet(policy: Json, ancestors: Sequence[Ancestor]) -> list[str]:
    """What keeps a policy from being accepted by every expected ancestor."""
    return _attached_unmet(policy, ancestors, entries="ancestors", ref="ancestorRef")


def reported_ancestors(policy: Json) -> list[Ancestor]:
    """Who has said anything of a policy."""
    entries = _entries(_mapping(policy.get("status")), "ancestors")
    references = [_mapping(entry.get("ancestorRef")) for entry in entries]
    return [
        Ancestor(
            str(reference.get("kind", "Gateway")),
            str(reference["name"]),
            cast("str | None", reference.get("sectionName")),
        )
        for reference in references
    ]


def route_unmet(route: Json, parents: Sequence[Ancestor]) -> list[str]:
    """What keeps an HTTPRoute from being accepted by every expected parent."""
    return _attached_unmet(
        route,
        parents,
        entries="parents",
        ref="parentRef",
        wanted=("Accepted", "ResolvedRefs"),
    )


def gateway_unmet(gateway: Json, listeners: Sequence[str]) -> list[str]:
    """What keeps a Gateway and its listeners from being programmed."""
    generation = _generation(gateway)
    status = _mapping(gateway.get("status"))
    unmet = [
        f"Gateway: {text}"
        for text in _conditions_unmet(status, ("Accepted", "Programmed"), generation)
    ]
    found = {str(entry.get("name")): entry for entry in _entries(status, "listeners")}
    for listener in listeners:
        if listener not in found:
            unmet.append(f"listener {listener}: no status yet")
            continue
        wanted = ("Accepted", "Programmed", "ResolvedRefs")
        unmet += [
            f"listener {listener}: {text}"
            for text in _conditions_unmet(found[listener], wanted, generation)
        ]
    return unmet


def object_unmet(found: Json, wanted: Sequence[str]) -> list[str]:
    """What keeps an object with plain `status.conditions` from meeting them."""
    return _conditions_unmet(_mapping(found.get("status")), wanted, _generation(found))


def _attached_unmet(
    found: Json,
    expected: Sequence[Ancestor],
    *,
    entries: str,
    ref: str,
    wanted: Sequence[str] = ("Accepted",),
) -> list[str]:
    generation = _generation(found)
    reported = _entries(_mapping(found.get("status")), entries)
    unmet: list[str] = []
    for ancestor in expected:
        entry = next(
            (entry for entry in reported if _is_same(_mapping(entry.get(ref)), ancestor)), None
        )
        if entry is None:
            unmet.append(f"{ancestor}: no status yet")
            continue
        unmet += [f"{ancestor}: {text}" for text in _conditions_unmet(entry, wanted, generation)]
    return unmet


def _is_same(reference: Mapping[str, object], ancestor: Ancestor) -> bool:
    return (
        reference.get("kind", "Gateway") == ancestor.kind
        and reference.get("name") == ancestor.name
        and (ancestor.listener is None or reference.get("sectionName") == ancestor.listener)
    )


def _conditions_unmet(
    holder: Mapping[str, object], wanted: Iterable[str], generation: int
) -> list[str]:
    conditions = {str(entry.get("type")): entry for entry in _entries(holder, "conditions")}
    unmet: list[str] = []
    for kind in wanted:
        condition = conditions.get(kind)
        if condition is None:
            unmet.append(f"{kind} is not reported yet")
        elif _observed(condition) < generation:
            unmet.append(f"{kind} is reported for an older generation only")
        elif condition.get("status") != "True":
            reason, message = condition.get("reason"), condition.get("message")
            unmet.append(f"{kind}={condition.get('status')}, {reason}: {message}")
    return unmet


def _generation(found: Json) -> int:
    return cast("int", _mapping(found.get("metadata")).get("generation", 0))


def _observed(condition: Mapping[str, object]) -> int:
    # A controller that does not report a generation (the field is optional) can't be held to it.
    return cast("int", condition.get("observedGeneration", 1 << 62))


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _entries(holder: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = holder.get(key)
    return [_mapping(entry) for entry in cast("list[object]", value)] if value else []
