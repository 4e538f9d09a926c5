import pytest
from ai_gateway_auth.cluster.prerequisites import Needs, configuration_missing

NEEDS = Needs(
    gateway_class=None, backends=True, ai_gateway=True, controller_namespace="envoy-gateway-system"
)
GOOD = """
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
extensionApis:
  enableBackend: true
extensionManager:
  hooks: {}
"""


def missing(text: str | None, needs: Needs = NEEDS) -> list[str]:
    data = None if text is None else {"envoy-gateway.yaml": text}
    return configuration_missing({"data": data}, needs)


def test_nothing_is_missing() -> None:
    assert missing(GOOD) == []


@pytest.mark.parametrize("text", [None, "", "{}", "kind: EnvoyGateway"])
def test_everything_is_missing(text: str | None) -> None:
    backend, manager = missing(text)
    assert "enableBackend=true" in backend
    assert "extension manager" in manager


def test_backends_must_be_on() -> None:
    off = GOOD.replace("enableBackend: true", "enableBackend: false")
    (text,) = missing(off)
    assert text == (
        "Envoy Gateway's Backend API is off, so no model has a backend: install Envoy Gateway with "
        "config.envoyGateway.extensionApis.enableBackend=true."
    )
    assert missing(off, NEEDS._replace(backends=False)) == []


def test_the_ai_gateway_must_be_the_extension_manager() -> None:
    without = GOOD.split("extensionManager", maxsplit=1)[0]
    (text,) = missing(without)
    assert "values file" in text
    assert missing(without, NEEDS._replace(ai_gateway=False)) == []
