"""Over how many Secrets the keys are spread."""

import hashlib
from typing import Annotated

from pydantic import Field

from .base import Model

MOST_SHARDS = 64


class Shards(Model):
    """How many Secrets hold the keys. Its client id alone decides in which one a consumer's are."""

    count: Annotated[int, Field(ge=1, le=MOST_SHARDS, strict=True)] = 1
    """Number of Secrets."""
    before: Annotated[int, Field(ge=1, le=MOST_SHARDS, strict=True)] | None = None
    """Number of Secrets before, for the one `up` that changes it: keys are then in both places.
    Remove it in the next."""

    def total(self) -> int:
        """How many Secrets there are, while a change goes on."""
        return max(self.count, self.before or 0)

    def of(self, client_id: str) -> list[int]:
        """Numbers of the Secrets that hold a consumer's keys: two while its place changes."""
        counts = [self.count] if self.before is None else [self.before, self.count]
        return sorted({shard_of(client_id, count) for count in counts})

    def home(self, client_id: str) -> int:
        """Number of the Secret where a consumer's keys are to stay."""
        return shard_of(client_id, self.count)


def shard_of(client_id: str, count: int) -> int:
    """Which of `count` Secrets a client id belongs to: this rule never changes."""
    digest = hashlib.sha256(client_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") % count


def secret_names(base: str, shards: Shards) -> list[str]:
    """Names of all the Secrets, by their number."""
    return [base if shard == 0 else f"{base}-{shard}" for shard in range(shards.total())]
