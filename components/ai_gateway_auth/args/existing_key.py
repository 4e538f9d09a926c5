"""A key that exists already; mirrors models/existing_key.py."""

from typing import NotRequired, TypedDict

import pulumi


class ExistingKeyArgs(TypedDict):
    """The value of one generation of a consumer's key, taken as it is from a Secret.

    The Secret is only read. It must stay for as long as this generation is in use.
    """

    name: pulumi.Input[str]
    """Name of the Secret."""
    key: NotRequired[str]
    """Its data key; the client id where missing."""
    namespace: NotRequired[pulumi.Input[str]]
    """Its namespace; that of our own Secrets where missing."""
    generation: NotRequired[int]
    """Which of the consumer's keys it is."""
