"""A plain Gateway whose listener demands an API key of one of two Secrets, all by hand."""

import base64
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from lab.client import Lab
from lab.kubernetes_api import KubernetesApi, Object
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab import callers, plain_gateway
from tests.lab.callers import Caller
from tests.lab.plain_gateway import GATEWAY_API, until

SECRETS = ("first", "second")
ID_HEADER = "x-user-id"
NEIGHBOUR = "/neighbour"
ROUTES = GATEWAY_API + "/namespaces/{}/httproutes/{}"
POLICIES = "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/{}/securitypolicies/{}"


@dataclass(frozen=True)
class Answer:
    """What one call got, and as whom the upstream saw each arrival of it."""

    status: int
    seen: list[list[str]]


DENIED = Answer(401, [])


class KeyGateway:
    """The Gateway, its namespace and its Secrets have one name; its policy names both Secrets."""

    def __init__(self, api: KubernetesApi, upstream: Upstream, name: str, port: int) -> None:
        self.api = api
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._upstream = upstream

    def deploy(self) -> None:
        """Make it with two Secrets that have no data; nothing is awaited."""
        plain_gateway.deploy(self.api, self.name, self._port, self._upstream.port)
        for secret in SECRETS:
            self.write(secret, {})
        target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": self.name}
        self.policy("keys", {**target, "sectionName": "http"}, SECRETS)

    def remove(self) -> None:
        """Delete all of it."""
        plain_gateway.remove(self.api, self.name)

    def policy(self, name: str, target: Mapping[str, str], names: tuple[str, ...]) -> None:
        """Apply a policy that demands a key of one of the Secrets."""
        spec = {
            "targetRefs": [target],
            "apiKeyAuth": {
                "credentialRefs": [{"name": secret} for secret in names],
                "extractFrom": [{"headers": ["X-API-Key"]}],
                "forwardClientIDHeader": ID_HEADER,
                "sanitize": True,
            },
        }
        thing = self._object("gateway.envoyproxy.io/v1alpha1", "SecurityPolicy", name, spec=spec)
        self.api.apply(POLICIES.format(self.name, name), thing)

    def condition(self, policy: str = "keys") -> tuple[str, str]:
        """Status and message of the policy's condition Accepted."""
        found = self.api.get(POLICIES.format(self.name, policy)) or {}
        for ancestor in found.get("status", {}).get("ancestors", []):
            for condition in ancestor["conditions"]:
                if condition["type"] == "Accepted":
                    return condition["status"], condition["message"]
        return "Unknown", ""

    def write(self, secret: str, keys: Mapping[str, str | bytes]) -> None:
        """Make these the entries of a Secret, in one server-side apply as Pulumi does it."""
        self.api.apply(self.secret(secret), self._object("v1", "Secret", secret, data=_data(keys)))

    def edit(self, secret: str, keys: Mapping[str, str]) -> None:
        """Change entries as somebody with an editor does, who is then their field manager."""
        self.api.merge(self.secret(secret), {"data": _data(keys)})

    def secret(self, name: str) -> str:
        """API path of a Secret."""
        return f"/api/v1/namespaces/{self.name}/secrets/{name}"

    def add_neighbour(self, key: str) -> None:
        """Apply an HTTPRoute for `/neighbour` whose own policy demands this key of `anna`."""
        self.write("neighbour", {"anna": key})
        self.add_route("neighbour", [NEIGHBOUR])
        target = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "neighbour"}
        self.policy("neighbour", target, ("neighbour",))

    def remove_neighbour(self) -> None:
        """Delete what `add_neighbour` made."""
        self.remove_route("neighbour")
        self.api.delete(POLICIES.format(self.name, "neighbour"))
        self.api.delete(self.secret("neighbour"))

    def add_route(self, name: str, paths: Sequence[str]) -> None:
        """Apply an HTTPRoute for paths of its own."""
        backend = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": self.name}
        matches = [{"path": {"type": "PathPrefix", "value": path}} for path in paths]
        spec = {
            "parentRefs": [{"name": self.name}],
            "rules": [{"matches": matches, "backendRefs": [backend]}],
        }
        thing = self._object("gateway.networking.k8s.io/v1", "HTTPRoute", name, spec=spec)
        self.api.apply(ROUTES.format(self.name, name), thing)

    def remove_route(self, name: str) -> None:
        """Delete what `add_route` made."""
        self.api.delete(ROUTES.format(self.name, name))

    def call(self, http: httpx.Client, key: str | None = None) -> Answer:
        """One call, with a key or without."""
        request_id = str(uuid.uuid4())
        headers = {REQUEST_HEADER: request_id, **({} if key is None else credential(key))}
        status = callers.status_of(http, self.url, headers)
        arrivals = self._upstream.requests(request_id)
        return Answer(status, [arrival.header(ID_HEADER) for arrival in arrivals])

    def await_status(self, status: int, http: httpx.Client, key: str | None = None) -> None:
        """Wait until a call gets the status."""
        until(lambda: self.call(http, key).status == status, f"{self.name} answers {status}")

    def caller(self, key: str) -> Caller:
        """Somebody who calls all the time."""
        return Caller(self.url, self._upstream, credential(key))

    def _object(self, version: str, kind: str, name: str, **more: object) -> Object:
        metadata = {"name": name, "namespace": self.name}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def write(
    gateway: KeyGateway,
    http: httpx.Client,
    first: Mapping[str, str | bytes],
    second: Mapping[str, str | bytes] | None = None,
) -> None:
    """Write both Secrets, and wait until Envoy has them."""
    signs = [new_key(), new_key()]
    gateway.write("first", {**first, "zz-first": signs[0]})
    gateway.write("second", {**(second or {}), "zz-second": signs[1]})
    for sign in signs:
        gateway.await_status(200, http, sign)


def _data(keys: Mapping[str, str | bytes]) -> dict[str, str]:
    return {
        client: base64.b64encode(key.encode() if isinstance(key, str) else key).decode()
        for client, key in keys.items()
    }


def credential(key: str) -> dict[str, str]:
    """The header that holds a key."""
    return {"x-api-key": key}


def new_key() -> str:
    """A key of 64 characters that no other test has."""
    return secrets.token_hex(32)


def skipped(lab: Lab, reason: str = "") -> int:
    """How often Envoy Gateway kept a configuration from Envoy; only its log says so."""
    lines = (Path(lab.info["logs"]) / "envoy-gateway.log").read_text().splitlines()
    return sum("skipped publishing xds resources" in line and reason in line for line in lines)


def renewals(gateway: KeyGateway, lab: Lab) -> int:
    """How often Envoy has put a new listener in the place of an old one."""
    name = plain_gateway.envoy_of(gateway.api, gateway.name)
    assert name is not None
    port = lab.info["envoys"][name]["admin_port"]
    stat = "listener_manager.listener_modified"
    answer = httpx.get(
        f"http://127.0.0.1:{port}/stats", params={"filter": stat}, trust_env=False
    ).text
    return int(answer.removeprefix(f"{stat}: "))
