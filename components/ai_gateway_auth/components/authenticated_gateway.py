"""AuthenticatedGateway: the whole of it, closed before it serves."""

from collections.abc import Mapping
from typing import TypedDict, cast

import pulumi

from ai_gateway_auth.args import (
    ApiKeyAuthenticationArgs,
    ApiKeysArgs,
    AuthenticatedGatewayArgs,
    DedicatedGatewayArgs,
    ModelRouteArgs,
    OidcAuthenticationArgs,
    PolicyTargetArgs,
)
from ai_gateway_auth.cluster.connection import Connection
from ai_gateway_auth.cluster.prerequisites import Needs, findings
from ai_gateway_auth.models.keys import entries, message_bytes
from ai_gateway_auth.models.stack import API_KEY_LISTENER, OIDC_LISTENER, Attach, StackConfig
from ai_gateway_auth.objects.jwks import has_jwks_backend
from ai_gateway_auth.objects.verification import listener_url, verify_command

from .api_key_authentication import ApiKeyAuthentication
from .api_keys import ApiKeys
from .consumer_keys import KeyFacts
from .dedicated_gateway import DedicatedGateway
from .identity import identity_policy, script_of
from .kubernetes_provider import require_adoption, require_mutable_secrets
from .model_route import ModelRoute
from .oidc_authentication import OidcAuthentication
from .policy import Policy
from .resources import connection, kubernetes_provider, name_of, once
from .settle import WHOLE, settle, today, warn

METHODS = {OIDC_LISTENER: "OIDC token (JWT)", API_KEY_LISTENER: "API key"}


class ListenerEndpoint(TypedDict):
    """Where callers of one method connect."""

    name: str
    """Name of the listener."""
    method: str
    """Authentication method of the listener."""
    url: str
    """Base URL, with the Gateway's address where the listener has no hostname."""


class AuthenticatedGateway(pulumi.ComponentResource):
    """Authentication in front of Envoy AI Gateway, from the namespace to the route.

    Order is security: the namespace, the Secret of keys, a policy that denies everything, the
    Gateway, the policy of each listener, and only when all are in force the route. It goes in
    reverse.
    """

    gateway_address: pulumi.Output[str]
    """Address of the Gateway; empty with `attach: route`."""
    listeners: pulumi.Output[list[ListenerEndpoint]]
    """Where callers connect."""
    api_keys: pulumi.Output[dict[str, str]]
    """Present API keys by client id; secret."""
    key_facts: pulumi.Output[list[KeyFacts]]
    """What may be told of each API key; plain."""
    namespace: pulumi.Output[str]
    """Namespace of the policies and key Secrets."""
    security_policies: pulumi.Output[list[str]]
    """Names of the SecurityPolicies that are in force."""
    verify_command: pulumi.Output[str]
    """A command that asks for the policies' status and sends a request that must get 401."""

    def __init__(
        self, name: str, args: AuthenticatedGatewayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make everything that the args describe.

        Raises:
            pulumi.RunError: The args break rules, the cluster lacks something, or something is not
                in force in time. Nothing is routed then.

        """
        super().__init__(WHOLE, name, None, opts)
        self._name = name
        self._args = args
        self._shape, self._values = settle(
            f"AuthenticatedGateway {name}", StackConfig, cast("Mapping[str, object]", args)
        )
        warn(self, self._shape, opts)
        adopt = self._shape.adopt
        self._kubernetes = kubernetes_provider(self, name, self._values, adopt=adopt)
        require_adoption(self._kubernetes, adopt=adopt)
        if self._shape.api_key is not None:
            require_mutable_secrets(self._kubernetes)
        self._is_dedicated = self._shape.attach is Attach.LISTENER
        checked = self._check_prerequisites()
        self.gateway = self._dedicated_gateway(checked) if self._is_dedicated else None
        self.namespace = self._home(checked)
        self.keys = self._api_keys()
        self.identity = self._identity()
        self.policies = self._policies()
        self.route = self._model_route()
        self._set_outputs()

    def _check_prerequisites(self) -> pulumi.Output[list[pulumi.Resource]]:
        """For `depends_on`: nothing, once the cluster has what the stack needs."""
        shape = self._shape
        creates_class = shape.gateway.gateway_class.create or not self._is_dedicated
        creates_route = shape.route is not None and shape.route.create is not None
        providers = shape.oidc.providers.values() if shape.oidc else ()

        async def check(values: list[object]) -> list[pulumi.Resource]:
            needs = Needs(
                gateway_class=None if creates_class else shape.gateway.gateway_class.name,
                backends=creates_route or any(map(has_jwks_backend, providers)),
                ai_gateway=shape.route is not None,
                message_bytes=_message_bytes(shape),
                push_secrets=any(consumer.push_to for consumer in shape.consumers.values()),
                controller_namespace=cast("str", values[1]),
            )
            found = await findings(cast("Connection", values[0]), needs)
            for text in found.unchecked:
                pulumi.log.warn(f"a prerequisite was not checked: {text}.", self)
            if found.missing:
                missing = "\n  - ".join(found.missing)
                raise pulumi.RunError(f"the cluster lacks what this stack needs:\n  - {missing}")
            return []

        namespace = self._values.apply(lambda config: config.controller_namespace)
        return pulumi.Output.all(connection(self._values), namespace).apply(check)

    def _opts(
        self, after: pulumi.Input[list[pulumi.Resource]] | None = None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self,
            providers=[self._kubernetes],
            depends_on=cast("pulumi.Input[list[pulumi.Input[pulumi.Resource]]] | None", after),
        )

    def _dedicated_gateway(self, checked: pulumi.Output[list[pulumi.Resource]]) -> DedicatedGateway:
        listeners = {
            name: settings["listener"]
            for name, settings in self._parts().items()
            if "listener" in settings
        }
        gateway: Mapping[str, object] = {
            "listeners": listeners,
            "identity_headers": self._shape.identity_headers(),
            **self._common(
                "kubeconfig",
                "context",
                "controller_namespace",
                "ai_gateway_version",
                "namespace",
                "gateway",
                "client_traffic",
                "protect",
                "wait",
            ),
        }
        return DedicatedGateway(
            f"{self._name}-gateway", cast("DedicatedGatewayArgs", gateway), self._opts(checked)
        )

    def _common(self, *keys: str) -> dict[str, object]:
        """Those of our args that a part takes as they are."""
        args = cast("Mapping[str, object]", self._args)
        return {key: args[key] for key in keys if key in args}

    def _parts(self) -> dict[str, Mapping[str, object]]:
        """The settings of each method, by the name of its listener."""
        parts = {OIDC_LISTENER: self._args.get("oidc"), API_KEY_LISTENER: self._args.get("api_key")}
        return {
            name: cast("Mapping[str, object]", part)
            for name, part in parts.items()
            if part is not None
        }

    def _home(self, checked: pulumi.Output[list[pulumi.Resource]]) -> pulumi.Output[str]:
        """The namespace of policies and Secrets: ours, or that of the route."""
        if self.gateway is not None:
            return self.gateway.namespace
        existing = self._values.apply(
            lambda config: (
                (config.route and config.route.existing and config.route.existing.namespace)
                or config.namespace.name
            )
        )
        return pulumi.Output.all(existing, checked).apply(lambda both: cast("str", both[0]))

    def _api_keys(self) -> ApiKeys | None:
        settings = self._shape.api_key
        if settings is None:
            return None
        args = {
            **self._common("kubeconfig", "context", "imported_keys", "protect", "adopt"),
            "namespace": self.namespace,
            "secret_name": settings.secret_name,
            "shards": settings.shards.model_dump(exclude_none=True),
            "expiry_warning": settings.expiry_warning,
            "consumers": self._args.get("consumers", {}),
        }
        return ApiKeys(f"{self._name}-api-keys", cast("ApiKeysArgs", args), self._opts())

    def _identity(self) -> Policy | None:
        """The script that completes the identity of API-key clients, where the config has it."""
        settings = self._shape.api_key
        if self.gateway is None or settings is None or not settings.lua:
            return None
        return identity_policy(
            f"{self._name}-identity",
            script=script_of(self._shape.consumers, settings),
            gateway=self.gateway.gateway_name,
            listener=API_KEY_LISTENER,
            namespace=self.namespace,
            cluster=connection(self._values),
            seconds=self._shape.wait.policies,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self._kubernetes,
                depends_on=cast(
                    "pulumi.Input[list[pulumi.Input[pulumi.Resource]]]",
                    once(self.gateway.ready, [self.gateway.client_traffic_policy]),
                ),
            ),
        )

    def _policies(self) -> dict[str, Policy]:
        """Each method's policy, after the Secret and after the Gateway's stripping of headers."""
        after: list[pulumi.Resource] = []
        if self.gateway is not None:
            after.append(self.gateway.client_traffic_policy)
        policies: dict[str, Policy] = {}
        if "oidc" in self._args:
            args = {**self._policy_args(OIDC_LISTENER), "settings": self._args["oidc"]}
            policies[OIDC_LISTENER] = OidcAuthentication(
                f"{self._name}-oidc", cast("OidcAuthenticationArgs", args), self._after(after)
            ).policy
        if self.keys is not None:
            args = {**self._policy_args(API_KEY_LISTENER), "settings": self._args.get("api_key")}
            policies[API_KEY_LISTENER] = ApiKeyAuthentication(
                f"{self._name}-api-key",
                cast("ApiKeyAuthenticationArgs", args),
                self._after([*after, *self.keys.secrets]),
            ).policy
        return policies

    def _after(self, resources: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        """Options for what comes after resources, and after the Gateway is programmed."""
        ready = self.gateway.ready if self.gateway is not None else []
        return self._opts(once(ready, resources))

    def _policy_args(self, listener: str) -> dict[str, object]:
        return {
            **self._common("kubeconfig", "context", "protect", "wait"),
            "namespace": self.namespace,
            "target": self._target(listener),
        }

    def _target(self, listener: str) -> PolicyTargetArgs:
        if self.gateway is not None:
            return {"gateway": self.gateway.gateway_name, "listener": listener}
        route = self._values.apply(
            lambda config: (
                config.route.existing.name if config.route and config.route.existing else ""
            )
        )
        return {"route": route}

    def _model_route(self) -> ModelRoute | None:
        """The route, when every policy is in force."""
        if self.gateway is None or "route" not in self._args:
            return None
        args = {
            **self._common("kubeconfig", "context", "protect", "wait"),
            "namespace": self.namespace,
            "gateway": self.gateway.gateway_name,
            "listeners": list(self._shape.listeners()),
            "route": self._args["route"],
            "credential_headers": self._shape.credential_headers(),
        }
        needed = [*self.policies.values(), *([self.identity] if self.identity else [])]
        in_force = [policy.in_force for policy in needed]
        resources = [policy.resource for policy in needed]
        after = once([*self.gateway.ready, *in_force], resources)
        return ModelRoute(f"{self._name}-route", cast("ModelRouteArgs", args), self._opts(after))

    def _set_outputs(self) -> None:
        self.gateway_address = (
            self.gateway.address if self.gateway else pulumi.Output.from_input("")
        )
        self.api_keys = self.keys.keys if self.keys else pulumi.Output.secret({})
        self.key_facts = self.keys.facts if self.keys else pulumi.Output.from_input([])
        names = [name_of(policy.resource) for policy in self.policies.values()]
        in_force = [policy.in_force for policy in self.policies.values()]
        count = len(names)
        self.security_policies = pulumi.Output.all(*names, *in_force).apply(
            lambda values: values[:count]
        )
        self.listeners = pulumi.Output.all(self._values, self.gateway_address).apply(
            lambda both: _endpoints(both[0], both[1])
        )
        self.verify_command = pulumi.Output.all(
            self.namespace, self.security_policies, self.listeners
        ).apply(
            lambda values: verify_command(
                values[0], values[1], [endpoint["url"] for endpoint in values[2]]
            )
        )
        self.register_outputs(
            {
                "gatewayAddress": self.gateway_address,
                "listeners": self.listeners,
                "apiKeys": self.api_keys,
                "keyFacts": self.key_facts,
                "namespace": self.namespace,
                "securityPolicies": self.security_policies,
                "verifyCommand": self.verify_command,
            }
        )


def _message_bytes(shape: StackConfig) -> int:
    """How large the keys make what Envoy Gateway sends to the AI Gateway."""
    create = shape.route.create if shape.route else None
    lengths = entries(shape.consumers, shape.imported_keys, today())
    return message_bytes(lengths, routes=len(create.models) if create else 1)


def _endpoints(config: StackConfig, address: str) -> list[ListenerEndpoint]:
    return [
        {"name": name, "method": METHODS[name], "url": listener_url(listener, address)}
        for name, listener in config.listeners().items()
    ]
