"""How long `up` waits for the controllers."""

from typing import Annotated

from pydantic import Field

from .base import Model

Seconds = Annotated[int, Field(ge=1, le=3600, strict=True)]


class Wait(Model):
    """Deadlines, in seconds."""

    policies: Seconds = 60
    """For each policy and route to be accepted."""
    gateway: Seconds = 600
    """For the Gateway to be programmed; a cloud's load balancer takes minutes."""
