"""A consumer: a machine or person with an API key of its own."""

from .base import Model


class Consumer(Model):
    """One consumer. Its client id is its name in `consumers`."""

    description: str | None = None
    """Who this is, for reviewers; nothing reads it."""
