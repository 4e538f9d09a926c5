"""Over how many Secrets the keys are spread; mirrors models/shards.py."""

from typing import NotRequired, TypedDict


class ShardsArgs(TypedDict):
    """How many Secrets hold the keys. Its client id alone decides in which one a consumer's are."""

    count: NotRequired[int]
    """Number of Secrets."""
    before: NotRequired[int]
    """Number of Secrets before, for the one `up` that changes it: keys are then in both places.
    Remove it in the next."""
