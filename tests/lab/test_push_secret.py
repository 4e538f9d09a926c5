"""A consumer's key as a PushSecret, checked by External Secrets' own definition of it.

Its controller does not run here: the API server takes the object, and that is all that is shown.
"""

import json
from typing import Any

import pytest
import yaml

from lab import golang
from lab.client import Lab
from lab.deployer import DeployError
from lab.kubernetes_api import KubernetesApi
from lab.progress import Progress
from tests.lab.plain_gateway import until
from tests.lab.stack import Stacks

pytestmark = [pytest.mark.lab, pytest.mark.registry]

MODULE = "github.com/external-secrets/external-secrets@v0.20.4"
FILE = "config/crds/bases/external-secrets.io_pushsecrets.yaml"
DEFINITION = (
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pushsecrets.external-secrets.io"
)
SERVED = "/apis/external-secrets.io/v1alpha1"
STORE = {"store": "vault", "remoteKey": "models/alice", "property": "api-key"}


def test_a_key_is_pushed_where_external_secrets_is_installed(
    stacks: Stacks, api: KubernetesApi, lab: Lab
) -> None:
    del lab
    stack = stacks.new("push")
    stack.deploy()
    key = stack.keys["alice"]
    stack.config["consumers"]["alice"]["pushTo"] = STORE
    with pytest.raises(DeployError, match="install External Secrets, or remove pushTo"):
        stack.deploy()

    api.apply(DEFINITION, _definition())
    until(lambda: _is_discovered(api), "PushSecrets are served")
    try:
        stack.deploy()
        path = f"{SERVED}/namespaces/{stack.namespace}/pushsecrets/maas-api-keys-alice"
        pushed = api.get(path)
        assert pushed is not None
        assert pushed["spec"]["selector"] == {"secret": {"name": "maas-api-keys"}}
        remote = {"remoteKey": "models/alice", "property": "api-key"}
        assert pushed["spec"]["data"][0]["match"] == {"secretKey": "alice", "remoteRef": remote}
        assert key not in json.dumps(pushed)

        del stack.config["consumers"]["alice"]["pushTo"]
        stack.deploy()
        assert api.get(path) is None
    finally:
        api.delete(DEFINITION)


def _is_discovered(api: KubernetesApi) -> bool:
    """Whether the list of kinds has it; that is a little later than the kind itself is there."""
    served = api.get(SERVED) or {"resources": []}
    return "pushsecrets" in [resource["name"] for resource in served["resources"]]


def _definition() -> dict[str, Any]:
    folder = golang.download(golang.toolchain(Progress()), MODULE)
    definition: dict[str, Any] = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))
    return definition
