"""The API server takes every object that the stacks and examples render.

Each golden is applied as a dry run with strict validation, so that a field that the kind does not
have is refused. The AI Gateway's kinds are checked where its real CRDs are (see the lab's info).
"""

import copy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.client import Lab
from lab.kubernetes_api import KubernetesApi, Object
from tests.goldens import GOLDEN

pytestmark = pytest.mark.lab

GOLDENS = sorted((GOLDEN / "objects").glob("*.yaml"))
AI_GATEWAY = "aigateway.envoyproxy.io/"
NAMESPACE = "dry-run"


def load(golden: Path) -> list[Object]:
    """The objects of a golden; a key's place is taken by text that a Secret may hold.

    Without those of External Secrets: its definitions are the subject of test_push_secret.py.
    """
    everything: list[Object] = list(yaml.safe_load_all(golden.read_text()))
    objects = [thing for thing in everything if thing["kind"] != "PushSecret"]
    for thing in objects:
        if "data" in thing and thing["kind"] == "Secret":
            thing["data"] = dict.fromkeys(thing["data"], "c2VjcmV0")
    return objects


@pytest.fixture(scope="module", autouse=True)
def namespaces(lab: Lab) -> Iterator[None]:
    """The goldens' namespaces: an object without one is refused in a dry run too."""
    names = {
        thing["metadata"]["namespace"]
        for golden in GOLDENS
        for thing in load(golden)
        if "namespace" in thing["metadata"]
    }
    api = lab.api()
    made = sorted({NAMESPACE, *names} - set(_namespaces(api)))
    for name in made:
        api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield
    for name in made:
        api.delete(f"/api/v1/namespaces/{name}")
    api.close()


def _namespaces(api: KubernetesApi) -> Iterator[str]:
    found = api.get("/api/v1/namespaces")
    assert found
    for thing in found["items"]:
        yield thing["metadata"]["name"]


@pytest.fixture
def kubectl(lab: Lab, tmp_path: Path) -> Any:  # noqa: ANN401 - a function
    """Applies objects as a dry run; gives the exit code and what was said."""

    def apply(objects: list[Object]) -> tuple[int, str]:
        done = subprocess.run(
            [
                *(lab.info["kubectl"], "--kubeconfig", lab.kubeconfig),
                *("--cache-dir", tmp_path / "cache", "apply", "--server-side"),
                *("--dry-run=server", "--validate=strict", "-f", "-"),
            ],
            input=yaml.safe_dump_all(objects),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return apply


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.stem)
def test_every_object_is_taken(golden: Path, kubectl: Any) -> None:  # noqa: ANN401
    objects = load(golden)
    code, said = kubectl(objects)
    assert code == 0, said
    assert said.count("serverside-applied") == len(objects)


def one_of_each_kind() -> list[Object]:
    by_kind = {thing["kind"]: thing for golden in GOLDENS for thing in load(golden)}
    return [by_kind[kind] for kind in sorted(by_kind)]


@pytest.mark.parametrize("thing", one_of_each_kind(), ids=lambda thing: thing["kind"])
def test_an_unknown_field_is_refused(thing: Object, kubectl: Any, lab: Lab) -> None:  # noqa: ANN401
    if thing["apiVersion"].startswith(AI_GATEWAY) and not _has_real_ai_gateway_crds(lab):
        pytest.skip("the AI Gateway's CRDs are permissive ones of the lab: they check no field")
    wrong = copy.deepcopy(thing)
    wrong.get("spec", wrong)["noSuchField"] = "x"
    code, said = kubectl([wrong])
    assert code != 0
    assert "noSuchField" in said


def _has_real_ai_gateway_crds(lab: Lab) -> bool:
    return "permissive" not in lab.info["ai_gateway_crds"]


def policy(spec: Object) -> Object:
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "maas"}
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "SecurityPolicy",
        "metadata": {"name": "wrong", "namespace": NAMESPACE},
        "spec": {"targetRefs": [target], **spec},
    }


WRONG: dict[str, Object] = {
    "a rule without a claim": {
        "authorization": {
            "rules": [{"action": "Allow", "principal": {"jwt": {"provider": "a", "claims": []}}}]
        }
    },
    "a JWT provider without keys": {"jwt": {"providers": [{"name": "a"}]}},
    "keys from nowhere": {"apiKeyAuth": {"credentialRefs": [{"name": "a"}]}},
    "an action that is none": {"authorization": {"defaultAction": "Perhaps"}},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_policy_is_refused(name: str, kubectl: Any) -> None:  # noqa: ANN401
    good, said = kubectl([policy({"authorization": {"defaultAction": "Deny"}})])
    assert good == 0, said
    code, said = kubectl([policy(WRONG[name])])
    assert code != 0, said
