"""A key that exists already, in a Secret that somebody else made."""

from typing import Annotated

from pydantic import Field

from .base import Model
from .fields import DataKey, LateDnsLabel, LateResourceName


class ExistingKey(Model):
    """The value of one generation of a consumer's key, taken as it is from a Secret.

    The Secret is only read. It must stay for as long as this generation is in use.
    """

    name: LateResourceName
    """Name of the Secret."""
    key: DataKey | None = None
    """Its data key; the client id where missing."""
    namespace: LateDnsLabel | None = None
    """Its namespace; that of our own Secrets where missing."""
    generation: Annotated[int, Field(ge=1, strict=True)] = 1
    """Which of the consumer's keys it is."""
