"""ApiKeyAuthentication: the API-key SecurityPolicy of one listener or route."""

from collections.abc import Mapping
from typing import cast

import pulumi

from ai_gateway_auth.args import ApiKeyAuthenticationArgs
from ai_gateway_auth.models.components import ApiKeyAuthenticationConfig
from ai_gateway_auth.objects.security_policy import api_key_policy_spec

from .policy import security_policy
from .resources import connection, kubernetes_provider
from .settle import settle, warn


class ApiKeyAuthentication(pulumi.ComponentResource):
    """Callers with a key of the Secret; everybody else gets 401."""

    policy_name: pulumi.Output[str]
    """Name of the SecurityPolicy, known when it is in force."""

    def __init__(
        self, name: str, args: ApiKeyAuthenticationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the policy. The Secret must exist: without it Envoy answers 500 to everybody.

        Raises:
            pulumi.RunError: The args break rules, or the policy is not in force in time.

        """
        super().__init__("ai-gateway-auth:index:ApiKeyAuthentication", name, None, opts)
        shape, values = settle(
            f"ApiKeyAuthentication {name}",
            ApiKeyAuthenticationConfig,
            cast("Mapping[str, object]", args),
        )
        warn(self, shape, opts)
        self.policy = security_policy(
            f"{name}-policy",
            name=shape.settings.policy_name,
            namespace=values.apply(lambda config: config.namespace),
            spec=values.apply(lambda config: api_key_policy_spec(config.settings, config.target)),
            target=values.apply(lambda config: config.target),
            cluster=connection(values),
            seconds=shape.wait.policies,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=kubernetes_provider(self, name, values),
                protect=shape.protect,
            ),
        )
        self.policy_name = self.policy.in_force.apply(lambda _: shape.settings.policy_name)
        self.register_outputs({"policyName": self.policy_name})
