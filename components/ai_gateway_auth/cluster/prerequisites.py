"""What the cluster must have before anything is made there."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from ruamel.yaml import YAML

from ai_gateway_auth.objects.metadata import (
    AI_GATEWAY_V1BETA1,
    ENVOY_GATEWAY_V1ALPHA1,
    GATEWAY_API_V1,
)
from ai_gateway_auth.objects.push_secret import PUSH_SECRET_V1ALPHA1

from .connection import Cluster, Connection, Json, Unreachable
from .paths import cluster_wide, config_map

ENVOY_GATEWAY_CONFIG = "envoy-gateway-config"
"""The ConfigMap that Envoy Gateway's Helm chart makes (1.8.1, 1.9.1)."""


class Needs(NamedTuple):
    """What a stack needs of its cluster."""

    gateway_class: str | None
    """A GatewayClass that must exist already."""
    backends: bool
    """Whether the Backend API must be enabled."""
    ai_gateway: bool
    """Whether the AI Gateway must be installed."""
    controller_namespace: str
    """Where Envoy Gateway's configuration is."""
    message_bytes: int = 0
    """How large the keys make what Envoy Gateway sends to the AI Gateway."""
    push_secrets: bool = False
    """Whether External Secrets must be installed."""


class Findings(NamedTuple):
    """What was found out."""

    missing: list[str]
    """What must be mended first; each with its remedy."""
    unchecked: list[str]
    """What could not be looked at, and why."""


DEFAULT_MESSAGE_SIZE = "4Mi"
"""Envoy Gateway's `extensionManager.maxMessageSize`, and the AI Gateway's `-maxRecvMsgSize`, unless
they are set (Envoy Gateway 1.9.1, AI Gateway 1.1.0)."""
_KEYS_SHARE = 0.9  # the rest of the message is routes and clusters
_SUFFIXES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9, "": 1}

_KINDS = {
    GATEWAY_API_V1: (
        ("gateways", "httproutes"),
        "install Envoy Gateway with its CRDs (Gateway API v1)",
    ),
    ENVOY_GATEWAY_V1ALPHA1: (
        ("backends", "clienttrafficpolicies", "envoyproxies", "securitypolicies"),
        "install Envoy Gateway 1.8.1 or newer with its CRDs",
    ),
    PUSH_SECRET_V1ALPHA1: (
        ("pushsecrets",),
        "install External Secrets, or remove pushTo from the consumers",
    ),
    AI_GATEWAY_V1BETA1: (
        ("aigatewayroutes", "aiservicebackends"),
        "install Envoy AI Gateway 1.0.0 or newer with its CRDs",
    ),
}


async def findings(connection: Connection, needs: Needs) -> Findings:
    """Look at the cluster. Nothing is written; what can't be read is said and not guessed."""
    cluster = Cluster(connection)
    missing: list[str] = []
    unchecked: list[str] = []
    for group_version, (plurals, remedy) in _KINDS.items():
        if group_version == AI_GATEWAY_V1BETA1 and not needs.ai_gateway:
            continue
        if group_version == PUSH_SECRET_V1ALPHA1 and not needs.push_secrets:
            continue
        try:
            served = await cluster.get(f"/apis/{group_version}")
        except Unreachable as error:
            return Findings([], [str(error)])
        except PermissionError as error:
            unchecked.append(str(error))
            continue
        missing += _kinds_missing(group_version, plurals, served, remedy)
    await _check_gateway_class(cluster, needs, missing, unchecked)
    await _check_envoy_gateway(cluster, needs, missing, unchecked)
    return Findings(missing, unchecked)


def _kinds_missing(
    group_version: str, plurals: Sequence[str], served: Json | None, remedy: str
) -> list[str]:
    resources = cast("list[Mapping[str, object]]", (served or {}).get("resources", []))
    names = {resource["name"] for resource in resources}
    absent = [plural for plural in plurals if plural not in names]
    if not absent:
        return []
    return [f"the cluster does not serve {', '.join(absent)} of {group_version}: {remedy}."]


async def _check_gateway_class(
    cluster: Cluster, needs: Needs, missing: list[str], unchecked: list[str]
) -> None:
    name = needs.gateway_class
    if name is None:
        return
    try:
        found = await cluster.get(cluster_wide(GATEWAY_API_V1, "gatewayclasses", name))
    except (Unreachable, PermissionError) as error:
        unchecked.append(str(error))
        return
    if found is None:
        missing.append(
            f"there is no GatewayClass {name}: name an existing one in gateway.gatewayClass.name, "
            "or set gateway.gatewayClass.create: true."
        )


async def _check_envoy_gateway(
    cluster: Cluster, needs: Needs, missing: list[str], unchecked: list[str]
) -> None:
    path = config_map(needs.controller_namespace, ENVOY_GATEWAY_CONFIG)
    try:
        found = await cluster.get(path)
    except (Unreachable, PermissionError) as error:
        unchecked.append(str(error))
        return
    if found is None:
        unchecked.append(
            f"Envoy Gateway's configuration is not at {path}; set controllerNamespace if the "
            "controller runs elsewhere"
        )
        return
    missing += configuration_missing(found, needs)


def _bytes(quantity: str) -> int | None:
    """A Kubernetes quantity in bytes, or None where it is written in a way that is not known."""
    number = quantity.rstrip("KMGikm")
    factor = _SUFFIXES.get(quantity[len(number) :])
    return int(float(number) * factor) if factor is not None and number.isdecimal() else None


def configuration_missing(found: Json, needs: Needs) -> list[str]:
    """What Envoy Gateway's own configuration must allow, from its ConfigMap."""
    data = cast("Mapping[str, str]", found.get("data") or {})
    text = data.get("envoy-gateway.yaml", "")
    config = cast("Mapping[str, object]", YAML(typ="safe", pure=True).load(text) or {})
    apis = cast("Mapping[str, object]", config.get("extensionApis") or {})
    missing: list[str] = []
    if needs.backends and apis.get("enableBackend") is not True:
        missing.append(
            "Envoy Gateway's Backend API is off, so no model has a backend: install Envoy Gateway "
            "with config.envoyGateway.extensionApis.enableBackend=true."
        )
    manager = cast("Mapping[str, object]", config.get("extensionManager") or {})
    most = _bytes(str(manager.get("maxMessageSize", DEFAULT_MESSAGE_SIZE)))
    if manager and most is not None and needs.message_bytes > most * _KEYS_SHARE:
        missing.append(
            f"the keys take {needs.message_bytes:,} bytes of what Envoy Gateway sends to the AI "
            f"Gateway, one copy for each model, and a message has {most:,}. With a larger one "
            "nothing changes any more: a revoked key stays good, and every policy says Accepted. "
            "Install Envoy Gateway with config.envoyGateway.extensionManager.maxMessageSize=512Mi, "
            "and the AI Gateway's controller with -maxRecvMsgSize=536870912."
        )
    if needs.ai_gateway and not manager:
        missing.append(
            "the AI Gateway is not registered as Envoy Gateway's extension manager, so requests "
            "would not be routed by model: install Envoy Gateway with the AI Gateway's values file."
        )
    return missing
