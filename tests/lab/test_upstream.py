import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from lab.errors import LabError
from lab.ports import free_port
from lab.upstream import USAGE, Upstream, UpstreamServer


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    folder = tmp_path_factory.mktemp("upstream")
    server = UpstreamServer(folder, free_port())
    server.start()
    yield Upstream(folder)
    server.stop()


def new_id() -> str:
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def http(upstream: Upstream) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=upstream.url) as client:
        yield client


def ask(http: httpx.Client, request_id: str, **body: object) -> httpx.Response:
    headers = {"x-lab-request": request_id}
    return http.post("/v1/chat/completions", json={"model": "m"} | body, headers=headers)


def test_chat_is_answered_with_usage(http: httpx.Client) -> None:
    answer = ask(http, new_id()).json()
    assert answer["model"] == "m"
    assert answer["usage"] == USAGE


def test_chat_streams_server_sent_events(http: httpx.Client) -> None:
    answer = ask(http, new_id(), stream=True, stream_options={"include_usage": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [line.removeprefix("data: ") for line in answer.text.splitlines() if line]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    text = "".join(c["choices"][0]["delta"]["content"] for c in chunks if c["choices"])
    assert text == "Hello from the lab."
    assert chunks[-1]["usage"] == USAGE


def test_embeddings_and_models(http: httpx.Client) -> None:
    answer = http.post("/v1/embeddings", json={"model": "e", "input": "x"}).json()
    assert answer["data"][0]["embedding"]
    assert http.get("/v1/models").json()["object"] == "list"
    assert http.get("/healthz").text == "ok"


def test_a_request_is_recorded_as_it_came(http: httpx.Client, upstream: Upstream) -> None:
    request_id = new_id()
    http.post(
        "/v1/chat/completions?a=1",
        json={"model": "m"},
        headers=[("x-lab-request", request_id), ("X-User-Id", "a"), ("x-user-id", "b")],
    )
    (received,) = upstream.requests(request_id)
    assert (received.method, received.path) == ("POST", "/v1/chat/completions?a=1")
    assert received.model == "m"
    assert received.header("X-User-Id") == ["a", "b"]
    assert received.header("x-user-group") == []


def test_bad_bodies_and_unknown_paths_are_recorded_too(
    http: httpx.Client, upstream: Upstream
) -> None:
    request_id = new_id()
    headers = {"x-lab-request": request_id}
    http.post("/v1/chat/completions", content=b"{", headers=headers)
    assert http.get("/elsewhere", headers=headers).status_code == 404
    assert upstream.count(request_id) == 2


def test_counts_are_exact_under_concurrency(http: httpx.Client, upstream: Upstream) -> None:
    ids = [new_id() for _ in range(8)]
    with ThreadPoolExecutor(max_workers=16) as pool:
        for _ in range(20):
            pool.map(ask, [http] * 8, ids)
    assert [upstream.count(request_id) for request_id in ids] == [20] * 8
    assert upstream.count(new_id()) == 0


def test_clear_forgets(tmp_path: Path) -> None:
    server = UpstreamServer(tmp_path, free_port())
    server.start()
    upstream = Upstream(tmp_path)
    httpx.post(f"{upstream.url}/v1/chat/completions", json={})
    assert len(upstream.requests()) == 1
    upstream.clear()
    assert upstream.requests() == []
    server.stop()


def test_no_upstream_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="Start the lab first"):
        Upstream(tmp_path)
