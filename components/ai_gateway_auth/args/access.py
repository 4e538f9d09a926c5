"""What stands in a listener's one policy beside the authentication; mirrors models/access.py."""

from typing import NotRequired, TypedDict

import pulumi


class CorsArgs(TypedDict):
    """Answers to a browser's preflight, which carries no credential."""

    allow_origins: list[pulumi.Input[str]]
    """Origins that may call, e.g. https://chat.example.com."""
    allow_methods: NotRequired[list[pulumi.Input[str]]]
    """Methods that they may use."""
    allow_headers: NotRequired[list[pulumi.Input[str]]]
    """Headers that they may send."""
    expose_headers: NotRequired[list[pulumi.Input[str]]]
    """Headers of the answer that a page's script may read."""
    max_age: NotRequired[str]
    """How long a browser may remember the answer."""


class ExtAuthArgs(TypedDict):
    """A further check of each request by an HTTP service in our namespace.

    Envoy Gateway asks it before the key or token is checked (source of 1.9.1), so it does not see
    the caller's identity, and it is asked about requests that are then refused.
    """

    service: pulumi.Input[str]
    """Name of the Service in the Gateway's namespace."""
    port: int
    """Port of the Service."""
    path: NotRequired[str]
    """Prefix of the path that the service is asked at."""
    headers_to_backend: NotRequired[list[str]]
    """Headers of its answer that go on to the model; a client's own of that name are stripped."""
