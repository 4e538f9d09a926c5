from typing import Any

from ai_gateway_auth.models.client_traffic import ClientTraffic
from ai_gateway_auth.objects.client_traffic_policy import client_traffic_policy_spec


def spec(*, has_tls: bool = False, **traffic: object) -> Any:  # noqa: ANN401 - a spec
    return client_traffic_policy_spec(
        ClientTraffic.model_validate(traffic),
        gateway="maas",
        identity_headers=["x-partner-id", "x-user-id"],
        has_tls=has_tls,
    )


def test_identity_headers_are_stripped_on_the_whole_gateway() -> None:
    rendered = spec()
    assert rendered["targetRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "maas"}
    ]
    assert rendered["headers"] == {
        "earlyRequestHeaders": {
            "remove": ["x-partner-id", "x-user-id"],
            "removeOnMatch": [{"type": "Prefix", "value": "x-user-"}],
        },
        "withUnderscoresAction": "RejectRequest",
    }


def test_forwarded_addresses_are_believed_only_where_the_stack_says_so() -> None:
    assert "clientIPDetection" not in spec()
    assert spec(trustedHops=2)["clientIPDetection"] == {"xForwardedFor": {"numTrustedHops": 2}}


def test_tls_version_only_where_there_is_tls() -> None:
    assert "tls" not in spec(tlsMinVersion="1.3")
    assert spec(has_tls=True, tlsMinVersion="1.3")["tls"] == {"minVersion": "1.3"}


def test_buffers_and_timeouts() -> None:
    rendered = spec(bufferLimit="1Gi", requestTimeout="1m", streamIdleTimeout="2m")
    assert rendered["connection"] == {"bufferLimit": "1Gi"}
    assert rendered["timeout"] == {
        "http": {
            "requestReceivedTimeout": "1m",
            "idleTimeout": "3600s",
            "streamIdleTimeout": "2m",
        }
    }
