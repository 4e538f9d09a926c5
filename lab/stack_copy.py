"""A copy of a stack's file that fits the lab, and what was changed in it.

Only the issuers, the ports and the backends change: what lies outside the cluster.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from ruamel.yaml import YAML

from lab.ports import free_port

PROJECT = "ai-gateway-auth"
# An FQDN, since Envoy Gateway 1.9.1 refuses a Backend with a loopback IP address.
UPSTREAM_HOST = "up.localhost"
PRESETS = (
    "dex",
    "keycloak",
    "auth0",
    "okta",
    "google",
    "githubActions",
    "entraId",
    "custom",
    "jwks",
)

Mapped = MutableMapping[str, Any]  # a YAML document: its values are of any type


class Override(NamedTuple):
    """One value of the copy that is not the stack's own."""

    key: str
    value: str


class StackCopy(NamedTuple):
    """The copy."""

    path: Path
    overrides: list[Override]
    ports: dict[str, int]
    """Ports of the listeners, by method."""
    audiences: list[str]
    """Audiences of the first issuer."""


def copy(source: Path, target: Path, *, issuer: str, jwks_uri: str, upstream: int) -> StackCopy:
    """Copy a stack's file for the lab; comments are kept.

    Args:
        source: The stack's file.
        target: Where the copy goes.
        issuer: The lab's issuer.
        jwks_uri: Where its keys are.
        upstream: Port of the lab's upstream on loopback.

    """
    yaml = YAML()
    document = cast("Mapped", yaml.load(source.read_text()))
    config = cast("Mapped", document["config"])
    overrides = [
        *_issuers(config, issuer, jwks_uri),
        *_ports(config),
        *_backends(config, upstream),
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w") as file:
        yaml.dump(document, file)
    ports = {key: method["listener"]["port"] for key, method in _methods(config)}
    providers = config.get(f"{PROJECT}:oidc", {}).get("providers", {})
    audiences = [list(provider["audiences"]) for provider in providers.values()]
    return StackCopy(target, overrides, ports, audiences[0] if audiences else [])


def _methods(config: Mapped) -> Iterator[tuple[str, Mapped]]:
    for key in ("oidc", "apiKey"):
        if f"{PROJECT}:{key}" in config:
            yield key, config[f"{PROJECT}:{key}"]


def _issuers(config: Mapped, issuer: str, jwks_uri: str) -> Iterator[Override]:
    providers: Mapping[str, Mapped] = config.get(f"{PROJECT}:oidc", {}).get("providers", {})
    for name, provider in providers.items():
        for preset in PRESETS:
            provider.pop(preset, None)
        provider["custom"] = {"issuer": issuer, "jwksUri": jwks_uri}
        provider["allowInsecureIssuer"] = True
        yield Override(f"oidc.providers.{name}", f"issuer {issuer}, JWKS {jwks_uri}")


def _ports(config: Mapped) -> Iterator[Override]:
    for key, method in _methods(config):
        method["listener"]["port"] = free_port()
        yield Override(f"{key}.listener.port", str(method["listener"]["port"]))


def _backends(config: Mapped, port: int) -> Iterator[Override]:
    route = config.get(f"{PROJECT}:route", {})
    for name, backend in route.get("create", {}).get("backends", {}).items():
        backend.pop("service", None)
        backend["endpoint"] = {"hostname": UPSTREAM_HOST, "port": port, "tls": False}
        yield Override(f"route.create.backends.{name}", f"http://{UPSTREAM_HOST}:{port}")
