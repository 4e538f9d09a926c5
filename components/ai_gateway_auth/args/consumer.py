"""A consumer; mirrors models/consumer.py."""

from typing import NotRequired, TypedDict

from .delivery import DeliverToArgs, PushToArgs
from .existing_key import ExistingKeyArgs


class ConsumerArgs(TypedDict):
    """One consumer. Its client id is its name in `consumers`."""

    description: NotRequired[str]
    """Who this is, for reviewers; nothing reads it."""
    team: NotRequired[str]
    """The team whose limits and access rules hold for it."""
    tier: NotRequired[str]
    """The tier whose limits hold for it."""
    rotation: NotRequired[int]
    """Generation of its key. Raising it makes a new key."""
    rotate_every: NotRequired[str]
    """Days after which `up` makes a new key by itself, counted from `since`; e.g. 90d."""
    since: NotRequired[str]
    """The day on which its first key begins, with `rotateEvery`."""
    overlap_for: NotRequired[str]
    """Days for which the key before stays valid beside a new one, at least; e.g. 7d. None where
    missing: the new key replaces it."""
    expires: NotRequired[str]
    """The first day, in UTC, on which it has no key."""
    revoked: NotRequired[bool]
    """Whether it has no key at all. A key that is given back to it later is a new one."""
    revoked_reason: NotRequired[str]
    """Why, for the audit; nothing reads it."""
    import_from: NotRequired[list[ExistingKeyArgs]]
    """Keys that exist already; all others are made at random."""
    deliver_to: NotRequired[DeliverToArgs]
    """A Secret of its own that also gets its present key."""
    push_to: NotRequired[PushToArgs]
    """An external store that also gets its present key."""
