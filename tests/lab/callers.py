"""Somebody who sends one request again and again while a test does something else."""

import json
import threading
import uuid
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

import httpx

from lab.attempt import CHAT_PATH
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.plain_gateway import until
from tests.lab.rows import MODEL
from tests.lab.stack import Stack

PAUSE_SECONDS = 0.01
NOBODY = 0


class Caller:
    """Sends requests from entering to leaving the `with`.

    Each request without a credential has a connection of its own; what an old one may do is the
    subject of test_old_connections.py.
    """

    def __init__(
        self,
        url: str,
        upstream: Upstream,
        headers: Mapping[str, str] | None = None,
        *,
        keeps_connection: bool = True,
    ) -> None:
        self.statuses: Counter[int] = Counter()
        """How often each status came; `NOBODY` where there was no answer."""
        self._url = url
        self._upstream = upstream
        self._id = str(uuid.uuid4())
        self._headers = dict(headers or {})
        self._limits = httpx.Limits(max_keepalive_connections=None if keeps_connection else 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._call, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def arrivals(self) -> int:
        """How many of the requests reached the upstream."""
        return self._upstream.count(self._id)

    @property
    def failures(self) -> dict[int, int]:
        """Statuses other than 200, and how often each came."""
        return {status: count for status, count in self.statuses.items() if status != 200}

    def _call(self) -> None:
        headers = {**self._headers, REQUEST_HEADER: self._id}
        with httpx.Client(
            trust_env=False, headers=headers, timeout=10, limits=self._limits
        ) as client:
            while not self._ended.is_set():
                self.statuses[status_of(client, self._url)] += 1
                self._ended.wait(PAUSE_SECONDS)


def status_of(client: httpx.Client, url: str, headers: Mapping[str, str] | None = None) -> int:
    """The status of one call of a model, or `NOBODY`."""
    body = json.dumps({"model": MODEL, "messages": []})
    sent = {**(headers or {}), "content-type": "application/json"}
    try:
        return client.post(url + CHAT_PATH, content=body, headers=sent).status_code
    except httpx.TransportError:
        return NOBODY


def await_status(
    status: int, client: httpx.Client, url: str, headers: Mapping[str, str] | None = None
) -> None:
    """Wait for a status.

    After a deployment the AI Gateway's filter still has to read its new configuration: it looks
    every 5 s (1.1.0), and Envoy answers 500 until it has.
    """
    until(
        lambda: status_of(client, url, headers) == status,
        f"{url} answers {status} with {sorted(headers or {})}",
    )


@contextmanager
def knocking(stack: Stack, upstream: Upstream, *methods: str) -> Generator[dict[str, Caller]]:
    """Requests without a credential to each listener; in the end, not one may have got in.

    One caller of each keeps its connection, since an old one keeps the filters that its listener
    had; the other, which is yielded by its method, makes a new one each time.
    """
    with ExitStack() as callers:
        knocks = {
            (method, keeps): callers.enter_context(
                Caller(stack.url(method), upstream, keeps_connection=keeps)
            )
            for method in methods or ("oidc", "apiKey")
            for keeps in (True, False)
        }
        yield {method: caller for (method, keeps), caller in knocks.items() if not keeps}
    for which, caller in knocks.items():
        assert 200 not in caller.statuses, f"{which}: {caller.statuses}"
        assert caller.arrivals == 0, f"{which}: {caller.statuses}"
        assert caller.statuses.total() > 0
