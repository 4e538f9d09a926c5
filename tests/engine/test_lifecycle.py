"""A stack's life under the real engine: what changes, changes in place."""

import base64
from typing import Any

import httpx
import pytest

from lab.deployer.pulumi_stack import Step
from lab.envoy_gateway import NAMESPACE
from lab.folders import RUN
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi
from lab.ports import free_port
from tests.engine.engine import Change, changed, engine, logical_name
from tests.lab.callers import await_status
from tests.lab.plain_gateway import until
from tests.lab.rows import bearer
from tests.lab.stack import API_VERSIONS, Stack, Stacks

pytestmark = [pytest.mark.lab, pytest.mark.real]

GENERATED = {
    "apis/apps/v1": ("deployments",),
    "api/v1": ("configmaps", "serviceaccounts", "services"),
}
"""What Envoy Gateway makes in its own namespace for a Gateway.

The AI Gateway makes Secrets there too, with its own configuration and no key in it, and leaves
three of them behind for each Gateway that goes (1.1.0).
"""
KEPT = ("namespaces", "secrets", "gateways", "securitypolicies", "httproutes", "aigatewayroutes")


def test_a_whole_life(stacks: Stacks, api: KubernetesApi, http: httpx.Client) -> None:
    stack = stacks.new("life")
    planned = engine(stack).preview_steps()
    assert {step.operation for step in planned} == {"create"}
    made = stack.deploy()
    assert (made.created, made.changed) == (len(planned), len(planned))
    assert stack.deploy().changed == 0
    assert _changes(engine(stack).preview_steps()) == []
    assert engine(stack).preview().splitlines()[-1].strip() == f"{made.created} unchanged"

    before, uids = stack.read(api, "secrets", "maas-api-keys"), _uids(stack, api)
    stack.config["consumers"]["new"] = {}
    added = stack.deploy()
    assert (added.created, added.updated, added.changed) == (1, 1, 2)
    after = stack.read(api, "secrets", "maas-api-keys")
    assert after["data"].keys() - before["data"].keys() == {"new"}
    assert before["data"].items() <= after["data"].items()
    assert base64.b64decode(after["data"]["new"]).decode() == stack.keys["new"]

    _move(stack.config)
    stack.config["oidc"]["providers"]["dex"]["audiences"] = ["other"]
    moved = stack.deploy()
    assert (moved.updated, moved.changed) == (2, 2)
    assert _uids(stack, api) == uids
    await_status(200, http, stack.url("apiKey"), {"x-api-key": stack.keys["new"]})
    token = Issuer(RUN / "issuer").token(sub="bob", aud="other")
    await_status(200, http, stack.url("oidc"), bearer(token))

    assert engine(stack).refresh().changed == 0
    assert _changes(engine(stack).preview_steps(refresh=True)) == []

    assert stack.destroy().deleted == made.created + 1
    assert not engine(stack).export()["deployment"].get("resources")
    assert api.get(stack.path("namespaces", stack.namespace)) is None
    assert api.get(stack.path("gatewayclasses", stack.namespace)) is None
    until(lambda: _generated(stack, api) == [], "what controllers made goes too")


def _move(config: dict[str, Any]) -> None:
    for method in ("oidc", "apiKey"):
        config[method]["listener"]["port"] = free_port()


def _callers(config: dict[str, Any]) -> None:
    dex = config["oidc"]["providers"]["dex"]
    dex["audiences"] = ["models", "other"]
    dex["claimToHeaders"] = {"sub": "x-user-id", "tier": "x-user-tier"}
    config["oidc"]["providers"]["second"] = {
        "custom": {"issuer": "https://idp.example.com", "jwksUri": "https://idp.example.com/keys"},
        "audiences": ["models"],
        "claimToHeaders": {"sub": "x-second-id"},
    }
    config["oidc"]["clientCidrs"] = ["10.0.0.0/8"]
    config["apiKey"]["headers"] = ["X-API-Key"]
    config["consumers"] = {"alice": {}, "new": {}}


def _traffic(config: dict[str, Any]) -> None:
    config["clientTraffic"] = {"bufferLimit": "1Mi", "stripHeaders": ["x-tenant"]}
    config["gateway"]["annotations"] = {"example.com/owner": "platform"}
    config["gateway"]["envoyProxy"] = {"replicas": 2, "minAvailable": 1}
    config["gateway"]["allowedRoutes"] = {"matchLabels": {"team": "search"}}
    config["namespace"]["labels"] = {"team": "platform"}


def _models(config: dict[str, Any]) -> None:
    create = config["route"]["create"]
    create["requestTimeout"] = "30s"
    create["backends"]["other"] = {"endpoint": {"hostname": "models.example.com"}}
    create["backends"]["vllm"]["endpoint"]["port"] = 8001
    create["models"] = {"llama-3.1-8b-instruct": {"backends": {"vllm": {}, "other": {}}}}


def _tokens_only(config: dict[str, Any]) -> None:
    del config["apiKey"], config["consumers"]


CHANGES: dict[str, tuple[Change, set[str]]] = {
    "ports": (_move, set()),
    "callers": (_callers, {"maas-api-keys-ci-runner-key-1"}),
    "traffic": (_traffic, set()),
    "models": (_models, set()),
    "tokens only": (
        _tokens_only,
        {
            "maas-api-key",
            "maas-api-key-policy",
            "maas-api-keys",
            "maas-api-keys-alice-key-1",
            "maas-api-keys-ci-runner-key-1",
            "maas-api-keys-secret",
        },
    ),
}
"""Changes of the config, and the logical names of what goes with each."""


@pytest.mark.parametrize(("change", "gone"), CHANGES.values(), ids=CHANGES)
def test_nothing_is_replaced(deployed: Stack, change: Change, gone: set[str]) -> None:
    with changed(deployed, change) as pulumi:
        steps = _changes(pulumi.preview_steps())
    assert steps
    assert {step.operation for step in steps} <= {"create", "update", "delete"}
    assert {logical_name(step.urn) for step in steps if step.operation == "delete"} == gone


def _changes(steps: list[Step]) -> list[Step]:
    return [step for step in steps if step.operation not in ("same", "refresh")]


def _uids(stack: Stack, api: KubernetesApi) -> dict[str, str]:
    found: dict[str, str] = {}
    for plural in KEPT:
        if plural == "namespaces":
            things = [stack.read(api, plural, stack.namespace)]
        else:
            things = (api.get(stack.path(plural, "").rstrip("/")) or {"items": []})["items"]
        found |= {f"{plural}/{t['metadata']['name']}": t["metadata"]["uid"] for t in things}
    assert len(found) > len(KEPT)
    assert set(KEPT) <= set(API_VERSIONS)
    return found


def _generated(stack: Stack, api: KubernetesApi) -> list[str]:
    return [
        f"{plural}/{thing['metadata']['name']}"
        for version, plurals in GENERATED.items()
        for plural in plurals
        for thing in (api.get(f"/{version}/namespaces/{NAMESPACE}/{plural}") or {})["items"]
        if stack.namespace in thing["metadata"]["name"]
    ]
