"""The cluster as the in-process deployer sees it: objects are read, applied and deleted."""

import asyncio
import json
import threading
import time
import warnings
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

import kr8s
import kr8s.asyncio
from ruamel.yaml import YAML

from lab.deployer.state import Identity
from lab.deployer.values import Object
from lab.errors import LabError

NOT_FOUND = 404
RETRY_SECONDS = 10  # a kind or a namespace may be a moment old
POLL_SECONDS = 0.1
T = TypeVar("T")


class ClusterError(LabError):
    """A request to the cluster failed."""

    def __init__(self, message: str, status: int = 0) -> None:
        """Keep the HTTP status; 0 if there was no answer."""
        super().__init__(message)
        self.status = status


class Loop:
    """An event loop in a thread of its own, for the clients of all clusters."""

    def __init__(self) -> None:
        """Start the thread; it ends with the process."""
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="kubernetes", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there, and wait for its result here."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class Cluster:
    """One cluster, reached by a kubeconfig (a path or its content)."""

    def __init__(self, loop: Loop, kubeconfig: str, context: str | None, manager: str) -> None:
        """Use the given context, or the current one; `manager` is the owner of the fields."""
        self._loop = loop
        self._manager = manager
        self._kinds: dict[tuple[str, str], tuple[str, bool]] = {}
        self._api = loop.run(_connect(_source(kubeconfig), context))
        self.namespace = self._api.namespace or "default"

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of the kind lie in a namespace.

        Raises:
            ClusterError: the cluster doesn't know the kind, even after some seconds.
        """
        return self._kind(api_version, kind)[1]

    def get(self, identity: Identity) -> Object | None:
        """The object, or None if there's none."""
        try:
            return self._request("GET", identity)
        except ClusterError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def apply(self, identity: Identity, thing: Object, *, force: bool) -> Object:
        """Server-side apply; without `force` it's refused when another manager owns a field."""
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                return self._request(
                    "PATCH",
                    identity,
                    params={"fieldManager": self._manager, "force": json.dumps(force)},
                    headers={"Content-Type": "application/apply-patch+yaml"},
                    content=json.dumps(thing),
                )
            except ClusterError as error:
                if error.status != NOT_FOUND or time.monotonic() > deadline:
                    raise
            time.sleep(POLL_SECONDS)

    def delete(self, identity: Identity, propagation: str) -> None:
        """Ask for the object's deletion; no error if it's gone."""
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        try:
            self._request("DELETE", identity, content=json.dumps(options))
        except ClusterError as error:
            if error.status != NOT_FOUND:
                raise

    def made(self, thing: Object) -> bool:
        """Whether this deployer applied the object."""
        fields = thing.get("metadata", {}).get("managedFields", [])
        return any(
            entry.get("manager") == self._manager and entry.get("operation") == "Apply"
            for entry in fields
        )

    def _kind(self, api_version: str, kind: str) -> tuple[str, bool]:
        deadline = time.monotonic() + RETRY_SECONDS
        while (api_version, kind) not in self._kinds:
            for entry in self._discover(api_version):
                if "/" not in entry["name"]:
                    self._kinds[api_version, entry["kind"]] = (entry["name"], entry["namespaced"])
            if (api_version, kind) in self._kinds:
                break
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"The cluster doesn't know {kind} of {api_version}. Its CRD isn't installed, "
                    "or serves other versions. Install the CRD first."
                )
            time.sleep(POLL_SECONDS)
        return self._kinds[api_version, kind]

    def _discover(self, api_version: str) -> list[Object]:
        try:
            found = self._loop.run(self._call("GET", _base(api_version), "", {}))
        except ClusterError as error:
            if error.status == NOT_FOUND:
                return []
            raise
        return found["resources"]

    def _request(self, method: str, identity: Identity, **options: Any) -> Object:  # noqa: ANN401 - httpx's own
        plural, _ = self._kind(identity.api_version, identity.kind)
        base = _base(identity.api_version)
        if identity.namespace:
            base += f"/namespaces/{identity.namespace}"
        return self._loop.run(self._call(method, base, f"{plural}/{identity.name}", options))

    async def _call(self, method: str, base: str, url: str, options: Mapping[str, Any]) -> Object:
        try:
            async with self._api.call_api(
                method, version="", base=base, url=url, **options
            ) as response:
                return response.json()
        except kr8s.ServerError as error:
            status = error.response.status_code if error.response is not None else 0
            raise ClusterError(_message(error), status) from error
        except (kr8s.APITimeoutError, OSError) as error:
            raise ClusterError(f"The cluster doesn't answer: {error}") from error


def _message(error: kr8s.ServerError) -> str:
    if error.response is not None:
        try:
            return str(error.response.json()["message"])
        except (ValueError, KeyError):
            pass
    return str(error)


def _base(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _source(kubeconfig: str) -> str | Object:
    if "\n" in kubeconfig or kubeconfig.lstrip().startswith("{"):
        return YAML(typ="safe", pure=True).load(kubeconfig)
    return str(Path(kubeconfig).expanduser())


async def _connect(kubeconfig: str | Object, context: str | None) -> kr8s.asyncio.Api:
    with warnings.catch_warnings():
        # kr8s 0.20.15 warns of each Kubernetes newer than itself; what is used here is stable.
        warnings.filterwarnings("ignore", message="Kubernetes version .* is not supported")
        # A dict is taken too, though the annotation says str.
        return await kr8s.asyncio.api(kubeconfig=kubeconfig, context=context)  # pyright: ignore[reportArgumentType]
