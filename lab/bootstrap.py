"""From a Deployment of Envoy Gateway to an Envoy on this machine; pure functions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from lab.errors import LabError
from lab.kubernetes_api import Object

CONTAINER = "envoy"
LOOPBACK = "127.0.0.1"
# Envoy Gateway's own Service, as a bootstrap names it: envoy-gateway.NAMESPACE.svc.cluster.local.
_CONTROLLER_HOST = re.compile(r"envoy-gateway\.[a-z0-9-]+\.svc(\.[a-z0-9.-]+)?\.?")
_MOUNTED = re.compile(r"^/(sds|certs)(?=/)")
_OPTIONS_REPLACED = ("--config-yaml", "--concurrency")
_FLAGS_REPLACED = ("--cpuset-threads",)


@dataclass(frozen=True)
class Ports:
    """Ports of this machine for what every Envoy listens on besides its listeners."""

    admin: int
    metrics: int


@dataclass(frozen=True)
class Envoy:
    """What is run for a Deployment: the arguments and the content of the bootstrap file."""

    arguments: list[str]
    bootstrap: Object


def is_envoy(deployment: Object) -> bool:
    """Whether the Deployment is one of Envoy Gateway's proxies (and not its rate-limit service)."""
    labels = deployment["metadata"].get("labels", {})
    return (
        labels.get("app.kubernetes.io/name") == "envoy"
        and labels.get("app.kubernetes.io/component") == "proxy"
    )


def volume(deployment: Object, name: str, kind: str) -> str:
    """The name of the Secret or ConfigMap behind a volume; `kind` is `secret` or `configMap`.

    Raises:
        LabError: there's no such volume.
    """
    for candidate in deployment["spec"]["template"]["spec"].get("volumes", []):
        source = candidate.get(kind)
        if candidate["name"] == name and source:
            return cast("str", source.get("secretName") or source.get("name"))
    raise _unknown(deployment, f"It has no volume {name} from a {kind}.")


def envoy(deployment: Object, ports: Ports, folder: Path) -> Envoy:
    """The Envoy that the Deployment's first container describes.

    `folder` takes the place of /sds and /certs. It has one worker thread and no hot restart, so
    that several run beside each other.

    Raises:
        LabError: the Deployment isn't as Envoy Gateway 1.8 and 1.9 make it.
    """
    containers = deployment["spec"]["template"]["spec"]["containers"]
    container = next((found for found in containers if found["name"] == CONTAINER), None)
    if container is None:
        raise _unknown(deployment, f"It has no container {CONTAINER}.")
    environment = _environment(container, deployment)
    words = [_expanded(word, environment) for word in container["args"]]
    arguments: list[str] = []
    bootstrap_text = ""
    remaining = iter(words)
    for word in remaining:
        if word in _OPTIONS_REPLACED:
            value = next(remaining)
            bootstrap_text = value if word == "--config-yaml" else bootstrap_text
        elif word not in _FLAGS_REPLACED:
            arguments.append(word)
    if not bootstrap_text:
        raise _unknown(deployment, "Its container has no --config-yaml.")
    bootstrap = _local(yaml.safe_load(bootstrap_text), folder)
    _move_ports(bootstrap, ports)
    arguments += ["--concurrency", "1", "--disable-hot-restart"]
    return Envoy(arguments, bootstrap)


def local_text(text: str, folder: Path) -> str:
    """A file of the ConfigMap (SDS as JSON), with its paths moved into the folder."""
    return text.replace('"/certs/', f'"{folder}/certs/')


def _environment(container: Object, deployment: Object) -> Mapping[str, str]:
    metadata = deployment["metadata"]
    fields = {
        "metadata.name": f"{metadata['name']}-lab",
        "metadata.namespace": metadata["namespace"],
    }
    values: dict[str, str] = {}
    for variable in container.get("env", []):
        field = variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath", "")
        values[variable["name"]] = variable.get("value", fields.get(field, ""))
    return values


def _expanded(word: str, environment: Mapping[str, str]) -> str:
    return re.sub(r"\$\((\w+)\)", lambda found: environment.get(found[1], found[0]), word)


# JSON: any value in, the same shape out.
def _local(value: Any, folder: Path) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        members = cast("Object", value)
        return {name: _local(member, folder) for name, member in members.items()}
    if isinstance(value, list):
        return [_local(item, folder) for item in cast("list[Any]", value)]
    if isinstance(value, str):
        if _CONTROLLER_HOST.fullmatch(value):
            return LOOPBACK
        return _MOUNTED.sub(lambda found: f"{folder}/{found[1]}", value)
    return value


def _move_ports(bootstrap: Object, ports: Ports) -> None:
    address = {"socket_address": {"address": LOOPBACK, "port_value": ports.admin}}
    bootstrap["admin"]["address"] = address
    static = bootstrap["static_resources"]
    for listener in static.get("listeners", []):
        if listener["name"].startswith("envoy-gateway-proxy-stats-"):
            metrics = listener["address"]["socket_address"]
            metrics["address"], metrics["port_value"] = LOOPBACK, ports.metrics
    for cluster in static["clusters"]:
        if cluster["name"] == "prometheus_stats":
            endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
            endpoint["address"] = address


def _unknown(deployment: Object, why: str) -> LabError:
    return LabError(
        f"The Deployment {deployment['metadata']['name']} can't be run. {why} "
        "The lab was written for Envoy Gateway 1.8 and 1.9: adapt lab/bootstrap.py."
    )
