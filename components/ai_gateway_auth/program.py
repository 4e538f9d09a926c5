"""The program of a stack: its config in, its outputs out."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret
from pydantic import ValidationError
from pydantic.alias_generators import to_snake

from . import consumers_file, plain_yaml
from .args import AuthenticatedGatewayArgs
from .components import AuthenticatedGateway
from .models import ConfigError, StackConfig, check
from .models.base import PENDING, Mistake, in_camel_case
from .models.base import Path as FieldPath
from .models.mending import data_path
from .models.stack import TEXT_KEYS
from .stack_file import PROJECT, given, plain_keys

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
    files: dict[FieldPath, str] = {}
    mistakes: list[Mistake] = []
    if "importedKeys" in raw and "importedKeys" not in secrets:
        mistakes.append(plain_keys(("importedKeys",)))
    if consumers_file.is_named(raw.get("consumers")):
        raw["consumers"], file, more = consumers_file.read(raw["consumers"], _stacks_folder())
        files = {("consumers",): file} if file else {}
        mistakes += more
    try:
        check(
            StackConfig,
            raw,
            today=datetime.now(UTC).date(),
            secret_paths=[(key,) for key in secrets],
            files=files,
            mistakes=mistakes,
        )
    except ConfigError as error:
        raise pulumi.RunError(f"stack {pulumi.get_stack()}: {error}") from None
    args = {to_snake(key): value for key, value in raw.items()}
    for key in secrets:
        args[to_snake(key)] = _secret_leaves((key,), raw[key], _plain_paths(key, raw[key]))
    return cast("AuthenticatedGatewayArgs", args)


def _stacks_folder() -> Path:
    """The folder of the stacks' files: that of Pulumi.yaml, or the one that it names."""
    # The SDK (3.259) has no root directory where nobody gives it one, as in tests of a program.
    root = Path(cast("str | None", pulumi.get_root_directory()) or ".")
    try:
        content = (root / "Pulumi.yaml").read_bytes()
    except FileNotFoundError:
        return root
    project = plain_yaml.load(content, (), "Pulumi.yaml").data
    settings = cast("dict[str, object]", project) if isinstance(project, dict) else {}
    return root / str(settings.get("stackConfigDir") or ".")


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


def _secret_leaves(path: FieldPath, value: object, plain: Collection[FieldPath]) -> object:
    """A value whose texts are secret outputs, wherever the config takes an output.

    The rest decides which objects exist and what they are called, and is plain by its nature.
    """
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {key: _secret_leaves((*path, key), item, plain) for key, item in items}
    if isinstance(value, list):
        entries = enumerate(cast("list[object]", value))
        return [_secret_leaves((*path, index), item, plain) for index, item in entries]
    if isinstance(value, str) and in_camel_case(path) not in plain:
        return pulumi.Output.secret(value)
    return value


def _plain_paths(key: str, value: object) -> set[FieldPath]:
    """Where a value not known yet may not stand, below a top-level key whose value is good."""
    try:
        StackConfig.model_validate({key: _with_pending_texts(value)})
    except ValidationError as error:
        details = error.errors(include_url=False)
        return {in_camel_case(data_path(detail)) for detail in details}
    return set()


def _with_pending_texts(value: object) -> object:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {key: _with_pending_texts(item) for key, item in items}
    if isinstance(value, list):
        return [_with_pending_texts(item) for item in cast("list[object]", value)]
    return PENDING if isinstance(value, str) else value
