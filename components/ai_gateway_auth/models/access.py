"""What stands in a listener's one policy beside the authentication: CORS, client CIDRs, extAuth."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .base import Model, Warning_
from .fields import Duration, HttpPath, IdentityHeader, LateResourceName, NonEmpty, Port


class Cors(Model):
    """Answers to a browser's preflight, which carries no credential."""

    allow_origins: Annotated[list[NonEmpty], Field(min_length=1)]
    """Origins that may call, e.g. https://chat.example.com."""
    allow_methods: list[NonEmpty] = ["GET", "POST", "OPTIONS"]
    """Methods that they may use."""
    allow_headers: list[NonEmpty] = ["authorization", "content-type", "x-api-key"]
    """Headers that they may send."""
    expose_headers: list[NonEmpty] = []
    """Headers of the answer that a page's script may read."""
    max_age: Duration = "600s"
    """How long a browser may remember the answer."""

    def warnings(self, today: date) -> Iterator[Warning_]:
        """Where it does nothing."""
        del today
        yield Warning_(
            (),
            "on the route that the AI Gateway generates, browsers get no answer to a preflight: it "
            "matches the catch-all rule, for which Envoy's CORS filter does nothing (measured with "
            "AI Gateway 1.1.0, Envoy 1.39.1); it works on plain HTTPRoutes of the listener.",
        )


class ExtAuth(Model):
    """A further check of each request by an HTTP service in our namespace.

    Envoy Gateway asks it before the key or token is checked (source of 1.9.1), so it does not see
    the caller's identity, and it is asked about requests that are then refused.
    """

    service: LateResourceName
    """Name of the Service in the Gateway's namespace."""
    port: Port
    """Port of the Service."""
    path: HttpPath = "/"
    """Prefix of the path that the service is asked at."""
    headers_to_backend: list[IdentityHeader] = []
    """Headers of its answer that go on to the model; a client's own of that name are stripped."""
