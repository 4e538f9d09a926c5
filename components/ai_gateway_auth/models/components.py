"""Configs of the components that a stack is made of, for programs that use one without the rest."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .api_key import ApiKeySettings, key_header_mistakes
from .base import Mistake, Model, Path, Text, Warning_
from .client_traffic import ClientTraffic, header_count_mistakes
from .consumer import Consumer
from .fields import (
    ClientId,
    Days,
    DnsLabel,
    HeaderName,
    IdentityHeader,
    ImportedKey,
    LateDnsLabel,
    LateResourceName,
    ResourceName,
    Version,
)
from .gateway import Gateway
from .keys import (
    delivery_mistakes,
    entries,
    import_mistakes,
    key_warnings,
    push_mistakes,
    size_mistakes,
)
from .listener import Listener, certificate_mistakes, collisions
from .namespace import Namespace, namespace_mistakes
from .oidc import OidcSettings
from .route import Route
from .shards import Shards
from .wait import Wait


class DedicatedGatewayConfig(Model):
    """A Gateway of its own in a namespace of its own, with one ClientTrafficPolicy."""

    kubeconfig: Text | None = None
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: Text | None = None
    """Context of the kubeconfig; its current one where missing."""
    controller_namespace: LateDnsLabel = "envoy-gateway-system"
    """Namespace of Envoy Gateway's controller."""
    ai_gateway_version: Version | None = None
    """Version of the Envoy AI Gateway on the cluster, e.g. 1.1.0."""
    namespace: Namespace = Namespace()
    """The dedicated namespace."""
    gateway: Gateway = Gateway()
    """The Gateway."""
    listeners: Annotated[dict[DnsLabel, Listener], Field(min_length=1)]
    """Listeners by their name, one per authentication method."""
    client_traffic: ClientTraffic = ClientTraffic()
    """What a client may send."""
    identity_headers: list[IdentityHeader]
    """Every header that a policy of these listeners sets or a limit keys on; all are stripped from
    requests, so that nobody can claim to be somebody else."""
    protect: bool = False
    """Whether `destroy` and changes that would replace them are refused for the Namespace and the
    Gateway."""
    wait: Wait = Wait()
    """How long `up` waits for the controllers."""

    def stripped_headers(self) -> list[str]:
        """Every header that is stripped from requests, sorted."""
        return sorted({*self.identity_headers, *self.client_traffic.strip_headers})

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Rules between the parts."""
        del today
        yield from namespace_mistakes(
            self.namespace.name,
            self.controller_namespace,
            self.ai_gateway_version,
            ("namespace", "name"),
        )
        yield from header_count_mistakes(self.stripped_headers(), ("identityHeaders",))
        yield from collisions(self.listeners, _listener_path)
        yield from certificate_mistakes(self.listeners, _listener_path, self.gateway.cert_manager)


def _listener_path(name: str) -> Path:
    return ("listeners", name)


class PolicyTarget(Model):
    """What a SecurityPolicy is attached to: one listener of a Gateway, or one whole route."""

    gateway: LateResourceName | None = None
    """Name of the Gateway; needs `listener`."""
    listener: DnsLabel | None = None
    """Name of the listener, which covers every route on it."""
    route: LateResourceName | None = None
    """Name of the AIGatewayRoute. Other routes of its listener are not covered."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """A listener or a route."""
        del today
        parts = (self.gateway is not None, self.listener is not None)
        if parts == (True, True) and self.route is None:
            return
        if parts == (False, False) and self.route is not None:
            return
        yield Mistake(
            (),
            sorted(self.model_fields_set),
            "a policy's target is either gateway and listener, or route, because a policy on a "
            "whole Gateway would demand one method on every listener.",
            "give gateway and listener together, or route alone.",
        )


class OidcAuthenticationConfig(Model):
    """The JWT SecurityPolicy of one target."""

    kubeconfig: Text | None = None
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: Text | None = None
    """Context of the kubeconfig; its current one where missing."""
    namespace: LateDnsLabel
    """Namespace of the target; the policy goes there too."""
    target: PolicyTarget
    """What the policy is attached to."""
    settings: OidcSettings
    """Who may pass."""
    protect: bool = False
    """Whether `destroy` and changes that would replace it are refused for the policy."""
    wait: Wait = Wait()
    """How long `up` waits for the controllers."""


class ApiKeyAuthenticationConfig(Model):
    """The API-key SecurityPolicy of one target."""

    kubeconfig: Text | None = None
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: Text | None = None
    """Context of the kubeconfig; its current one where missing."""
    namespace: LateDnsLabel
    """Namespace of the target; the policy goes there too."""
    target: PolicyTarget
    """What the policy is attached to."""
    settings: ApiKeySettings
    """Who may pass."""
    protect: bool = False
    """Whether `destroy` and changes that would replace it are refused for the policy."""
    wait: Wait = Wait()
    """How long `up` waits for the controllers."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """The header of the identity does not carry the key."""
        del today
        yield from key_header_mistakes(
            self.settings, self.settings.identity_headers(), ("settings",)
        )


class ApiKeysConfig(Model):
    """The keys of all consumers, in Secrets of their own."""

    secret_fields = ("importedKeys",)

    kubeconfig: Text | None = None
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: Text | None = None
    """Context of the kubeconfig; its current one where missing."""
    namespace: LateDnsLabel
    """Namespace of the Secrets."""
    secret_name: ResourceName = "maas-api-keys"  # noqa: S105 - a name, not a secret
    """Name of the Secret with one data key per client id; further ones end in -1, -2 ..."""
    shards: Shards = Shards()
    """Over how many Secrets the keys are spread."""
    consumers: Annotated[dict[ClientId, Consumer], Field(min_length=1)]
    """Consumers with an API key, by their client id."""
    imported_keys: dict[ClientId, ImportedKey] = {}
    """Keys that exist already, by client id: each is the consumer's first one. Secret."""
    expiry_warning: Days = "14d"
    """How long before a key expires `preview` and `up` say so."""
    protect: bool = False
    """Whether `destroy` and changes that would replace them are refused for the Secrets of keys."""
    adopt: bool = False
    """Take over Secrets that exist already, if this changes no consumer's key."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Rules between the consumers."""
        yield from import_mistakes(self.consumers, self.imported_keys, today, ("importedKeys",))
        yield from delivery_mistakes(self.consumers, self.namespace, self.secret_name, self.shards)
        yield from push_mistakes(self.consumers)
        lengths = entries(self.consumers, self.imported_keys, today)
        yield from size_mistakes(lengths, self.shards, ("shards",))

    def warnings(self, today: date) -> Iterator[Warning_]:
        """What `up` will do by itself."""
        yield from key_warnings(
            self.consumers, self.expiry_warning, self.shards, today, ("shards",)
        )


class ModelRouteConfig(Model):
    """The AIGatewayRoute hook-up to the listeners of one Gateway."""

    kubeconfig: Text | None = None
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: Text | None = None
    """Context of the kubeconfig; its current one where missing."""
    namespace: LateDnsLabel
    """Namespace of the Gateway; the route goes there too."""
    gateway: LateResourceName
    """Name of the Gateway."""
    listeners: Annotated[list[DnsLabel], Field(min_length=1)]
    """Names of the listeners that the route is attached to."""
    route: Route
    """The route."""
    credential_headers: list[HeaderName] = ["Authorization", "X-API-Key"]
    """Headers that may carry a caller's credential; no backend gets them."""
    protect: bool = False
    """Whether `destroy` and changes that would replace it are refused for the route."""
    wait: Wait = Wait()
    """How long `up` waits for the controllers."""
