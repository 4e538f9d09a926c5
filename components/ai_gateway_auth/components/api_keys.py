"""ApiKeys: one random key per consumer, all in one Secret."""

from collections.abc import Mapping
from typing import cast

import pulumi
import pulumi_random as random

from ai_gateway_auth.args import ApiKeysArgs
from ai_gateway_auth.models.components import ApiKeysConfig
from ai_gateway_auth.objects.key_secret import KEY_LENGTH, encoded

from .kubernetes_provider import require_mutable_secrets
from .resources import KeySecret, name_of
from .settle import settle

_FIRST_KEY = 1


class ApiKeys(pulumi.ComponentResource):
    """One `random.RandomPassword` per consumer, which is the key.

    It is not a `random.RandomBytes`, because the id of that is the base64 of its bytes: the state
    holds an id in plain text, and the preview of a removed consumer shows it (pulumi-random 4.21.1,
    engine 3.259). The id of every RandomPassword is `none`.

    Adding a consumer creates one RandomPassword and updates one Secret in place. No other
    consumer's key changes. The data has one secret value per client id, so that a diff names who
    comes and goes and masks the keys; `stringData` would show as one masked line
    (pulumi-kubernetes 4.32).
    """

    secret_name: pulumi.Output[str]
    """Name of the Secret."""
    keys: pulumi.Output[dict[str, str]]
    """Keys by client id; secret."""

    def __init__(
        self, name: str, args: ApiKeysArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the keys and their Secret.

        Raises:
            pulumi.RunError: The args break rules, or the Kubernetes provider would replace the
                Secret instead of updating it.

        """
        super().__init__("ai-gateway-auth:index:ApiKeys", name, None, opts)
        settled = settle(f"ApiKeys {name}", ApiKeysConfig, cast("Mapping[str, object]", args))
        require_mutable_secrets(self.get_provider("kubernetes:index:Provider"))
        keys = {
            client_id: self._key(name, client_id) for client_id in sorted(settled.shape.consumers)
        }
        secret = KeySecret(
            f"{name}-secret",
            name=settled.shape.secret_name,
            namespace=settled.values.apply(lambda config: config.namespace),
            data={client_id: key.apply(encoded) for client_id, key in keys.items()},
            # A Secret of another name is made before the old one goes, so that no request finds
            # none: Envoy answers 500 to everybody then.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=False),
        )
        self.secret = secret
        self.secret_name = name_of(secret)
        self.keys = pulumi.Output.secret(pulumi.Output.all(**keys))
        self.register_outputs({"secretName": self.secret_name, "keys": self.keys})

    def _key(self, name: str, client_id: str) -> pulumi.Output[str]:
        # The number is the key's generation: a consumer's next key gets a name of its own.
        made = random.RandomPassword(
            f"{name}-{client_id}-key-{_FIRST_KEY}",
            length=KEY_LENGTH,
            special=False,
            upper=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.secret(made.result)
