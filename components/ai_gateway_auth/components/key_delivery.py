"""Hands a consumer's key over: a Secret in its own namespace, an external store."""

import pulumi

from ai_gateway_auth.models.components import ApiKeysConfig
from ai_gateway_auth.objects.key_secret import encoded
from ai_gateway_auth.objects.push_secret import PUSH_SECRET_V1ALPHA1, push_secret_spec

from .consumer_keys import ConsumerKeys
from .resources import KeySecret, kubernetes_object


def deliver(name: str, keys: ConsumerKeys, opts: pulumi.ResourceOptions) -> None:
    """Write the present key into the Secret of the consumer's own namespace, if it has one."""
    place = keys.consumer.deliver_to
    if place is None:
        return
    KeySecret(
        f"{name}-{keys.client_id}-delivery",
        name=place.name,
        namespace=place.namespace,
        data={place.key: keys.present.value.apply(encoded)},
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(delete_before_replace=False)
        ),
    )


def push(
    name: str,
    keys: ConsumerKeys,
    secret: str,
    values: pulumi.Output[ApiKeysConfig],
    opts: pulumi.ResourceOptions,
) -> None:
    """Have External Secrets copy the present key into its store, if the consumer has one."""
    if keys.consumer.push_to is None:
        return
    client_id = keys.client_id

    def spec(config: ApiKeysConfig) -> dict[str, object]:
        push_to = config.consumers[client_id].push_to
        return push_secret_spec(push_to, secret=secret, client_id=client_id) if push_to else {}

    kubernetes_object(
        f"{name}-{client_id}-push",
        PUSH_SECRET_V1ALPHA1,
        "PushSecret",
        name=f"{secret}-{client_id}",
        namespace=values.apply(lambda config: config.namespace),
        spec=values.apply(spec),
        opts=opts,
    )
