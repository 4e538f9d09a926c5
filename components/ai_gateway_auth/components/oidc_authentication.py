"""OidcAuthentication: the JWT SecurityPolicy of one listener or route."""

from collections.abc import Mapping
from typing import cast

import pulumi

from ai_gateway_auth.args import OidcAuthenticationArgs
from ai_gateway_auth.models.components import OidcAuthenticationConfig
from ai_gateway_auth.objects.jwks import (
    has_jwks_backend,
    jwks_backend_name,
    jwks_backend_spec,
    jwks_tls_policy_spec,
)
from ai_gateway_auth.objects.metadata import ENVOY_GATEWAY_V1ALPHA1, GATEWAY_API_V1
from ai_gateway_auth.objects.security_policy import jwt_policy_spec

from .policy import security_policy
from .resources import connection, kubernetes_object, kubernetes_provider
from .settle import settle, warn


class OidcAuthentication(pulumi.ComponentResource):
    """Callers with a token of one of several issuers; everybody else gets 401 or 403."""

    policy_name: pulumi.Output[str]
    """Name of the SecurityPolicy, known when it is in force."""

    def __init__(
        self, name: str, args: OidcAuthenticationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the policy, and the JWKS endpoints that have a CA of their own.

        Raises:
            pulumi.RunError: The args break rules, or the policy is not in force in time.

        """
        super().__init__("ai-gateway-auth:index:OidcAuthentication", name, None, opts)
        settled = settle(
            f"OidcAuthentication {name}",
            OidcAuthenticationConfig,
            cast("Mapping[str, object]", args),
        )
        shape, values = settled
        warn(self, shape, opts)
        self._opts = pulumi.ResourceOptions(
            parent=self, provider=kubernetes_provider(self, name, values)
        )
        self._values = values
        endpoints = [
            endpoint
            for provider_name, provider in sorted(shape.settings.providers.items())
            if has_jwks_backend(provider)
            for endpoint in self._jwks_endpoint(name, provider_name)
        ]
        self.policy = security_policy(
            f"{name}-policy",
            name=shape.settings.policy_name,
            namespace=values.apply(lambda config: config.namespace),
            spec=values.apply(
                lambda config: jwt_policy_spec(
                    config.settings, config.target, config.settings.policy_name
                )
            ),
            target=values.apply(lambda config: config.target),
            cluster=connection(values),
            seconds=shape.wait.policies,
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(depends_on=endpoints, protect=shape.protect),
            ),
        )
        self.policy_name = self.policy.in_force.apply(lambda _: shape.settings.policy_name)
        self.register_outputs({"policyName": self.policy_name})

    def _jwks_endpoint(self, name: str, provider_name: str) -> list[pulumi.Resource]:
        """A Backend with the CA that signs its certificate."""
        values = self._values
        namespace = values.apply(lambda config: config.namespace)
        backend_name = values.apply(
            lambda config: jwks_backend_name(config.settings.policy_name, provider_name)
        )
        backend = kubernetes_object(
            f"{name}-{provider_name}-jwks",
            ENVOY_GATEWAY_V1ALPHA1,
            "Backend",
            name=backend_name,
            namespace=namespace,
            spec=values.apply(
                lambda config: jwks_backend_spec(config.settings.providers[provider_name])
            ),
            opts=self._opts,
        )
        tls_policy = kubernetes_object(
            f"{name}-{provider_name}-jwks-tls",
            GATEWAY_API_V1,
            "BackendTLSPolicy",
            name=backend_name,
            namespace=namespace,
            spec=pulumi.Output.all(values, backend_name).apply(
                lambda both: jwks_tls_policy_spec(
                    both[0].settings.providers[provider_name], both[1]
                )
            ),
            opts=self._opts,
        )
        return [backend, tls_policy]
