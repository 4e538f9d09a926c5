"""The ClientTrafficPolicy of the whole Gateway.

One for the Gateway and none per listener: Envoy Gateway refuses a ClientTrafficPolicy on one of two
HTTP listeners of the same port.
"""

from collections.abc import Sequence

from ai_gateway_auth.models.client_traffic import ClientTraffic

from .metadata import Spec, gateway_reference

IDENTITY_PREFIX = "x-user-"
"""Headers that tell who is calling, by the custom of the AI Gateway's documents. All are stripped,
also those that no method of this stack sets: a backend may believe any of them."""


def client_traffic_policy_spec(
    traffic: ClientTraffic, *, gateway: str, identity_headers: Sequence[str], has_tls: bool
) -> Spec:
    """Strip identity headers before authentication; buffers and timeouts fit streaming LLM bodies.

    Without the stripping, a client with a good key can add `x-user-group: admins` and the backend
    believes it (measured with Envoy 1.38.3): the JWT filter removes only the headers that the
    matching provider maps. A header with underscores is refused, since some servers read
    `x_user_id` as `x-user-id`.
    """
    spec: Spec = {
        "targetRefs": [gateway_reference(gateway)],
        "headers": {
            "earlyRequestHeaders": {
                "remove": list(identity_headers),
                "removeOnMatch": [{"type": "Prefix", "value": IDENTITY_PREFIX}],
            },
            "withUnderscoresAction": "RejectRequest",
        },
        "connection": {"bufferLimit": traffic.buffer_limit},
        "timeout": {
            "http": {
                "requestReceivedTimeout": traffic.request_timeout,
                "idleTimeout": traffic.idle_timeout,
                "streamIdleTimeout": traffic.stream_idle_timeout,
            }
        },
    }
    if has_tls:
        spec["tls"] = {"minVersion": traffic.tls_min_version.value}
    if traffic.trusted_hops:
        spec["clientIPDetection"] = {"xForwardedFor": {"numTrustedHops": traffic.trusted_hops}}
    return spec
