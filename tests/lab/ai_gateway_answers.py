"""What came of the rows, in a form that two AI Gateways can be compared by."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import httpx

from lab.upstream import Received
from tests.lab.ai_gateway_rows import Row

# What follows in a body are the words of the JSON parser, which are Go's or Python's.
MALFORMED = "malformed request: failed to parse JSON for /v1/chat/completions"
# Values that are the same each time, as far as the AI Gateway decides on them.
COMPARED_VALUES = ("x-added", "x-ai-eg-model", "x-ai-eg-original-path", "x-user-id")


def answer(row: Row, response: httpx.Response, received: Sequence[Received]) -> dict[str, Any]:
    """A row's answer, and the request as the upstream saw it."""
    found: dict[str, Any] = {"row": row.name, "status": response.status_code}
    if "content-type" in response.headers:
        found["content-type"] = response.headers["content-type"]
    if response.status_code != HTTPStatus.OK:
        found["body"] = MALFORMED if MALFORMED in response.text else response.text
    if received:
        (request,) = received
        found["at upstream"] = {
            "path": request.path,
            "headers": sorted({name for name, _ in request.headers}),
            "values": {name: request.header(name) for name in COMPARED_VALUES},
        }
    return found
