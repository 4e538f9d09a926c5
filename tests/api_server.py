"""An HTTP server that plays the API server for the few calls of the package. It is data, no logic.

The lab has a real one; this one shows what a real one seldom says.
"""

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lab.deployer.values import Object


class ApiServer:
    """Answers each path with its object, or with the status code that stands in its place."""

    def __init__(self, url: str) -> None:
        self.url = url
        version: Object = {"major": "1", "minor": "36", "gitVersion": "v1.36.3"}
        self.answers: dict[str, list[Object | int]] = {"/version": [version]}
        """What is answered, by path: one after the other, and then the last one for good."""
        self._bodies: list[tuple[str, str, Object]] = []

    def answer(self, path: str, *answers: Object | int) -> None:
        self.answers[path] = list(answers)

    def received(self, method: str, path: str) -> list[Object]:
        """Bodies of what was sent to a path, in their order."""
        return [body for verb, to, body in self._bodies if (verb, to) == (method, path)]

    def keep(self, method: str, path: str, body: bytes) -> None:
        """Remember what was sent."""
        self._bodies.append((method, path, json.loads(body)))

    @property
    def kubeconfig(self) -> str:
        """Content of a kubeconfig that leads here."""
        return kubeconfig(self.url)

    def next(self, path: str) -> Object | int:
        """The answer to one request."""
        answers = self.answers.get(path, [404])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def kubeconfig(url: str) -> str:
    """Content of a kubeconfig; the token must never be told."""
    content: Mapping[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": {"server": url}}],
        "users": [{"name": "me", "user": {"token": "the-token"}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "current-context": "here",
    }
    return json.dumps(content)


@contextmanager
def serving() -> Generator[ApiServer]:
    """Such a server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(self._path)

        def do_PATCH(self) -> None:
            server.keep("PATCH", self._path, self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(self._path)

        @property
        def _path(self) -> str:
            return self.path.partition("?")[0].rstrip("/")

        def _answer(self, path: str) -> None:
            answer = server.next(path)
            body = b"{}" if isinstance(answer, int) else json.dumps(answer).encode()
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = ApiServer(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
