"""Follow collections of the API server in threads, through its restarts."""

import logging
import queue
import threading
from dataclasses import dataclass

import httpx

from lab.kubernetes_api import KubernetesApi, Object

WATCH_SECONDS = 300
RETRY_SECONDS = 0.5
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """All objects of a collection by name, after a change."""

    collection: str
    objects: dict[str, Object]


class Watch:
    """Puts a snapshot of one collection into a queue at the start and after each change."""

    def __init__(self, api: KubernetesApi, path: str, into: "queue.SimpleQueue[Snapshot]") -> None:
        self._api = api
        self._path = path
        self._queue = into
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {path}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Put nothing more into the queue; doesn't wait for the open request."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (httpx.HTTPError, RuntimeError, ValueError, OSError) as error:  # down or closed
                if not self._stop.wait(RETRY_SECONDS):
                    log.debug("watch of %s starts again: %s", self._path, error)

    def _follow(self) -> None:
        listed = self._api.get(self._path) or {"items": [], "metadata": {"resourceVersion": "0"}}
        objects = {item["metadata"]["name"]: item for item in listed["items"]}
        self._put(objects)
        version = listed["metadata"]["resourceVersion"]
        for event in self._api.watch(self._path, version, WATCH_SECONDS):
            if self._stop.is_set() or event["type"] == "ERROR":
                return
            if event["type"] == "BOOKMARK":
                continue
            name = event["object"]["metadata"]["name"]
            if event["type"] == "DELETED":
                objects.pop(name, None)
            else:
                objects[name] = event["object"]
            self._put(objects)

    def _put(self, objects: dict[str, Object]) -> None:
        if not self._stop.is_set():
            self._queue.put(Snapshot(self._path, dict(objects)))
