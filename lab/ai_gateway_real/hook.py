"""Envoy Gateway's extension hook, passed on to the AI Gateway's controller.

The controller names the extproc's socket by its path inside of a Pod (a constant of 1.1.0). Here
every Envoy sees the same file system, so the path becomes the one of the Gateway's own extproc.
"""

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import grpc

from lab.envoy_protos import (
    EXTENSION_SERVICE,
    Message,
    PostTranslateModifyRequest,
    PostTranslateModifyResponse,
)
from lab.errors import LabError

CLUSTER = "ai-gateway-extproc-uds"
LONGEST_SOCKET_PATH = 107
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
LISTENER_PARTS = 3
# Envoy Gateway 1.9.1 itself sets no deadline.
TIMEOUT_SECONDS = 30
log = logging.getLogger(__name__)


def socket_path(folder: Path, namespace: str, gateway: str) -> Path:
    """The socket of a Gateway's extproc.

    Raises:
        LabError: the path is too long for a socket.
    """
    name = hashlib.sha256(f"{namespace}/{gateway}".encode()).hexdigest()[:12]
    path = folder / f"{name}.sock"
    if len(str(path)) > LONGEST_SOCKET_PATH:
        raise LabError(
            f"The AI Gateway's extproc can't listen on {path}. A socket's path has "
            f"{LONGEST_SOCKET_PATH} characters at most. Move the repository to a shorter path."
        )
    return path


def gateway_of(request: Message) -> tuple[str, str] | None:
    """Namespace and name of the Gateway that the listeners are of; they're named after it."""
    for listener in request.listeners:
        parts = listener.name.split("/")
        if len(parts) == LISTENER_PARTS:
            return parts[0], parts[1]
    return None


def local(response: Message, path: Path) -> None:
    """Let the clusters of the extproc point to the path."""
    for cluster in response.clusters:
        if cluster.name == CLUSTER:
            for locality in cluster.load_assignment.endpoints:
                for entry in locality.lb_endpoints:
                    entry.endpoint.address.pipe.path = str(path)


class Hook(grpc.GenericRpcHandler):
    """A gRPC server on 127.0.0.1 in front of the controller's; it logs nothing that passes."""

    def __init__(self, port: int, controller_port: int, sockets: Path) -> None:
        """Describe it: the port it serves on, the controller's, the folder of the sockets."""
        self._channel = grpc.insecure_channel(f"127.0.0.1:{controller_port}", options=UNLIMITED)
        self._sockets = sockets
        self._server = grpc.server(ThreadPoolExecutor(max_workers=4), options=UNLIMITED)
        self._server.add_generic_rpc_handlers((self,))
        self._server.add_insecure_port(f"127.0.0.1:{port}")

    def start(self) -> None:
        """Serve."""
        self._server.start()

    def stop(self) -> None:
        """End at once."""
        self._server.stop(None)
        self._channel.close()

    def controller_answers(self) -> bool:
        """Whether the controller's gRPC server is up, and not only the relay in front of it."""
        try:
            grpc.channel_ready_future(self._channel).result(timeout=0.5)
        except grpc.FutureTimeoutError:
            return False
        return True

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """Pass every method on as it is, and PostTranslateModify with the paths changed."""
        method = str(handler_call_details.method)
        # Without serializers, requests and answers stay bytes.
        call = cast("Callable[..., bytes]", self._channel.unary_unary(method))
        translates = method == f"/{EXTENSION_SERVICE}/PostTranslateModify"

        def pass_on(request: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                answer = call(request, timeout=TIMEOUT_SECONDS)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details() or "")
                raise
            return self._changed(request, answer) if translates else answer

        return grpc.unary_unary_rpc_method_handler(pass_on)

    def _changed(self, request: bytes, answer: bytes) -> bytes:
        gateway = gateway_of(PostTranslateModifyRequest.FromString(request))
        if gateway is None:
            return answer
        response = PostTranslateModifyResponse.FromString(answer)
        local(response, socket_path(self._sockets, *gateway))
        return response.SerializeToString()
