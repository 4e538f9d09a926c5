"""The SDK's component provider, as a process: our components for programs in other languages."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

PROGRAM = Path(__file__).parent / "programs" / "components"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """What the provider tells of itself; it tells the port it serves on in its first line."""
    # Its arguments are those of the language host: the program's folder and the engine's address.
    command = [sys.executable, str(PROGRAM / "__main__.py"), str(PROGRAM), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as provider:
        assert provider.stdout
        try:
            port = int(provider.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                # The SDK ships no types for these.
                stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
                request: Any = provider_pb2.GetSchemaRequest(version=0)  # pyright: ignore[reportAttributeAccessIssue]
                answer = stub.GetSchema(request, timeout=30, wait_for_ready=True)
        finally:
            provider.terminate()
    found: dict[str, Any] = json.loads(answer.schema)
    return found


def test_every_component_is_offered(schema: dict[str, Any]) -> None:
    assert schema["name"] == "ai-gateway-auth"
    assert sorted(token.rpartition(":")[2] for token in schema["resources"]) == [
        "ApiKeyAuthentication",
        "ApiKeys",
        "AuthenticatedGateway",
        "DedicatedGateway",
        "ModelRoute",
        "OidcAuthentication",
    ]
    assert all(resource["isComponent"] for resource in schema["resources"].values())


def test_inputs_and_outputs_are_inferred(schema: dict[str, Any]) -> None:
    whole = schema["resources"]["ai-gateway-auth:index:AuthenticatedGateway"]
    assert {"apiKey", "consumers", "kubeconfig", "oidc", "route"} <= whole["inputProperties"].keys()
    oidc = whole["inputProperties"]["oidc"]
    assert oidc["$ref"] == "#/types/ai-gateway-auth:index:OidcSettingsArgs"
    keys = whole["properties"]["apiKeys"]
    assert keys["additionalProperties"]["type"] == "string"
    assert "verifyCommand" in whole["required"]
