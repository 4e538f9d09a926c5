"""How long `up` waits for the controllers; mirrors models/wait.py."""

from typing import NotRequired, TypedDict


class WaitArgs(TypedDict):
    """Deadlines, in seconds."""

    policies: NotRequired[int]
    """For each policy and route to be accepted."""
    gateway: NotRequired[int]
    """For the Gateway to be programmed; a cloud's load balancer takes minutes."""
