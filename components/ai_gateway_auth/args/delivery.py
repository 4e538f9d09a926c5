"""Where a consumer's key is handed over to; mirrors models/delivery.py."""

from typing import NotRequired, TypedDict

import pulumi

from ai_gateway_auth.models.delivery import StoreKind


class DeliverToArgs(TypedDict):
    """A Secret in the consumer's own namespace, which a client in the cluster can mount.

    It holds the present key only, and is written after the gateway's own Secret.
    """

    namespace: str
    """Namespace of the Secret; it must exist."""
    name: str
    """Name of the Secret, which is made for this."""
    key: NotRequired[str]
    """Its data key."""


class PushToArgs(TypedDict):
    """An external store, by a PushSecret of External Secrets, whose CRD the cluster then needs."""

    store: str
    """Name of the store."""
    store_kind: NotRequired[StoreKind]
    """A SecretStore stands in the namespace of our Secrets."""
    remote_key: pulumi.Input[str]
    """Name of the entry in the store, e.g. models/alice."""
    property: NotRequired[pulumi.Input[str]]
    """Property within the entry, where the store's entries have some."""
