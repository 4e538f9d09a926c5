"""One AIGatewayRoute on three listeners, and rows of requests whose answers are known.

The expected answers are the same for the real AI Gateway and for the stand-in: whichever the lab
runs has to give them, so the two are compared by running the same rows on each.
"""

import base64
from dataclasses import dataclass, field

from lab.envoy_gateway import CONTROLLER
from lab.issuer import AUDIENCE, Issuer
from lab.kubernetes_api import KubernetesApi, Object

NAME = "ai-rows"
API_KEY = "key-of-the-rows"
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
ENVOY_GATEWAY_API = "/apis/gateway.envoyproxy.io/v1alpha1"
AI_GATEWAY_API = "/apis/aigateway.envoyproxy.io/v1beta1"
CHAT = "/v1/chat/completions"
# Bound to the lab's AI Gateway: what its filter must stand behind, and before.
FILTER_ORDER = (
    "envoy.filters.http.api_key_auth",
    "envoy.filters.http.jwt_authn",
    "envoy.filters.http.ext_proc/aigateway",
    "envoy.filters.http.router",
)


@dataclass(frozen=True)
class Row:
    """A request and what comes of it; `model` None sends GET, bytes are sent as they are."""

    name: str
    listener: str
    status: int
    model: str | bytes | None = "kept"
    path: str = CHAT
    headers: dict[str, str] = field(default_factory=dict[str, str])
    token: str | None = None
    """The method of Issuer that makes the bearer token."""
    at_upstream: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Values of headers that the upstream must see, for a request that reaches it."""


KEY = {"x-api-key": API_KEY}
ROWS = (
    Row("no token", "oidc", 401),
    Row("no token, unknown model", "oidc", 401, model="unknown"),
    Row("no token, unknown path", "oidc", 401, path="/v1/unknown"),
    Row("no token, list of models", "oidc", 401, model=None, path="/v1/models"),
    Row("no token, own model header", "oidc", 401, headers={"x-ai-eg-model": "kept"}),
    Row("expired", "oidc", 401, token="expired"),
    Row("wrong audience", "oidc", 403, token="wrong_audience"),
    Row("wrong issuer", "oidc", 401, token="wrong_issuer"),
    Row("unsigned", "oidc", 401, token="unsigned"),
    Row("foreign key", "oidc", 401, token="foreign"),
    Row(
        "good token",
        "oidc",
        200,
        token="token",
        at_upstream={"x-user-id": ["alice"], "x-ai-eg-model": ["kept"]},
    ),
    Row(
        "good token, backend that removes it",
        "oidc",
        200,
        model="removed",
        token="token",
        at_upstream={"x-user-id": ["alice"], "authorization": [], "x-added": ["lab"]},
    ),
    Row("good token, unknown model", "oidc", 404, model="unknown", token="token"),
    Row(
        "good token, unknown model, own model header",
        "oidc",
        404,
        model="unknown",
        token="token",
        headers={"x-ai-eg-model": "kept"},
    ),
    Row("good token, malformed body", "oidc", 400, model=b"{", token="token"),
    Row("good token, unknown path", "oidc", 404, path="/v1/unknown", token="token"),
    Row("good token, list of models", "oidc", 200, model=None, path="/v1/models", token="token"),
    Row("good token on the other listener", "api-key", 401, token="token"),
    Row("no key", "api-key", 401),
    Row("wrong key", "api-key", 401, headers={"x-api-key": "wrong"}),
    Row("good key", "api-key", 200, headers=KEY, at_upstream={"x-user-id": ["bob"]}),
    Row("good key on the other listener", "oidc", 401, headers=KEY),
    Row("good key, unknown model", "api-key", 404, model="unknown", headers=KEY),
    Row("nothing, open listener", "open", 200),
    Row("nothing, open listener, query", "open", 200, path=f"{CHAT}?a=1"),
    Row("nothing, open listener, no body", "open", 404, model=None),
    Row(
        "nothing, open listener, no body, own model header",
        "open",
        404,
        model=None,
        headers={"x-ai-eg-model": "kept"},
    ),
    Row("nothing, open listener, no model", "open", 404, model=b"{}"),
    Row("nothing, open listener, model no string", "open", 400, model=b'{"model": 1}'),
    Row("nothing, open listener, slash at the end", "open", 404, path=f"{CHAT}/"),
    Row("nothing, open listener, unknown model", "open", 404, model="unknown"),
)


def deploy(api: KubernetesApi, issuer: Issuer, upstream_port: int, ports: dict[str, int]) -> None:
    """Apply everything; the ports are those of the listeners."""
    api.apply(f"/api/v1/namespaces/{NAME}", _object("v1", "Namespace", NAME, {}, namespaced=False))
    group = "gateway.networking.k8s.io/v1"
    made = _object(group, "GatewayClass", NAME, {"controllerName": CONTROLLER}, namespaced=False)
    api.apply(f"{GATEWAY_API}/gatewayclasses/{NAME}", made)
    secret = _object("v1", "Secret", NAME, {})
    secret |= {"data": {"bob": base64.b64encode(API_KEY.encode()).decode()}}
    api.apply(f"/api/v1/namespaces/{NAME}/secrets/{NAME}", secret)
    listeners = [{"name": name, "port": port, "protocol": "HTTP"} for name, port in ports.items()]
    gateway = {"gatewayClassName": NAME, "listeners": listeners}
    endpoint = {"fqdn": {"hostname": "up.localhost", "port": upstream_port}}
    for collection, kind, name, spec in (
        (GATEWAY_API, "Gateway", NAME, gateway),
        (ENVOY_GATEWAY_API, "SecurityPolicy", "oidc", _oidc(issuer)),
        (ENVOY_GATEWAY_API, "SecurityPolicy", "api-key", _api_key()),
        (ENVOY_GATEWAY_API, "Backend", "up", {"endpoints": [endpoint]}),
        (AI_GATEWAY_API, "AIServiceBackend", "kept", _ai_backend()),
        (AI_GATEWAY_API, "AIServiceBackend", "removed", _ai_backend() | {"headerMutation": CHANGE}),
        (AI_GATEWAY_API, "AIGatewayRoute", NAME, _route(*ports)),
    ):
        apply(api, collection, kind, name, spec)


CHANGE: Object = {"remove": ["Authorization"], "set": [{"name": "x-added", "value": "lab"}]}


def apply(api: KubernetesApi, collection: str, kind: str, name: str, spec: Object) -> None:
    """Apply one object of the namespace."""
    version = collection.removeprefix("/apis/")
    plural = (
        f"{kind.lower()[:-1]}ies"
        if kind.endswith("y") and kind != "Gateway"
        else f"{kind.lower()}s"
    )
    path = f"{collection}/namespaces/{NAME}/{plural}/{name}"
    api.apply(path, _object(version, kind, name, spec))


def _oidc(issuer: Issuer) -> Object:
    provider = {
        "name": "lab",
        "issuer": issuer.url,
        "audiences": [AUDIENCE],
        "remoteJWKS": {"uri": issuer.jwks_uri},
        "claimToHeaders": [{"claim": "sub", "header": "x-user-id"}],
    }
    return _target("oidc") | {"jwt": {"providers": [provider]}}


def _api_key() -> Object:
    auth = {
        "credentialRefs": [{"group": "", "kind": "Secret", "name": NAME}],
        "extractFrom": [{"headers": ["X-API-Key"]}],
        "forwardClientIDHeader": "x-user-id",
    }
    return _target("api-key") | {"apiKeyAuth": auth}


def _target(listener: str) -> Object:
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": NAME}
    return {"targetRefs": [target | {"sectionName": listener}]}


def _ai_backend() -> Object:
    reference = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": "up"}
    return {"schema": {"name": "OpenAI"}, "backendRef": reference}


def _route(*listeners: str) -> Object:
    rules: list[Object] = []
    for model in ("kept", "removed"):
        header = {"type": "Exact", "name": "x-ai-eg-model", "value": model}
        rules.append({"matches": [{"headers": [header]}], "backendRefs": [{"name": model}]})
    parents = [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": NAME, "sectionName": name}
        for name in listeners
    ]
    return {"parentRefs": parents, "rules": rules}


def _object(version: str, kind: str, name: str, spec: Object, *, namespaced: bool = True) -> Object:
    metadata = {"name": name} | ({"namespace": NAME} if namespaced else {})
    made: Object = {"apiVersion": version, "kind": kind, "metadata": metadata}
    return made | ({"spec": spec} if spec else {})
