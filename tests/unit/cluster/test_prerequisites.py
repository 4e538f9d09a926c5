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


@pytest.mark.parametrize(
    ("most", "fits", "too_many"),
    [
        (None, 3_700_000, 3_800_000),
        ("4Mi", 3_700_000, 3_800_000),
        ("512Mi", 480_000_000, 490_000_000),
        ("10M", 9_000_000, 9_000_001),
        ("8388608", 7_500_000, 7_600_000),
    ],
)
def test_all_keys_fit_into_one_message(most: str | None, fits: int, too_many: int) -> None:
    text = GOOD if most is None else f"{GOOD}  maxMessageSize: {most}\n"
    assert missing(text, NEEDS._replace(message_bytes=fits)) == []
    (told,) = missing(text, NEEDS._replace(message_bytes=too_many))
    assert told.startswith(f"the keys take {too_many:,} bytes of what Envoy Gateway sends")
    assert "a revoked key stays good" in told
    assert "maxMessageSize=512Mi" in told


def test_a_size_that_is_written_in_a_way_of_its_own_is_not_guessed() -> None:
    text = f"{GOOD}  maxMessageSize: 5e7\n"
    assert missing(text, NEEDS._replace(message_bytes=10**9)) == []
