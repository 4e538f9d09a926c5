"""DedicatedGateway: the namespace, the Gateway, and what keeps it closed before any policy."""

from collections.abc import Mapping
from functools import partial
from typing import cast

import pulumi
import pulumi_kubernetes as kubernetes

from ai_gateway_auth.args import DedicatedGatewayArgs
from ai_gateway_auth.cluster.conditions import Ancestor, gateway_unmet, policy_unmet, route_unmet
from ai_gateway_auth.cluster.connection import Json
from ai_gateway_auth.cluster.paths import http_route_path, namespaced
from ai_gateway_auth.models.components import DedicatedGatewayConfig
from ai_gateway_auth.objects.anchor import anchor_policy_spec, anchor_route_spec
from ai_gateway_auth.objects.client_traffic_policy import client_traffic_policy_spec
from ai_gateway_auth.objects.envoy_proxy import envoy_proxy_spec
from ai_gateway_auth.objects.gateway import (
    gateway_annotations,
    gateway_class_spec,
    gateway_spec,
    redirect_listener_name,
)
from ai_gateway_auth.objects.metadata import ENVOY_GATEWAY_V1ALPHA1, GATEWAY_API_V1, LABELS
from ai_gateway_auth.objects.namespace import namespace_labels
from ai_gateway_auth.objects.route import redirect_route_spec
from ai_gateway_auth.objects.security_policy import closed_policy_spec, redirect_policy_spec

from .policy import policy_path
from .resources import (
    KubernetesObject,
    Watched,
    await_object,
    connection,
    kubernetes_object,
    kubernetes_provider,
    name_of,
)
from .settle import settle, warn


class DedicatedGateway(pulumi.ComponentResource):
    """A Gateway of our own in a namespace of our own.

    The policy that denies everything is made before the Gateway and goes after it. So a listener
    whose own policy is not there yet, or no longer, answers 403.
    """

    namespace: pulumi.Output[str]
    """Name of the namespace."""
    gateway_name: pulumi.Output[str]
    """Name of the Gateway."""
    address: pulumi.Output[str]
    """Address of the Gateway, known when it is programmed."""

    def __init__(
        self, name: str, args: DedicatedGatewayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the namespace, the Gateway and its ClientTrafficPolicy.

        Raises:
            pulumi.RunError: The args break rules, or the Gateway is not programmed in time.

        """
        super().__init__("ai-gateway-auth:index:DedicatedGateway", name, None, opts)
        self._name = name
        self._shape, self._values = settle(
            f"DedicatedGateway {name}", DedicatedGatewayConfig, cast("Mapping[str, object]", args)
        )
        warn(self, self._shape, opts)
        self._cluster = connection(self._values)
        self._kubernetes = kubernetes_provider(self, name, self._values)
        home = self._namespace()
        self.namespace = name_of(home)
        self.closed = self._custom(
            "closed",
            ENVOY_GATEWAY_V1ALPHA1,
            "SecurityPolicy",
            suffix="-closed",
            spec=pulumi.Output.from_input(closed_policy_spec(self._gateway_name)),
            opts=self._opts(home),
        )
        self.anchor = self._anchor(home)
        self.gateway = self._gateway()
        self.client_traffic_policy = self._client_traffic_policy()
        self.ready = self._await_all()
        self._redirects()
        self.gateway_name = name_of(self.gateway)
        self.address = self.ready[0].apply(address_of)
        self.register_outputs(
            {
                "namespace": self.namespace,
                "gatewayName": self.gateway_name,
                "address": self.address,
            }
        )

    @property
    def _gateway_name(self) -> str:
        return self._shape.gateway.name

    def _opts(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, provider=self._kubernetes, depends_on=list(after)
        )

    def _protected(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """The same, for what `destroy` must leave alone where the config says so."""
        return pulumi.ResourceOptions.merge(
            self._opts(*after), pulumi.ResourceOptions(protect=self._shape.protect)
        )

    def _custom(
        self,
        logical_suffix: str,
        group_version: str,
        kind: str,
        *,
        spec: pulumi.Output[Mapping[str, object]],
        opts: pulumi.ResourceOptions,
        suffix: str = "",
        annotations: pulumi.Output[Mapping[str, str]] | None = None,
    ) -> KubernetesObject:
        """An object of our namespace whose name is the Gateway's, with a suffix."""
        return kubernetes_object(
            f"{self._name}-{logical_suffix}",
            group_version,
            kind,
            name=f"{self._gateway_name}{suffix}",
            namespace=self.namespace,
            spec=spec,
            annotations=annotations,
            opts=opts,
        )

    def _namespace(self) -> kubernetes.core.v1.Namespace:
        name = self._values.apply(lambda config: config.namespace.name)
        logical_name = f"{self._name}-namespace"
        if not self._shape.namespace.create:
            # Looked up, not made: it is never changed and never destroyed.
            return kubernetes.core.v1.Namespace.get(logical_name, name, opts=self._opts())
        return kubernetes.core.v1.Namespace(
            logical_name,
            metadata={
                "name": name,
                "labels": self._values.apply(
                    lambda config: namespace_labels(config.namespace, config.gateway.allowed_routes)
                ),
                "annotations": self._values.apply(
                    lambda config: dict(config.namespace.annotations)
                ),
            },
            opts=self._protected(),
        )

    def _anchor(self, home: kubernetes.core.v1.Namespace) -> tuple[KubernetesObject, ...]:
        """The policy and the route that keep every authentication filter in the listeners."""
        name = f"{self._gateway_name}-anchor"
        secret = kubernetes.core.v1.Secret(
            f"{self._name}-anchor-secret",
            metadata={"name": name, "namespace": self.namespace, "labels": LABELS},
            type="Opaque",
            opts=self._opts(home),
        )
        policy = self._custom(
            "anchor-policy",
            ENVOY_GATEWAY_V1ALPHA1,
            "SecurityPolicy",
            suffix="-anchor",
            spec=pulumi.Output.from_input(anchor_policy_spec(name)),
            opts=self._opts(secret),
        )
        route = self._custom(
            "anchor",
            GATEWAY_API_V1,
            "HTTPRoute",
            suffix="-anchor",
            spec=pulumi.Output.from_input(
                anchor_route_spec(gateway=self._gateway_name, listeners=self._listeners())
            ),
            opts=self._opts(policy, self.closed),
        )
        return policy, route

    def _listeners(self) -> list[str]:
        return sorted(self._shape.listeners)

    def _gateway(self) -> KubernetesObject:
        """The Gateway, after the policy that denies everything, its anchor, and how it runs."""
        proxy = self._custom(
            "envoy-proxy",
            ENVOY_GATEWAY_V1ALPHA1,
            "EnvoyProxy",
            spec=self._values.apply(lambda config: envoy_proxy_spec(config.gateway.envoy_proxy)),
            opts=self._opts(),
        )
        before: list[pulumi.Resource] = [self.closed, *self.anchor, proxy]
        if self._shape.gateway.gateway_class.create:
            before.append(
                kubernetes_object(
                    f"{self._name}-gateway-class",
                    GATEWAY_API_V1,
                    "GatewayClass",
                    name=self._shape.gateway.gateway_class.name,
                    namespace=None,
                    spec=gateway_class_spec(),
                    opts=self._opts(),
                )
            )
        return self._custom(
            "gateway",
            GATEWAY_API_V1,
            "Gateway",
            spec=self._values.apply(lambda config: gateway_spec(config.gateway, config.listeners)),
            annotations=self._annotations(),
            opts=self._protected(*before),
        )

    def _annotations(self) -> pulumi.Output[Mapping[str, str]] | None:
        """The Gateway's, or None: an empty mapping is an update at each `up` (Pulumi 3.259)."""
        if not gateway_annotations(self._shape.gateway):
            return None
        return self._values.apply(lambda config: gateway_annotations(config.gateway))

    def _client_traffic_policy(self) -> KubernetesObject:
        return self._custom(
            "client-traffic",
            ENVOY_GATEWAY_V1ALPHA1,
            "ClientTrafficPolicy",
            suffix="-client-traffic",
            spec=self._values.apply(
                lambda config: client_traffic_policy_spec(
                    config.client_traffic,
                    gateway=config.gateway.name,
                    identity_headers=sorted(
                        {*config.identity_headers, *config.client_traffic.strip_headers}
                    ),
                    has_tls=any(listener.tls for listener in config.listeners.values()),
                )
            ),
            opts=self._opts(self.gateway),
        )

    def _await_all(self) -> list[pulumi.Output[Json]]:
        """The Gateway, the policy that denies everything, the anchor, and the ClientTrafficPolicy.

        Without the last one identity headers can be spoofed, so it is awaited like the rest.
        """
        wait = self._shape.wait
        names = [*self._shape.listeners, *self._redirect_listeners()]
        programmed = await_object(
            self.gateway,
            Watched("Gateway", gateway_path, partial(gateway_unmet, listeners=names)),
            self._cluster,
            seconds=wait.gateway,
        )
        whole = [Ancestor("Gateway", self._gateway_name)]
        each = [Ancestor("Gateway", self._gateway_name, name) for name in self._listeners()]
        on_whole = partial(policy_unmet, ancestors=whole)
        on_each = partial(policy_unmet, ancestors=each)
        anchor_policy, anchor_route = self.anchor
        accepted = [
            await_object(made, watched, self._cluster, seconds=wait.policies, after=[programmed])
            for made, watched in (
                (self.closed, Watched("SecurityPolicy", policy_path, on_whole)),
                (anchor_policy, Watched("SecurityPolicy", policy_path, on_each)),
                (
                    anchor_route,
                    Watched("HTTPRoute", http_route_path, partial(route_unmet, parents=each)),
                ),
                (
                    self.client_traffic_policy,
                    Watched("ClientTrafficPolicy", client_traffic_policy_path, on_whole),
                ),
            )
        ]
        return [programmed, *accepted]

    def _redirect_listeners(self) -> dict[str, int]:
        """Listeners that redirect, and the HTTPS port that each leads to."""
        return {
            redirect_listener_name(name): listener.port
            for name, listener in self._shape.listeners.items()
            if listener.tls and listener.tls.redirect_from_port
        }

    def _redirects(self) -> None:
        """Routes that only redirect, each with a policy of its own that admits everybody."""
        for redirect, port in self._redirect_listeners().items():
            suffix = f"-{redirect}"
            route = self._custom(
                redirect,
                GATEWAY_API_V1,
                "HTTPRoute",
                suffix=suffix,
                spec=pulumi.Output.from_input(
                    redirect_route_spec(gateway=self._gateway_name, listener=redirect, port=port)
                ),
                opts=self._opts(self.gateway),
            )
            self._custom(
                f"{redirect}-policy",
                ENVOY_GATEWAY_V1ALPHA1,
                "SecurityPolicy",
                suffix=suffix,
                spec=pulumi.Output.from_input(
                    redirect_policy_spec(f"{self._gateway_name}{suffix}")
                ),
                opts=self._opts(route),
            )


def gateway_path(namespace: str, name: str) -> str:
    """API path of a Gateway."""
    return namespaced(GATEWAY_API_V1, "gateways", namespace, name)


def client_traffic_policy_path(namespace: str, name: str) -> str:
    """API path of a ClientTrafficPolicy."""
    return namespaced(ENVOY_GATEWAY_V1ALPHA1, "clienttrafficpolicies", namespace, name)


def address_of(gateway: Json) -> str:
    """The first address of a Gateway; empty where it has none."""
    status = cast("Mapping[str, list[Mapping[str, str]]]", gateway.get("status") or {})
    addresses = status.get("addresses") or []
    return addresses[0]["value"] if addresses else ""
