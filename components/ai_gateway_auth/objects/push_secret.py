"""A PushSecret of External Secrets. https://external-secrets.io/latest/api/pushsecret/."""

from ai_gateway_auth.models.delivery import PushTo

from .metadata import Spec

PUSH_SECRET_V1ALPHA1 = "external-secrets.io/v1alpha1"  # noqa: S105 - no secret


def push_secret_spec(push_to: PushTo, *, secret: str, client_id: str) -> Spec:
    """Copy one entry of a Secret into the store, and delete it there when it goes here."""
    remote = {"remoteKey": push_to.remote_key}
    if push_to.property is not None:
        remote["property"] = push_to.property
    return {
        "secretStoreRefs": [{"name": push_to.store, "kind": push_to.store_kind.value}],
        "selector": {"secret": {"name": secret}},
        "data": [{"match": {"secretKey": client_id, "remoteRef": remote}}],
        "updatePolicy": "Replace",
        "deletionPolicy": "Delete",
        "refreshInterval": "1h0m0s",
    }
