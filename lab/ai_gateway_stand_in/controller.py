"""The controller of the stand-in (simulated): AIGatewayRoutes in, HTTPRoutes and xDS changes out.

Deleting is the garbage collector's: what is generated is owned by its AIGatewayRoute, as with the
real controller.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import grpc
import httpx
import kr8s
import kr8s.asyncio

from lab.ai_gateway_stand_in import NAME, models
from lab.ai_gateway_stand_in.objects import Object, items, name_of, part, text
from lab.ai_gateway_stand_in.routes import GROUP, Backends, NotAcceptedError, generated
from lab.ai_gateway_stand_in.xds import post_translate
from lab.envoy_protos import (
    EXTENSION_SERVICE,
    Message,
    PostTranslateModifyRequest,
    PostTranslateModifyResponse,
)

VERSIONS = ("v1beta1", "v1alpha1")
ROUTES, BACKENDS = "aigatewayroutes", "aiservicebackends"
PLURALS = {"HTTPRoute": "httproutes", "HTTPRouteFilter": "httproutefilters"}
MANAGER = "ai-gateway-stand-in"
RETRY_SECONDS = 0.5
ACCEPTED = "reconciled successfully by the stand-in (simulated)"


class Controller:
    """Watches both kinds and brings everything to what they say, each time anything changes."""

    # kr8s types its client only in part, so it is an Any here.
    def __init__(self, api: Any, models_file: Path) -> None:  # noqa: ANN401
        """Take a kr8s client, and the file that tells ext_proc the models."""
        self._api = api
        self._models_file = models_file
        self._changed = asyncio.Event()
        self._said: dict[tuple[str, str], str] = {}

    async def run(self) -> None:
        """Reconcile for ever."""
        version = await self._version()
        async with asyncio.TaskGroup() as tasks:
            for plural in (ROUTES, BACKENDS):
                tasks.create_task(self._watch(version, plural))
            while True:
                await self._changed.wait()
                self._changed.clear()
                try:
                    await self._reconcile(version)
                except (httpx.HTTPError, kr8s.ServerError, kr8s.APITimeoutError) as error:
                    print(f"{NAME}: will try again: {error!r}", flush=True)
                    await asyncio.sleep(RETRY_SECONDS)
                    self._changed.set()

    async def _version(self) -> str:
        """The version of the API that the cluster serves; waits for the CRDs."""
        while True:
            for version in VERSIONS:
                try:
                    await self._get(f"{GROUP}/{version}", ROUTES)
                except (httpx.HTTPError, kr8s.ServerError, kr8s.APITimeoutError):
                    continue
                return f"{GROUP}/{version}"
            await asyncio.sleep(RETRY_SECONDS)

    async def _watch(self, version: str, plural: str) -> None:
        """Note each change of the kind; a watch that ends is begun again with a new list."""
        while True:
            try:
                listed = await self._get(version, plural)
                self._changed.set()
                since = text(part(listed, "metadata"), "resourceVersion")
                async for _ in self._events(
                    version, f"{plural}?watch=true&resourceVersion={since}"
                ):
                    self._changed.set()
            except (httpx.HTTPError, kr8s.ServerError, kr8s.APITimeoutError) as error:
                print(f"{NAME}: the watch of {plural} ended: {error!r}", flush=True)
                await asyncio.sleep(RETRY_SECONDS)

    async def _events(self, version: str, url: str) -> AsyncIterator[Object]:
        async with self._api.call_api(
            version=version, url=url, stream=True, timeout=None
        ) as answer:
            async for line in answer.aiter_lines():
                event = cast("Object", json.loads(line))
                if event.get("type") == "ERROR":  # the version is too old: list again
                    return
                yield event

    async def _reconcile(self, version: str) -> None:
        listed = await self._get(version, BACKENDS)
        backends = {name_of(backend): backend for backend in items(listed, "items")}
        routes = sorted(items(await self._get(version, ROUTES), "items"), key=name_of)
        routes = [r for r in routes if not part(r, "metadata").get("deletionTimestamp")]
        models.declared(routes).write(self._models_file)
        for backend in backends.values():
            await self._report(version, BACKENDS, backend, f"AIServiceBackend {ACCEPTED}", ok=True)
        for route in routes:
            await self._reconcile_route(version, route | {"apiVersion": version}, backends)

    async def _reconcile_route(self, version: str, route: Object, backends: Backends) -> None:
        try:
            objects = generated(route, backends)
        except NotAcceptedError as reason:
            await self._report(version, ROUTES, route, f"{reason} (simulated)", ok=False)
            return
        for made in objects:
            await self._apply(made)
        await self._report(version, ROUTES, route, f"AI Gateway Route {ACCEPTED}", ok=True)

    async def _apply(self, made: Object) -> None:
        namespace, name = name_of(made)
        plural = PLURALS[text(made, "kind")]
        url = f"{plural}/{name}?fieldManager={MANAGER}&force=true"
        await self._patch(text(made, "apiVersion"), namespace, url, made, "apply-patch+yaml")

    async def _report(
        self, version: str, plural: str, subject: Object, message: str, *, ok: bool
    ) -> None:
        """Write the status; nothing when it says so already."""
        namespace, name = name_of(subject)
        kind = "Accepted" if ok else "NotAccepted"
        for old in items(part(subject, "status"), "conditions"):
            if (old.get("type"), old.get("message")) == (kind, message):
                return
        condition = {
            "type": kind,
            "status": "True" if ok else "False",
            "reason": "ReconciliationSucceeded" if ok else "ReconciliationFailed",
            "message": message,
            "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        print(f"{NAME}: {plural} {namespace}/{name}: {kind}: {message}", flush=True)
        status: Object = {"status": {"conditions": [condition]}}
        await self._patch(version, namespace, f"{plural}/{name}/status", status, "merge-patch+json")

    async def _get(self, version: str, url: str) -> Object:
        async with self._api.call_api(version=version, url=url) as answer:
            return cast("Object", answer.json())

    async def _patch(self, version: str, namespace: str, url: str, body: Object, kind: str) -> None:
        try:
            async with self._api.call_api(
                "PATCH",
                version=version,
                namespace=namespace,
                url=url,
                content=json.dumps(body),
                headers={"Content-Type": f"application/{kind}"},
            ):
                pass
        except kr8s.ServerError as error:
            # Deleted since it was listed, or its namespace is going: there's nothing left to do.
            if error.response is None or error.response.status_code != 404:  # noqa: PLR2004
                raise


async def serve(
    kubeconfig: str, extension_port: int, ext_proc_port: int, models_file: Path
) -> None:
    """Run the extension hook on 127.0.0.1 and the controller until the process ends."""

    async def modify(request: Message, _: grpc.aio.ServicerContext[Message, Message]) -> Message:
        return post_translate(request, ext_proc_port)

    method = grpc.unary_unary_rpc_method_handler(
        modify,  # type: ignore[arg-type]
        request_deserializer=PostTranslateModifyRequest.FromString,
        response_serializer=PostTranslateModifyResponse.SerializeToString,
    )
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    methods = {"PostTranslateModify": method}
    handler = grpc.method_handlers_generic_handler(EXTENSION_SERVICE, methods)
    server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(f"127.0.0.1:{extension_port}")
    await server.start()
    print(f"{NAME}: extension hook on 127.0.0.1:{extension_port}", flush=True)
    api = await kr8s.asyncio.api(kubeconfig=kubeconfig)
    await Controller(api, models_file).run()


if __name__ == "__main__":
    # Arguments: KUBECONFIG EXTENSION_PORT EXT_PROC_PORT MODELS_FILE
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
