"""A consumer: a machine or person with an API key of its own."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .base import Mistake, Model
from .delivery import DeliverTo, PushTo
from .existing_key import ExistingKey
from .fields import Date, Days, Group, days


class Consumer(Model):
    """One consumer. Its client id is its name in `consumers`."""

    description: str | None = None
    """Who this is, for reviewers; nothing reads it."""
    team: Group | None = None
    """The team whose limits and access rules hold for it."""
    tier: Group | None = None
    """The tier whose limits hold for it."""
    rotation: Annotated[int, Field(ge=1, strict=True)] = 1
    """Generation of its key. Raising it makes a new key."""
    rotate_every: Days | None = None
    """Days after which `up` makes a new key by itself, counted from `since`; e.g. 90d."""
    since: Date | None = None
    """The day on which its first key begins, with `rotateEvery`."""
    overlap_for: Days | None = None
    """Days for which the key before stays valid beside a new one, at least; e.g. 7d. None where
    missing: the new key replaces it."""
    expires: Date | None = None
    """The first day, in UTC, on which it has no key."""
    revoked: bool = False
    """Whether it has no key at all. A key that is given back to it later is a new one."""
    revoked_reason: str | None = None
    """Why, for the audit; nothing reads it."""
    import_from: list[ExistingKey] = []
    """Keys that exist already; all others are made at random."""
    deliver_to: DeliverTo | None = None
    """A Secret of its own that also gets its present key."""
    push_to: PushTo | None = None
    """An external store that also gets its present key."""

    def generation(self, today: date) -> int:
        """Number of its present key, from 1. It is the same all day."""
        if self.rotate_every is None or self.since is None:
            return self.rotation
        return 1 + max(0, (today - self.since) // days(self.rotate_every))

    def generations(self, today: date) -> list[int]:
        """Generations whose keys may be valid on that day, the present one first."""
        if not self.has_key(today):
            return []
        present = self.generation(today)
        has_before = present > 1 and self.overlap_for is not None
        return [present, present - 1] if has_before else [present]

    def has_key(self, today: date) -> bool:
        """Whether it has any key on that day."""
        return not self.revoked and (self.expires is None or today < self.expires)

    def keeps_key_before(self, made: date, today: date) -> bool:
        """Whether the key before one that was made on a day is still valid."""
        return self.overlap_for is not None and today <= made + days(self.overlap_for)

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """One way to count, and no word that nothing reads."""
        yield from self._rotation_mistakes()
        yield from self._import_mistakes(today)
        if self.revoked_reason is not None and not self.revoked:
            yield Mistake(
                ("revokedReason",),
                self.revoked_reason,
                "a reason needs revoked: true, because without it the key stays valid.",
                "add revoked: true, or remove the reason.",
            )

    def _rotation_mistakes(self) -> Iterator[Mistake]:
        if "rotation" in self.model_fields_set and self.rotate_every is not None:
            yield Mistake(
                ("rotation",),
                self.rotation,
                "the generation is either given as rotation, or counted by rotateEvery.",
                "remove one of the two.",
            )
        if self.rotate_every is not None and self.since is None:
            yield Mistake(
                ("since",),
                None,
                "rotateEvery is counted from a day, so that each `up` finds the same generation.",
                "add since: DATE, e.g. the day on which the present key was made.",
            )
        if self.since is not None and self.rotate_every is None:
            yield Mistake(
                ("since",),
                self.since.isoformat(),
                "since is the day that rotateEvery is counted from, and nothing else reads it.",
                "add rotateEvery, e.g. 90d, or remove since.",
            )
        if (
            self.rotate_every is not None
            and self.overlap_for is not None
            and days(self.overlap_for) >= days(self.rotate_every)
        ):
            yield Mistake(
                ("overlapFor",),
                self.overlap_for,
                "overlapFor is shorter than rotateEvery, because a consumer has at most two keys.",
                "shorten overlapFor, e.g. 7d.",
            )

    def _import_mistakes(self, today: date) -> Iterator[Mistake]:
        seen: set[int] = set()
        for index, existing in enumerate(self.import_from):
            path = ("importFrom", index, "generation")
            if existing.generation in seen:
                yield Mistake(
                    path,
                    existing.generation,
                    "each generation of a key has one value.",
                    "give each entry a generation of its own, or remove one.",
                )
            elif existing.generation > self.generation(today):
                yield Mistake(
                    path,
                    existing.generation,
                    f"the consumer's present key is of generation {self.generation(today)}, and "
                    "nothing reads one of a later generation.",
                    "lower generation, or raise rotation (with rotateEvery: an earlier since).",
                )
            seen.add(existing.generation)
