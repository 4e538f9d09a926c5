"""A stack's whole config, and the rules between its parts."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from .api_key import ApiKeySettings, key_header_mistakes
from .base import Mistake, Model, Note, Path, Text, Warning_, pending
from .client_traffic import ClientTraffic, header_count_mistakes
from .consumer import Consumer
from .fields import ClientId, ImportedKey, LateDnsLabel, Version
from .gateway import Gateway
from .keys import (
    delivery_mistakes,
    entries,
    group_mistakes,
    import_mistakes,
    key_warnings,
    push_mistakes,
    size_mistakes,
)
from .listener import Listener, certificate_mistakes, collisions
from .namespace import Namespace, namespace_mistakes
from .oidc import OidcSettings
from .route import Route
from .wait import Wait

OIDC_LISTENER = "oidc"
API_KEY_LISTENER = "api-key"
TEXT_KEYS = ("aiGatewayVersion", "attach", "context", "controllerNamespace", "kubeconfig")
"""Top-level keys whose value is a text; the others hold mappings."""


class Attach(StrEnum):
    """What the policies are attached to."""

    LISTENER = "listener"
    ROUTE = "route"


class StackConfig(Model):
    """Everything that a stack's file may say."""

    secret_fields = ("importedKeys",)

    kubeconfig: Text | None = None
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: Text | None = None
    """Context of the kubeconfig; its current one where missing."""
    controller_namespace: LateDnsLabel = "envoy-gateway-system"
    """Namespace of Envoy Gateway's controller."""
    ai_gateway_version: Version | None = None
    """Version of the Envoy AI Gateway on the cluster, e.g. 1.1.0."""
    attach: Attach = Attach.LISTENER
    """`listener`: the policies cover every route of our Gateway's listeners. `route`: one policy on
    one existing route of a Gateway that somebody else owns."""
    namespace: Namespace = Namespace()
    """The dedicated namespace."""
    gateway: Gateway = Gateway()
    """The Gateway."""
    client_traffic: ClientTraffic = ClientTraffic()
    """What a client may send."""
    oidc: OidcSettings | None = None
    """Callers with a token (JWT) of an OIDC issuer."""
    api_key: ApiKeySettings | None = None
    """Callers with an API key."""
    consumers: dict[ClientId, Consumer] = {}
    """Consumers with an API key, by their client id; a stack's file may say `{file: name}`."""
    imported_keys: dict[ClientId, ImportedKey] = {}
    """Keys that exist already, by client id: each is the consumer's first one. Secret."""
    protect: bool = False
    """Whether `destroy` and changes that would replace them are refused for the Namespace, the
    Gateway, the policies, the Secrets of keys and the route."""
    adopt: bool = False
    """Take over objects that exist already, after the stack's state was lost. For one `up`."""
    route: Route | None = None
    """The AIGatewayRoute hook-up."""
    wait: Wait = Wait()
    """How long `up` waits for the controllers."""

    def listeners(self) -> dict[str, Listener]:
        """The authenticated listeners by name, in a fixed order."""
        found = {
            OIDC_LISTENER: self.oidc.listener if self.oidc else None,
            API_KEY_LISTENER: self.api_key.listener if self.api_key else None,
        }
        return {name: listener for name, listener in found.items() if listener is not None}

    def credential_headers(self) -> list[str]:
        """Every header that may carry a caller's credential, sorted."""
        more = self.api_key.headers if self.api_key else []
        return sorted({"authorization", "x-api-key", *(header.lower() for header in more)})

    def identity_headers(self) -> list[str]:
        """Every header that any method sets or the stack names, sorted."""
        headers = set(self.client_traffic.strip_headers)
        for method in (self.oidc, self.api_key):
            if method and method.ext_auth:
                headers |= set(method.ext_auth.headers_to_backend)
        if self.oidc:
            for provider in self.oidc.providers.values():
                headers |= set(provider.claim_to_headers.values())
        if self.api_key:
            headers |= set(self.api_key.identity_headers())
        return sorted(headers)

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Rules between the parts."""
        yield from self._method_mistakes()
        yield from self._header_mistakes()
        if self.api_key is not None:
            yield from self._key_mistakes(self.api_key, today)
        if self.attach is Attach.LISTENER:
            yield from self._namespace_mistakes(self.namespace.name, ("namespace", "name"))
            yield from self._listener_mistakes()
            yield from self._existing_route_mistakes()
        else:
            yield from self._attach_route_mistakes()

    def _namespace_mistakes(self, name: str, path: Path) -> Iterator[Mistake]:
        return namespace_mistakes(name, self.controller_namespace, self.ai_gateway_version, path)

    def _method_mistakes(self) -> Iterator[Mistake]:
        if self.oidc is None and self.api_key is None:
            yield Mistake(
                ("oidc",),
                None,
                "a stack has at least one authentication method, because a Gateway without one "
                "is open.",
                "add oidc, apiKey, or both.",
            )
        if self.api_key is not None and not self.consumers:
            yield Mistake(
                ("consumers",),
                {},
                "apiKey needs at least one consumer, because a policy without keys has nothing "
                "to compare with.",
                "add one line per consumer, e.g. consumers: {alice: {}}, or remove apiKey.",
            )
        if self.consumers and self.api_key is None:
            yield Mistake(
                ("consumers",),
                Note("given"),
                "consumers have API keys, and no listener here takes one.",
                "add apiKey, or remove consumers.",
            )
        if self.oidc and self.api_key and self.oidc.policy_name == self.api_key.policy_name:
            yield Mistake(
                ("apiKey", "policyName"),
                self.api_key.policy_name,
                "the two policies need two names.",
                "rename one; the defaults are maas-oidc-auth and maas-apikey-auth.",
            )

    def _key_mistakes(self, settings: ApiKeySettings, today: date) -> Iterator[Mistake]:
        imported = self.imported_keys
        yield from import_mistakes(self.consumers, imported, today, ("importedKeys",))
        yield from group_mistakes(self.consumers, lua=settings.lua)
        yield from delivery_mistakes(
            self.consumers, self.home(), settings.secret_name, settings.shards
        )
        yield from push_mistakes(self.consumers)
        lengths = entries(self.consumers, imported, today)
        yield from size_mistakes(lengths, settings.shards, ("apiKey", "shards"))

    def home(self) -> str:
        """Namespace of the policies and Secrets: ours, or that of the existing route."""
        existing = self.route.existing if self.route else None
        if self.attach is Attach.ROUTE and existing is not None and existing.namespace is not None:
            return existing.namespace
        return self.namespace.name

    def _header_mistakes(self) -> Iterator[Mistake]:
        headers = self.identity_headers()
        yield from header_count_mistakes(headers, ("clientTraffic", "stripHeaders"))
        if self.api_key is not None:
            yield from key_header_mistakes(self.api_key, headers, ("apiKey",))

    def _listener_mistakes(self) -> Iterator[Mistake]:
        for key, method in (("oidc", self.oidc), ("apiKey", self.api_key)):
            if method is not None and method.listener is None:
                yield Mistake(
                    (key, "listener"),
                    None,
                    "each method has a listener of its own, because a listener takes one policy.",
                    f"add {key}: {{listener: {{port: 8080}}}}, or set attach: route.",
                )
        yield from self._policy_name_mistakes()
        listeners = self.listeners()
        yield from collisions(listeners, _listener_path)
        yield from certificate_mistakes(listeners, _listener_path, self.gateway.cert_manager)

    def _policy_name_mistakes(self) -> Iterator[Mistake]:
        gateway = self.gateway.name
        ours = {
            f"{gateway}-anchor",
            f"{gateway}-closed",
            *(f"{gateway}-{name}-redirect" for name in self.listeners()),
        }
        for key, method in (("oidc", self.oidc), ("apiKey", self.api_key)):
            if method is not None and method.policy_name in ours:
                yield Mistake(
                    (key, "policyName"),
                    method.policy_name,
                    "this name belongs to a policy that the Gateway gets anyway, and one object "
                    "can't be both.",
                    f"use another name, e.g. {gateway}-{_LISTENER_BY_KEY[key]}-auth.",
                )

    def _existing_route_mistakes(self) -> Iterator[Mistake]:
        existing = self.route.existing if self.route else None
        if existing is None or existing.namespace is None:
            return
        if pending(existing.namespace, self.namespace.name):
            return
        if existing.namespace != self.namespace.name:
            yield Mistake(
                ("route", "existing", "namespace"),
                existing.namespace,
                "an existing route stands in the Gateway's namespace, because the listeners "
                "admit routes from there only.",
                f"move the route to {self.namespace.name}, or set attach: route.",
            )

    def _attach_route_mistakes(self) -> Iterator[Mistake]:
        if self.route is None or self.route.existing is None:
            yield Mistake(
                ("route",),
                None,
                "attach: route needs the existing AIGatewayRoute that the policy goes to.",
                "add route: {existing: {name: my-route, namespace: its-namespace}}, or set "
                "attach: listener.",
            )
        elif self.route.existing.namespace is None:
            yield Mistake(
                ("route", "existing", "namespace"),
                None,
                "attach: route needs the namespace of the route, because the policy goes there "
                "and this stack has no Gateway whose namespace could be meant.",
                "add namespace to route.existing.",
            )
        else:
            yield from self._namespace_mistakes(
                self.route.existing.namespace, ("route", "existing", "namespace")
            )
        if self.api_key is not None and self.api_key.lua:
            yield Mistake(
                ("apiKey", "lua"),
                self.api_key.lua,
                "the script stands on a listener, and attach: route makes none.",
                "remove lua, or set attach: listener.",
            )
        if self.oidc is not None and self.api_key is not None:
            yield Mistake(
                ("attach",),
                self.attach.value,
                "attach: route takes exactly one method, because a route has one policy and a "
                "policy with both demands both.",
                "keep oidc or apiKey, or set attach: listener.",
            )
        for name in self.listeners():
            yield Mistake(
                _listener_path(name),
                Note("given"),
                "attach: route makes no Gateway, so it has no listeners.",
                "remove listener, or set attach: listener.",
            )
        for field, key in (
            ("namespace", "namespace"),
            ("gateway", "gateway"),
            ("client_traffic", "clientTraffic"),
        ):
            if field in self.model_fields_set:
                yield Mistake(
                    (key,),
                    Note("given"),
                    f"attach: route makes no Gateway and no Namespace, so {key} would be ignored.",
                    f"remove {key}, or set attach: listener.",
                )

    def warnings(self, today: date) -> Iterator[Warning_]:
        """What a reviewer should know of."""
        if self.attach is Attach.ROUTE:
            yield Warning_(
                ("attach",),
                "a policy on a route leaves the listener's other routes as they are: an older "
                "route without a policy lets everybody in (measured with AI Gateway 1.1.0). "
                "Renaming the policy leaves the route open until the new one is there. "
                "attach: listener covers every route, and every gap.",
            )
        for name, listener in self.listeners().items():
            if listener.tls is None:
                yield Warning_(
                    (*_listener_path(name), "tls"),
                    "without TLS, tokens and keys can be read on the way.",
                )
        if self.adopt:
            yield Warning_(
                ("adopt",),
                "objects that exist already become this stack's, whoever made them, and `destroy` "
                "deletes them. Remove adopt after this `up`.",
            )
        if self.api_key is not None:
            yield from key_warnings(
                self.consumers,
                self.api_key.expiry_warning,
                self.api_key.shards,
                today,
                ("apiKey", "shards"),
            )


_LISTENER_BY_KEY = {"oidc": OIDC_LISTENER, "apiKey": API_KEY_LISTENER}
_KEY_BY_LISTENER = {listener: key for key, listener in _LISTENER_BY_KEY.items()}


def _listener_path(name: str) -> Path:
    return (_KEY_BY_LISTENER[name], "listener")
