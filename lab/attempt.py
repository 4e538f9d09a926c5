"""One request through Envoy, what must come of it, and what came."""

import json
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

from lab.upstream import REQUEST_HEADER, Upstream

IDENTITY_PREFIX = "x-user-"
CHAT_PATH = "/v1/chat/completions"
SECONDS = 10


@dataclass(frozen=True)
class Attempt:
    """A request with or without a credential."""

    listener: str
    """Method of the listener, for people."""
    url: str
    """Base URL of the listener."""
    what: str
    """The credential, in words; never its value."""
    status: int
    """The status that must come back."""
    headers: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """The credential, and what else the client claims."""
    identity: dict[str, str] = field(default_factory=dict[str, str])
    """Every identity header that the upstream must see, when the request gets there."""
    query: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Query parameters."""
    model: str = ""
    """Model to ask for."""


@dataclass(frozen=True)
class Result:
    """What came of an attempt."""

    attempt: Attempt
    status: int
    arrivals: int
    """How often it reached the upstream."""
    identity: dict[str, list[str]]
    """Every identity header that the upstream saw, with all its values."""
    body: str

    @property
    def problems(self) -> list[str]:
        """What is not as it must be."""
        wanted = self.attempt
        arrivals = 1 if wanted.status == HTTPStatus.OK else 0
        found: list[str] = []
        if self.status != wanted.status:
            found.append(f"status {self.status} instead of {wanted.status}")
        if self.arrivals != arrivals:
            found.append(f"reached the upstream {self.arrivals} times instead of {arrivals}")
        if arrivals and self.identity != {key: [text] for key, text in wanted.identity.items()}:
            found.append(f"the upstream saw {self.identity} instead of {wanted.identity}")
        return found


def send(attempt: Attempt, upstream: Upstream, client: httpx.Client) -> Result:
    """Send the request once, and ask the upstream what it received of it."""
    request_id = str(uuid.uuid4())
    body = {"model": attempt.model, "messages": [{"role": "user", "content": "ping"}]}
    answer = client.post(
        attempt.url + CHAT_PATH,
        params=attempt.query,
        headers={
            **attempt.headers,
            REQUEST_HEADER: request_id,
            "content-type": "application/json",
        },
        content=json.dumps(body),
        timeout=SECONDS,
    )
    received = upstream.requests(request_id)
    identity: dict[str, list[str]] = {}
    for name, value in received[-1].headers if received else ():
        if name.startswith(IDENTITY_PREFIX):
            identity.setdefault(name, []).append(value)
    return Result(attempt, answer.status_code, len(received), identity, answer.text)
