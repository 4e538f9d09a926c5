"""Where a consumer's key is handed over to, besides the stack's outputs."""

from enum import StrEnum

from .base import Model
from .fields import DataKey, DnsLabel, NonEmpty, ResourceName


class DeliverTo(Model):
    """A Secret in the consumer's own namespace, which a client in the cluster can mount.

    It holds the present key only, and is written after the gateway's own Secret.
    """

    namespace: DnsLabel
    """Namespace of the Secret; it must exist."""
    name: ResourceName
    """Name of the Secret, which is made for this."""
    key: DataKey = "api-key"
    """Its data key."""


class StoreKind(StrEnum):
    """A store of External Secrets."""

    CLUSTER_SECRET_STORE = "ClusterSecretStore"  # noqa: S105 - a kind, not a secret
    SECRET_STORE = "SecretStore"  # noqa: S105 - a kind, not a secret


class PushTo(Model):
    """An external store, by a PushSecret of External Secrets, whose CRD the cluster then needs."""

    store: ResourceName
    """Name of the store."""
    store_kind: StoreKind = StoreKind.CLUSTER_SECRET_STORE
    """A SecretStore stands in the namespace of our Secrets."""
    remote_key: NonEmpty
    """Name of the entry in the store, e.g. models/alice."""
    property: NonEmpty | None = None
    """Property within the entry, where the store's entries have some."""
