"""An OpenAI-compatible upstream that answers at once and remembers every request it received.

A test that sends its own `x-lab-request` header can ask for its own requests, so that "this one
never reached the upstream" is exact and independent of what other tests send at the same time.
"""

import json
import ssl
import sys
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lab.errors import LabError
from lab.folders import private_file
from lab.ports import answers
from lab.process import Process

REQUEST_HEADER = "x-lab-request"
RECORDS_PATH = "/_lab/requests"
UPSTREAM_FILE = "upstream.json"
MODELS = ("lab-model", "lab-model-2")
# Twelve tokens a call: the figure that the measured limits in the facts were made with.
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
START_SECONDS = 20
RECORDS = 100_000
# httpx 0.28 loads the certificate bundle for each call (40 ms), though this address is plain http.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True)
class Received:
    """One request as the upstream got it; `time` is in seconds since 1970."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    model: str | None
    time: float

    def header(self, name: str) -> list[str]:
        """Every value of the header, in the order received; empty when it wasn't sent."""
        return [value for key, value in self.headers if key == name.lower()]


class UpstreamServer:
    """The upstream as a process on 127.0.0.1."""

    def __init__(self, folder: Path, port: int, *, log: Path | None = None) -> None:
        """Describe it; the log is `upstream.log` in the folder unless given."""
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "lab.upstream", str(port)]
        root = Path(__file__).resolve().parent.parent
        self._process = Process(
            "upstream", command, log=log or folder / "upstream.log", directory=root
        )

    def start(self) -> None:
        """Write the address to the folder, and serve.

        Raises:
            LabError: it didn't answer within 20 s.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        private_file(self.folder / UPSTREAM_FILE, json.dumps({"url": self.url, "port": self.port}))
        self._process.start()
        self._process.wait_until(lambda: answers(self.port), timeout=START_SECONDS)

    def stop(self) -> None:
        """End the process; what it recorded is gone."""
        self._process.stop()


class Upstream:
    """Asks the upstream that wrote the folder what it received."""

    def __init__(self, folder: Path) -> None:
        """Read the address.

        Raises:
            LabError: no upstream was ever started with this folder.
        """
        try:
            address = json.loads((folder / UPSTREAM_FILE).read_text())
        except FileNotFoundError as missing:
            raise LabError(
                f"There's no upstream in {folder}. Its server writes its address there when it "
                "starts. Start the lab first."
            ) from missing
        self.url: str = address["url"]
        self.port: int = address["port"]

    def requests(self, request_id: str | None = None) -> list[Received]:
        """What it received, oldest first; only one `x-lab-request` id when it's given."""
        query = {} if request_id is None else {"id": request_id}
        answer = httpx.get(self.url + RECORDS_PATH, params=query, verify=_NO_TLS)
        answer.raise_for_status()
        return [_received(record) for record in cast("list[dict[str, object]]", answer.json())]

    def count(self, request_id: str) -> int:
        """How many requests with this `x-lab-request` arrived."""
        return len(self.requests(request_id))

    def clear(self) -> None:
        """Forget all requests."""
        httpx.delete(self.url + RECORDS_PATH, verify=_NO_TLS).raise_for_status()


def _received(record: dict[str, object]) -> Received:
    headers = cast("list[tuple[str, str]]", record["headers"])
    return Received(
        method=cast("str", record["method"]),
        path=cast("str", record["path"]),
        headers=tuple((name, value) for name, value in headers),
        model=cast("str | None", record["model"]),
        time=cast("float", record["time"]),
    )


class _Recorder:
    """Holds what was received; one for each process."""

    def __init__(self) -> None:
        self.records: deque[dict[str, object]] = deque(maxlen=RECORDS)

    async def body_of(self, request: Request) -> dict[str, object]:
        """The JSON body; records the request, whatever its body is."""
        try:
            content: object = json.loads(await request.body())
        except ValueError:
            content = None
        body = cast("dict[str, object]", content) if isinstance(content, dict) else {}
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = [[k.decode("latin-1"), v.decode("latin-1")] for k, v in request.headers.raw]
        self.records.append(
            {
                "method": request.method,
                "path": target,
                "headers": headers,
                "model": body.get("model"),
                "time": time.time(),
            }
        )
        return body

    async def serve(self, request: Request) -> Response:
        """Answer, or forget, the records."""
        if request.method == "DELETE":
            self.records.clear()
            return Response(status_code=204)
        wanted = request.query_params.get("id")
        mine = [REQUEST_HEADER, wanted]
        return JSONResponse([r for r in self.records if wanted is None or mine in _headers(r)])


def application() -> Starlette:
    """What the process serves."""
    recorder = _Recorder()

    async def chat(request: Request) -> Response:
        body = await recorder.body_of(request)
        model = str(body.get("model", MODELS[0]))
        if body.get("stream"):
            return StreamingResponse(_chunks(model, body), media_type="text/event-stream")
        message = {"role": "assistant", "content": "Hello from the lab."}
        choice: dict[str, object] = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse(_completion(model, "chat.completion", [choice]) | {"usage": USAGE})

    async def embeddings(request: Request) -> Response:
        body = await recorder.body_of(request)
        vector = {"object": "embedding", "index": 0, "embedding": [0.25, 0.5, 0.75]}
        usage = {"prompt_tokens": 5, "total_tokens": 5}
        model = str(body.get("model", MODELS[0]))
        return JSONResponse({"object": "list", "data": [vector], "model": model, "usage": usage})

    async def models(request: Request) -> Response:
        await recorder.body_of(request)
        data = [{"id": m, "object": "model", "created": 0, "owned_by": "lab"} for m in MODELS]
        return JSONResponse({"object": "list", "data": data})

    async def anything(request: Request) -> Response:
        await recorder.body_of(request)
        return JSONResponse({"error": {"message": "The lab has no such path."}}, status_code=404)

    async def health(_: Request) -> Response:
        return Response("ok")

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/embeddings", embeddings, methods=["POST"]),
            Route("/v1/models", models, methods=["GET"]),
            Route("/healthz", health, methods=["GET"]),
            Route(RECORDS_PATH, recorder.serve, methods=["GET", "DELETE"]),
            Route("/{path:path}", anything, methods=METHODS),
        ]
    )


def _headers(record: dict[str, object]) -> list[list[str]]:
    return cast("list[list[str]]", record["headers"])


def _completion(model: str, kind: str, choices: list[dict[str, object]]) -> dict[str, object]:
    identity: dict[str, object] = {"id": "chatcmpl-lab", "object": kind, "created": 0}
    return identity | {"model": model, "choices": choices}


async def _chunks(model: str, body: dict[str, object]) -> AsyncIterator[str]:
    for delta, reason in (({"content": "Hello "}, None), ({"content": "from the lab."}, "stop")):
        choice: dict[str, object] = {"index": 0, "delta": delta, "finish_reason": reason}
        yield _event(_completion(model, "chat.completion.chunk", [choice]))
    options = body.get("stream_options")
    if isinstance(options, dict) and cast("dict[str, object]", options).get("include_usage"):
        yield _event(_completion(model, "chat.completion.chunk", []) | {"usage": USAGE})
    yield "data: [DONE]\n\n"


def _event(content: dict[str, object]) -> str:
    return f"data: {json.dumps(content)}\n\n"


def main() -> None:
    """Serve: `python -m lab.upstream PORT`."""
    uvicorn.run(
        application(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
