"""The anchor: a route that answers nobody, and keeps every authentication filter in its listeners.

Envoy Gateway gives a listener only the filters that some route on it needs. A connection keeps the
filters that its listener had when it was opened, and takes the new routes: when a policy goes or
comes, each older connection has one answer that nothing has authenticated, 30 of 30 measured with
Envoy 1.39.1 and Envoy Gateway 1.9.1. With a route on the listener that needs all of these filters,
from before the Gateway exists, none of 240 had one.
"""

import json
from collections.abc import Sequence

from .metadata import GATEWAY_API, Spec, reference
from .route import parent_references

ANCHOR_PATH = "/.well-known/ai-gateway-auth/anchor"

# An authentication needs something to compare with. The private half of this key was never kept,
# and a token signed by it would still be denied.
_NOBODY_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "F7ysKzBf16EE-usqYSn4x002xoojQcwQ9QsQxRSdxrk",
    "y": "1voYSdpplJBfM-Z7wSRdATl14VcKbsWfB-TWH_KZxa4",
}
_NOBODY = "nobody"


def anchor_policy_spec(name: str) -> Spec:
    """Demand a token of nobody and a key of nobody, and deny all the same.

    The Secret of its keys has no data. Envoy takes the list of the most exact route for that of the
    whole listener, and falls back on it where a route's own list is empty: a key in here would open
    the gateway as soon as the last consumer's is gone (Envoy 1.39.1, Envoy Gateway 1.9.1).
    """
    provider = {
        "name": _NOBODY,
        "issuer": "https://nobody.invalid",
        "audiences": [_NOBODY],
        "localJWKS": {"type": "Inline", "inline": json.dumps({"keys": [_NOBODY_KEY]})},
        "extractFrom": {"headers": [{"name": "Authorization", "valuePrefix": "Bearer "}]},
    }
    return {
        "targetRefs": [reference(GATEWAY_API, "HTTPRoute", name)],
        "jwt": {"providers": [provider]},
        "apiKeyAuth": {
            "credentialRefs": [reference("", "Secret", name)],
            "extractFrom": [{"headers": ["X-API-Key"]}],
        },
        "authorization": {"defaultAction": "Deny"},
    }


def anchor_route_spec(*, gateway: str, listeners: Sequence[str]) -> Spec:
    """A path of its own on each listener, which would redirect whom the policy let through."""
    home = {"type": "ReplaceFullPath", "replaceFullPath": "/"}
    redirect = {"path": home, "statusCode": 302}
    return {
        "parentRefs": parent_references(gateway, listeners),
        "rules": [
            {
                "matches": [{"path": {"type": "Exact", "value": ANCHOR_PATH}}],
                "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}],
            }
        ],
    }
