"""A consumer; mirrors models/consumer.py."""

from typing import NotRequired, TypedDict


class ConsumerArgs(TypedDict):
    """One consumer. Its client id is its name in `consumers`."""

    description: NotRequired[str]
    """Who this is, for reviewers; nothing reads it."""
