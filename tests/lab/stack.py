"""A stack in the lab: a copy of the dev stack, with changes, in a namespace of its own."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from ruamel.yaml import YAML

from lab import stack_copy
from lab.client import Lab
from lab.deployer import Deployer, Deployment, Secret, choose
from lab.deployer.result import quiet
from lab.folders import REPOSITORY, RUN, private_file
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi, Object
from lab.upstream import Upstream

DEV = REPOSITORY / "stacks" / "Pulumi.dev.yaml"
LISTENERS = {"oidc": "oidc", "apiKey": "api-key"}
"""Names of the listeners, by the method's key in the config."""

API_VERSIONS = {
    "aigatewayroutes": "apis/aigateway.envoyproxy.io/v1beta1",
    "aiservicebackends": "apis/aigateway.envoyproxy.io/v1beta1",
    "backends": "apis/gateway.envoyproxy.io/v1alpha1",
    "clienttrafficpolicies": "apis/gateway.envoyproxy.io/v1alpha1",
    "configmaps": "api/v1",
    "envoyproxies": "apis/gateway.envoyproxy.io/v1alpha1",
    "gatewayclasses": "apis/gateway.networking.k8s.io/v1",
    "gateways": "apis/gateway.networking.k8s.io/v1",
    "httproutes": "apis/gateway.networking.k8s.io/v1",
    "namespaces": "api/v1",
    "secrets": "api/v1",
    "securitypolicies": "apis/gateway.envoyproxy.io/v1alpha1",
}


class Stack:
    """A stack of our program; change `config`, then deploy."""

    def __init__(self, lab: Lab, folder: Path, name: str) -> None:
        """Copy the dev stack; nothing is deployed yet."""
        self.lab = lab
        self.namespace = f"{name}-{uuid4().hex[:6]}"
        self.folder = folder / self.namespace
        self.file = self.folder / DEV.name
        issuer = Issuer(RUN / "issuer")
        made = stack_copy.copy(
            DEV,
            self.file,
            issuer=issuer.url,
            jwks_uri=issuer.jwks_uri,
            upstream=Upstream(RUN / "upstream").port,
        )
        self.audience = made.audiences[0]
        self.config = _read(self.file)
        """The stack's config, by the top-level key."""
        self.config["namespace"]["name"] = self.namespace
        self.config["gateway"]["gatewayClass"] = {"create": True, "name": self.namespace}
        self.config["wait"] = {"gateway": 60}
        self.deployment: Deployment | None = None
        self.say: Callable[[str], None] = quiet

    def deploy(self) -> Deployment:
        """Deploy what the config says now."""
        self.write()
        self.deployment = self._deployer.deploy(
            self.file,
            program=REPOSITORY,
            kubeconfig=self.lab.kubeconfig,
            state=self.folder / "state",
            say=self.say,
        )
        return self.deployment

    def destroy(self) -> Deployment:
        """Delete what was deployed."""
        return self._deployer.destroy(
            self.file,
            program=REPOSITORY,
            kubeconfig=self.lab.kubeconfig,
            state=self.folder / "state",
            say=self.say,
        )

    def remove(self, api: KubernetesApi) -> None:
        """Delete the namespace and the class, whatever the stack's state is."""
        api.delete(self.path("namespaces", self.namespace))
        api.delete(self.path("gatewayclasses", self.namespace))

    @property
    def _deployer(self) -> Deployer:
        return choose()

    def write(self) -> None:
        """Write the stack's file; deploying does it too."""
        values = {f"{stack_copy.PROJECT}:{key}": value for key, value in self.config.items()}
        text = io.StringIO()
        YAML(typ="safe").dump({"config": values}, text)
        private_file(self.file, text.getvalue())

    def url(self, method: str) -> str:
        """Base URL of the listener of `oidc` or `apiKey`."""
        listener = self.config[method]["listener"]
        scheme = "https" if "tls" in listener else "http"
        return f"{scheme}://127.0.0.1:{listener['port']}"

    @property
    def keys(self) -> dict[str, str]:
        """API keys by client id."""
        assert self.deployment is not None
        keys = self.deployment.outputs["apiKeys"]
        assert isinstance(keys, Secret)
        return cast("dict[str, str]", keys.reveal())

    def path(self, plural: str, name: str) -> str:
        """API path of an object of the stack."""
        is_namespaced = plural not in {"namespaces", "gatewayclasses"}
        home = f"/namespaces/{self.namespace}" if is_namespaced else ""
        return f"/{API_VERSIONS[plural]}{home}/{plural}/{name}"

    def apply(self, api: KubernetesApi, kind: str, plural: str, name: str, **more: object) -> None:
        """Apply an object by hand, e.g. with `spec={...}`."""
        version = API_VERSIONS[plural].partition("/")[2]
        metadata = {"name": name, "namespace": self.namespace}
        api.apply(
            self.path(plural, name),
            {"apiVersion": version, "kind": kind, "metadata": metadata, **more},
        )

    def make_namespace(self, api: KubernetesApi) -> None:
        """Make the namespace by hand, for a stack that does not create it."""
        metadata = {"name": self.namespace}
        path = self.path("namespaces", self.namespace)
        api.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def read(self, api: KubernetesApi, plural: str, name: str) -> Object:
        """An object of the stack, which must be there."""
        found = api.get(self.path(plural, name))
        assert found is not None, f"{plural}/{name} of {self.namespace} is not there"
        return found


class Stacks:
    """Makes stacks, and removes them in the end."""

    def __init__(self, lab: Lab, factory: pytest.TempPathFactory) -> None:
        self._lab = lab
        self._factory = factory
        self.made: list[Stack] = []

    def new(self, name: str) -> Stack:
        """A stack that is not deployed yet; the name is the beginning of its namespace's."""
        made = Stack(self._lab, self._factory.mktemp("stack"), name)
        self.made.append(made)
        return made


def _read(file: Path) -> dict[str, Any]:
    config: dict[str, Any] = YAML(typ="safe").load(file.read_text())["config"]
    return {key.partition(":")[2]: value for key, value in config.items()}
