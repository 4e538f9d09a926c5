"""The program of a stack: its config in, its outputs out."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import ValidationError
from pydantic.alias_generators import to_snake

from .args import AuthenticatedGatewayArgs
from .components import AuthenticatedGateway
from .models import ConfigError, StackConfig, check
from .models.base import PENDING, Path
from .models.stack import TEXT_KEYS
from .stack_file import PROJECT, given

NAME = "maas"
"""Logical name of the stack's gateway: the first part of every resource's name."""


def run() -> AuthenticatedGateway:
    """Read the stack's config, build the gateway, export its outputs.

    Raises:
        pulumi.RunError: The config breaks rules; nothing has been registered then.

    """
    gateway = AuthenticatedGateway(NAME, stack_args())
    pulumi.export("gatewayAddress", gateway.gateway_address)
    pulumi.export("listeners", gateway.listeners)
    pulumi.export("apiKeys", gateway.api_keys)
    pulumi.export("keyFacts", gateway.key_facts)
    pulumi.export("namespace", gateway.namespace)
    pulumi.export("securityPolicies", gateway.security_policies)
    pulumi.export("verifyCommand", gateway.verify_command)
    return gateway


def stack_args() -> AuthenticatedGatewayArgs:
    """The stack's config as component args, checked; what came from a secret stays one."""
    raw = given(_raw_config())
    secrets = sorted(key for key in raw if is_config_secret(f"{PROJECT}:{key}"))
    try:
        check(
            StackConfig,
            raw,
            today=datetime.now(UTC).date(),
            secret_paths=[(key,) for key in secrets],
        )
    except ConfigError as error:
        raise pulumi.RunError(f"stack {pulumi.get_stack()}: {error}") from None
    args = {to_snake(key): value for key, value in raw.items()}
    for key in secrets:
        args[to_snake(key)] = _secret_leaves(raw, (key,), raw[key])
    return cast("AuthenticatedGatewayArgs", args)


def _raw_config() -> dict[str, object]:
    """Our own keys. Pulumi hands every value over as text, mappings as JSON."""
    config = cast("Mapping[str, str]", CONFIG.get() or get_config_env())
    return dict(_ours(config))


def _ours(config: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    for full_name, text in sorted(config.items()):
        namespace, _, name = full_name.partition(":")
        if namespace != PROJECT:
            continue
        is_json = name not in TEXT_KEYS and text.startswith(("{", "["))
        yield name, json.loads(text) if is_json else text


def _secret_leaves(raw: Mapping[str, object], path: Path, value: object) -> object:
    """A value whose texts are secret outputs, wherever the config takes an output.

    The rest decides which objects exist and what they are called, and is plain by its nature.
    """
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {key: _secret_leaves(raw, (*path, key), item) for key, item in items}
    if isinstance(value, list):
        entries = enumerate(cast("list[object]", value))
        return [_secret_leaves(raw, (*path, index), item) for index, item in entries]
    if isinstance(value, str) and _takes_output(raw, path):
        return pulumi.Output.secret(value)
    return value


def _takes_output(raw: Mapping[str, object], path: Path) -> bool:
    """Whether a value not known yet may stand at the path."""
    try:
        StackConfig.model_validate(_with_pending(raw, path))
    except ValidationError:
        return False
    return True


def _with_pending(data: object, path: Path) -> object:
    if not path:
        return PENDING
    if isinstance(data, Mapping):
        items = dict(cast("Mapping[str | int, object]", data))
        return items | {path[0]: _with_pending(items[path[0]], path[1:])}
    entries = list(cast("list[object]", data))
    index = cast("int", path[0])
    entries[index] = _with_pending(entries[index], path[1:])
    return entries
