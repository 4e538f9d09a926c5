"""The kinds of object that the API server learns: Gateway API, Envoy Gateway, AI Gateway."""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.errors import LabError
from lab.folders import REPOSITORY
from lab.kubernetes_api import KubernetesApi, Object

AI_GATEWAY_FOLDER = REPOSITORY.parent / "shared" / "crds" / "ai-gateway-v1.1.0"
AI_GATEWAY_GROUP = "aigateway.envoyproxy.io"
ESTABLISHED_SECONDS = 30
COLLECTION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
AI_GATEWAY_KINDS = (
    "AIGatewayRoute",
    "AIServiceBackend",
    "BackendSecurityPolicy",
    "GatewayConfig",
    "MCPRoute",
)


@dataclass(frozen=True)
class Crds:
    """What is applied, and where the AI Gateway's part of it is from, in words."""

    objects: Sequence[Object]
    ai_gateway_origin: str


def load(file: Path) -> Crds:
    """The CRDs of the Gateway API and Envoy Gateway from `file`, and those of the AI Gateway.

    The latter are the real ones when they lie beside the repository, else permissive ones.
    """
    envoy_gateway: list[Object] = json.loads(file.read_text())
    files = sorted(AI_GATEWAY_FOLDER.glob("*.yaml"))
    if files:
        real = [yaml.load(file.read_text(), Loader=yaml.CSafeLoader) for file in files]
        return Crds([*envoy_gateway, *real], "those of Envoy AI Gateway 1.1.0")
    permissive = [_permissive(kind) for kind in AI_GATEWAY_KINDS]
    return Crds(
        [*envoy_gateway, *permissive], "permissive ones written for the lab (they check no field)"
    )


def _permissive(kind: str) -> Object:
    singular = kind.lower()
    plural = f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"

    def version(name: str, *, stored: bool) -> Object:
        anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
        return {
            "name": name,
            "served": True,
            "storage": stored,
            "schema": {"openAPIV3Schema": schema},
            "subresources": {"status": {}},
        }

    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{AI_GATEWAY_GROUP}"},
        "spec": {
            "group": AI_GATEWAY_GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": singular,
            },
            "versions": [version("v1alpha1", stored=False), version("v1beta1", stored=True)],
        },
    }


def install(api: KubernetesApi, crds: Crds) -> None:
    """Create them all in a new cluster and wait until the API server serves them.

    Raises:
        LabError: one of them isn't served in time.
        httpx.HTTPError: the API server refused one.
    """

    # Not server-side apply: that takes 2 s longer for these (1.36.3), half of it for EnvoyProxy.
    def create(crd: Object) -> None:
        api.create(COLLECTION, crd)

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(create, crds.objects))
    expected = {served for crd in crds.objects for served in _served(crd)}
    deadline = time.monotonic() + ESTABLISHED_SECONDS
    while missing := expected - _found(api, {path for path, _ in expected}):
        if time.monotonic() > deadline:
            raise LabError(
                f"The CRDs of {', '.join(sorted(name for _, name in missing))} aren't served. "
                f"The API server didn't establish them within {ESTABLISHED_SECONDS} s. "
                "Their status says why."
            )
        time.sleep(0.1)


def _served(crd: Object) -> Iterator[tuple[str, str]]:
    spec = crd["spec"]
    for version in spec["versions"]:
        if version["served"]:
            yield f"/apis/{spec['group']}/{version['name']}", spec["names"]["plural"]


def _found(api: KubernetesApi, paths: set[str]) -> set[tuple[str, str]]:
    # The list of CRDs with their status would say the same in 10 MB.
    return {
        (path, resource["name"])
        for path in paths
        for resource in (api.get(path) or {"resources": []})["resources"]
    }
