"""The script that completes the identity of API-key clients, awaited."""

from collections.abc import Mapping
from functools import partial

import pulumi

from ai_gateway_auth.cluster.conditions import Ancestor, policy_unmet
from ai_gateway_auth.cluster.connection import Connection
from ai_gateway_auth.cluster.paths import namespaced
from ai_gateway_auth.models.api_key import ApiKeySettings
from ai_gateway_auth.models.consumer import Consumer
from ai_gateway_auth.models.fields import PREVIOUS
from ai_gateway_auth.objects.identity import SCRIPT_LIMIT, identity_policy_spec, identity_script
from ai_gateway_auth.objects.metadata import ENVOY_GATEWAY_V1ALPHA1

from .policy import Policy
from .resources import Watched, await_object, kubernetes_object


def identity_policy(
    logical_name: str,
    *,
    script: str,
    gateway: pulumi.Output[str],
    listener: str,
    namespace: pulumi.Output[str],
    cluster: pulumi.Output[Connection],
    seconds: int,
    opts: pulumi.ResourceOptions,
) -> Policy:
    """Run the script for every request of the listener.

    Where Envoy Gateway has no `extensionApis.enableLua`, the policy is not accepted: `up` fails
    with that reason, and the listener answers 500 to everybody (1.9.1).
    """
    resource = kubernetes_object(
        logical_name,
        ENVOY_GATEWAY_V1ALPHA1,
        "EnvoyExtensionPolicy",
        name=pulumi.Output.concat(gateway, "-identity"),
        namespace=namespace,
        spec=gateway.apply(
            lambda name: identity_policy_spec(script, gateway=name, listener=listener)
        ),
        opts=opts,
    )
    in_force = gateway.apply(
        lambda name: await_object(
            resource,
            Watched(
                "EnvoyExtensionPolicy",
                identity_policy_path,
                partial(policy_unmet, ancestors=[Ancestor("Gateway", name, listener)]),
            ),
            cluster,
            seconds=seconds,
        )
    )
    return Policy(resource, in_force)


def script_of(consumers: Mapping[str, Consumer], settings: ApiKeySettings) -> str:
    """The script for these consumers.

    Raises:
        pulumi.RunError: It is too large.

    """
    script = identity_script(
        {
            client_id: {
                header: value
                for header, value in (
                    (settings.team_header, consumer.team),
                    (settings.tier_header, consumer.tier),
                )
                if value is not None
            }
            for client_id, consumer in consumers.items()
        },
        headers=[settings.team_header, settings.tier_header],
        client_id_header=settings.forward_client_id_header,
        previous_suffix=PREVIOUS,
    )
    size = len(script.encode())
    if size > SCRIPT_LIMIT:
        raise pulumi.RunError(
            f"the script with everybody's team and tier would have {size:,} bytes, and the policy "
            f"that holds it takes {SCRIPT_LIMIT:,}. Nothing was changed. Give team and tier to "
            "fewer consumers, or use shorter client ids."
        )
    return script


def identity_policy_path(namespace: str, name: str) -> str:
    """API path of an EnvoyExtensionPolicy."""
    return namespaced(ENVOY_GATEWAY_V1ALPHA1, "envoyextensionpolicies", namespace, name)
