"""A stack with a key of every kind, and with whatever else nobody may be told."""

import base64
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from lab.deployer import DeployError
from lab.deployer.stack_config import UNENCRYPTED
from lab.kubernetes_api import KubernetesApi, Object
from tests.lab.stack import API_VERSIONS, Stack

MOST_BYTES = 1_048_576
"""What Kubernetes takes for all values of a Secret."""
FILLER = "filler"


class EveryKey:
    """The stack, and the credentials that were ever in it."""

    def __init__(self, stack: Stack, api: KubernetesApi) -> None:
        """Make what others have made before, and the config; nothing is deployed yet."""
        self.stack = stack
        self.canary = f"canary-{secrets.token_hex(8)}"
        """A consumer: whatever tells of the stack's resources tells its name."""
        self.team = f"{stack.namespace}-team"
        self.credentials: set[str] = set()
        self.told: list[str] = []
        """Everything that was said about the deployments."""
        self._api = api
        metadata = {"name": self.team}
        api.apply(
            self._path("namespaces", self.team),
            {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata},
        )
        self.by_hand = self.plant(64)
        """The key of dave, whom somebody gave it by hand."""
        self.make_secret("legacy", {"dave": self.by_hand})
        stack.say = self.told.append
        stack.config["consumers"] = {
            "alice": {},
            "ci-runner": {},
            "dave": {"importFrom": [{"name": "legacy", "namespace": self.team}]},
            "erin": {"deliverTo": {"namespace": self.team, "name": "erin", "key": "api-key"}},
            self.canary: {},
        }
        imported = {"secure": UNENCRYPTED + self.plant(40)}
        stack.config["importedKeys"] = {"erin": imported}

    def plant(self, length: int) -> str:
        """A new credential, with characters that are written in another way in URLs."""
        planted = f"sk+{secrets.token_hex(length)[: length - 6]}/=="
        self.credentials.add(planted)
        return planted

    def deploy(self) -> None:
        """Deploy, and remember what was said and which keys there are."""
        made = self.stack.deploy()
        self.told += [str(made), repr(made), *made.messages]
        self.collect()

    def rotate(self) -> None:
        """Alice gets a second key; the first one stays valid."""
        self.stack.config["consumers"]["alice"] = {"rotation": 2, "overlapFor": "7d"}

    def refused(self) -> str:
        """Everything that is said about a deployment that fails."""
        self.told.clear()
        try:
            self.stack.deploy()
        except DeployError as error:
            self.told += [str(error), repr(error), f"{error.__cause__!r} {error.__context__!r}"]
            return "\n".join(self.told)
        raise AssertionError(self.told)

    def collect(self) -> None:
        """Remember every key in the stack's Secrets."""
        for path in (self.stack.path("secrets", "maas-api-keys"), self._path("secrets", "erin")):
            data: Mapping[str, str] = (self._api.get(path) or {}).get("data") or {}
            keys = [value for entry, value in data.items() if entry != FILLER]
            self.credentials |= {base64.b64decode(value).decode() for value in keys}

    def make_secret(self, name: str, entries: Mapping[str, str]) -> None:
        """Apply a Secret of somebody else's, in the team's namespace."""
        data = {key: base64.b64encode(text.encode()).decode() for key, text in entries.items()}
        metadata = {"name": name, "namespace": self.team}
        thing: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
        self._api.apply(self._path("secrets", name), thing)

    def fill(self) -> None:
        """Leave no room for a longer key in the Secret that erin's key is delivered to."""
        path = self._path("secrets", "erin")
        data: dict[str, str] = (self._api.get(path) or {})["data"]
        used = sum(len(base64.b64decode(value)) for value in data.values())
        rest = self.plant(64)
        rest += "x" * (MOST_BYTES - used - len(rest))
        self._api.merge(path, {"data": {FILLER: base64.b64encode(rest.encode()).decode()}})

    def empty(self) -> None:
        """Undo `fill`."""
        self._api.merge(self._path("secrets", "erin"), {"data": {FILLER: None}})

    def import_bad(self, value: str) -> None:
        """A consumer whose key is to be this one."""
        self.make_secret("bad", {"mallory": value})
        self.consumers["mallory"] = {"importFrom": [{"name": "bad", "namespace": self.team}]}

    @property
    def consumers(self) -> dict[str, Any]:
        """The consumers of the config."""
        return self.stack.config["consumers"]

    def remove(self) -> None:
        """Delete the team's namespace."""
        self._api.delete(self._path("namespaces", self.team))

    def _path(self, plural: str, name: str) -> str:
        home = "" if plural == "namespaces" else f"/namespaces/{self.team}"
        return f"/{API_VERSIONS[plural]}{home}/{plural}/{name}"


BAD: Mapping[str, Callable[[EveryKey], str]] = {
    "too short": lambda every: every.plant(31),
    "Bearer": lambda every: f"Bearer {every.plant(64)}",
    "a line end": lambda every: f"{every.plant(64)}\n",
    "the key of another": lambda every: every.by_hand,
}
"""Values that an existing Secret may have, and that can't be imported."""
