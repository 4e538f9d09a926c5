"""Small args, and components made of them under the mocks."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi
from ai_gateway_auth import AuthenticatedGateway

from tests.pulumi_program import Run, attempt, run

DEX: dict[str, object] = {"dex": {"address": "idp.example.com"}, "audiences": ["models"]}
OIDC: dict[str, object] = {"listener": {"port": 8080}, "providers": {"dex": DEX}}
API_KEY: dict[str, object] = {"listener": {"port": 8081}}
CONSUMERS: dict[str, object] = {"alice": {}, "ci-runner": {"description": "The CI"}}
ROUTE: dict[str, object] = {
    "create": {
        "models": {"llama": {"backends": {"vllm": {}}}},
        "backends": {"vllm": {"service": {"name": "vllm"}}},
    }
}
BOTH: dict[str, object] = {
    "oidc": OIDC,
    "api_key": API_KEY,
    "consumers": CONSUMERS,
    "route": ROUTE,
}


def program(args: Mapping[str, object], **options: Any) -> Any:  # noqa: ANN401 - a function
    """A program of one AuthenticatedGateway."""

    def build() -> None:
        opts = pulumi.ResourceOptions(**options) if options else None
        AuthenticatedGateway("maas", cast("Any", args), opts)

    return build


def gateway(args: Mapping[str, object], **options: Any) -> Run:  # noqa: ANN401 - resource options
    """What an AuthenticatedGateway registers."""
    return run(program(args, **options))


def refused(args: Mapping[str, object], **options: Any) -> Run:  # noqa: ANN401 - resource options
    """A run that fails."""
    done = attempt(program(args, **options))
    assert done.error
    return done
