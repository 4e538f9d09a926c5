"""The ext_proc of the stand-in (simulated): a gRPC server behind the real Envoy.

It moves the model from the JSON body to `x-ai-eg-model` and clears the route cache, so that Envoy
picks the route again. What it doesn't know it refuses as the real one does: 400 and 404, no other.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import cast

import grpc

from lab.ai_gateway_stand_in import EXT_PROC_NAME
from lab.ai_gateway_stand_in.models import Models
from lab.ai_gateway_stand_in.routes import NOT_FOUND_TEXT
from lab.envoy_protos import (
    EXT_PROC_SERVICE,
    Message,
    ProcessingRequest,
    ProcessingResponse,
)

MODEL_HEADER = "x-ai-eg-model"
ORIGINAL_PATH_HEADER = "x-ai-eg-original-path"
INTERNAL_ID_HEADER = "x-ai-eg-internal-req-id"
MODELS_PATH = "/v1/models"
# The endpoints of the ext_proc of AI Gateway 1.1 that reach an OpenAI backend untranslated.
JSON_PATHS = frozenset(
    {
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/responses",
        "/v1/responses/input_tokens",
        "/v1/audio/speech",
        "/v1/images/generations",
        "/tokenize",
    }
)


def answer_headers(headers: Mapping[str, str], models: Models, *, has_body: bool) -> Message:
    """What to do with a request when its headers have arrived."""
    path = headers.get(":path", "").partition("?")[0]
    if path == MODELS_PATH:
        host = headers.get(":authority", "").rpartition(":")[0] or headers.get(":authority", "")
        body = json.dumps({"object": "list", "data": models.of_host(host.lower())})
        return _immediate(200, body, "application/json")
    if path not in JSON_PATHS:
        return _immediate(404, f"unsupported path: {headers.get(':path', '')}", "text/plain")
    if not has_body:
        # The real one's second filter, behind the route, refuses what its first saw no body of.
        unsupported = f"unsupported path: {path}"
        text = unsupported if MODEL_HEADER in headers else NOT_FOUND_TEXT
        return _immediate(404, text, "text/plain")
    internal_id = _header(INTERNAL_ID_HEADER, f"{headers.get('x-request-id', '')}-{uuid.uuid4()}")
    mutation = {"header_mutation": {"set_headers": [internal_id]}}
    return ProcessingResponse(request_headers={"response": mutation})


def answer_body(headers: Mapping[str, str], body: bytes) -> Message:
    """What to do with a request when its whole body has arrived."""
    path = headers.get(":path", "")
    try:
        model = model_of(body)
    except ValueError:
        message = f"malformed request: failed to parse JSON for {path.partition('?')[0]}"
        error = {"type": "BadRequest", "code": "400", "message": message}
        return _immediate(400, json.dumps({"type": "error", "error": error}), "application/json")
    set_headers = [
        _header(MODEL_HEADER, model),
        _header(ORIGINAL_PATH_HEADER, path),
        _header(":path", path.partition("?")[0]),  # the real one's translation drops the query
    ]
    return ProcessingResponse(
        request_body={
            "response": {
                "header_mutation": {"set_headers": set_headers},
                "clear_route_cache": True,
            }
        }
    )


def model_of(body: bytes) -> str:
    """The model that the body names; the empty string when it names none.

    Raises:
        ValueError: the body isn't a JSON object, or its model isn't a string.
    """
    content: object = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("The body must be a JSON object.")  # noqa: TRY004 - one error for the caller
    model = cast("dict[str, object]", content).get("model")
    if model is not None and not isinstance(model, str):
        raise ValueError("The model must be a string.")
    return model or ""


def _header(name: str, value: str) -> dict[str, object]:
    # The default action appends: a model that the client sent would then stand beside the body's.
    header = {"key": name, "raw_value": value.encode()}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _immediate(status: int, body: str, content_type: str) -> Message:
    return ProcessingResponse(
        immediate_response={
            "status": {"code": status},
            "headers": {"set_headers": [_header("content-type", content_type)]},
            "body": body.encode(),
        }
    )


def _headers_of(request: Message) -> dict[str, str]:
    received = request.request_headers.headers.headers
    return {header.key: (header.raw_value.decode() or header.value) for header in received}


async def _process(requests: AsyncIterator[Message], models_file: Path) -> AsyncIterator[Message]:
    """One stream of Envoy: the headers of one request, then its body when it has one."""
    headers: dict[str, str] = {}
    async for request in requests:
        kind = request.WhichOneof("request")
        if kind == "request_headers":
            headers = _headers_of(request)
            has_body = not request.request_headers.end_of_stream
            yield answer_headers(headers, Models.read(models_file), has_body=has_body)
        elif kind == "request_body":
            yield answer_body(headers, request.request_body.body)
        else:
            yield ProcessingResponse(**{kind: {}})


async def serve(port: int, models_file: Path) -> None:
    """Serve on 127.0.0.1 until the process ends; the file is written by the controller."""

    async def process(
        requests: AsyncIterator[Message], _: grpc.aio.ServicerContext[Message, Message]
    ) -> AsyncIterator[Message]:
        async for answer in _process(requests, models_file):
            yield answer

    method = grpc.stream_stream_rpc_method_handler(
        process,  # type: ignore[arg-type]
        request_deserializer=ProcessingRequest.FromString,
        response_serializer=ProcessingResponse.SerializeToString,
    )
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    handler = grpc.method_handlers_generic_handler(EXT_PROC_SERVICE, {"Process": method})
    server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    print(f"{EXT_PROC_NAME}: serving on 127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":  # python -m lab.ai_gateway_stand_in.ext_proc PORT MODELS_FILE
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
