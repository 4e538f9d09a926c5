"""What the tests of the config share."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

from ai_gateway_auth import stack_file
from ai_gateway_auth.models import ConfigError, Model, StackConfig, check
from ai_gateway_auth.models.components import (
    ApiKeyAuthenticationConfig,
    ApiKeysConfig,
    DedicatedGatewayConfig,
    ModelRouteConfig,
    OidcAuthenticationConfig,
)
from ruamel.yaml import YAML

TODAY = date(2026, 11, 1)
ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "config"

COMPONENTS: Mapping[str, type[Model]] = {
    "ApiKeyAuthentication": ApiKeyAuthenticationConfig,
    "ApiKeys": ApiKeysConfig,
    "DedicatedGateway": DedicatedGatewayConfig,
    "ModelRoute": ModelRouteConfig,
    "OidcAuthentication": OidcAuthenticationConfig,
}


def load(path: Path) -> StackConfig:
    """The config of a stack's file."""
    return stack_file.load(path, today=TODAY)


def load_component(path: Path) -> Model:
    """The config of one component: a file of one key, the component's name."""
    yaml: Any = YAML(typ="safe", pure=True)
    ((name, raw),) = cast("dict[str, object]", yaml.load(path)).items()
    return check(COMPONENTS[name], raw, today=TODAY)


def message(path: Path) -> str:
    """The whole message about a bad config."""
    try:
        load_component(path) if path.parent.name == "bad_components" else load(path)
    except ConfigError as error:
        return f"{error}\n"
    return "nothing was wrong\n"
