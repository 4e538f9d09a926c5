"""What both authentication components do: one SecurityPolicy on one target, awaited."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import pulumi

from ai_gateway_auth.cluster.conditions import Ancestor, policy_unmet, reported_ancestors
from ai_gateway_auth.cluster.connection import Connection, Json
from ai_gateway_auth.cluster.paths import namespaced
from ai_gateway_auth.models.components import PolicyTarget
from ai_gateway_auth.objects.metadata import ENVOY_GATEWAY_V1ALPHA1

from .resources import KubernetesObject, Watched, await_object, kubernetes_object


class Policy(NamedTuple):
    """A policy of Envoy Gateway's that was registered."""

    resource: KubernetesObject
    """The policy."""
    in_force: pulumi.Output[Json]
    """The policy once its target has accepted it."""


def security_policy(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Output[str],
    spec: pulumi.Output[dict[str, object]],
    target: pulumi.Output[PolicyTarget],
    cluster: pulumi.Output[Connection],
    seconds: int,
    opts: pulumi.ResourceOptions,
) -> Policy:
    """Register a SecurityPolicy and await it.

    A policy of another name is made only after the old one has gone: a target takes one policy,
    and the second would be Conflicted for as long as the first is there. In between, the listener
    is under the Gateway's policy that denies everything, and the anchor keeps its filters.
    """
    resource = kubernetes_object(
        logical_name,
        ENVOY_GATEWAY_V1ALPHA1,
        "SecurityPolicy",
        name=name,
        namespace=namespace,
        spec=spec,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )
    accepted = target.apply(
        lambda known: await_object(
            resource,
            Watched(
                "SecurityPolicy",
                policy_path,
                partial(_unmet, known),
            ),
            cluster,
            seconds=seconds,
        )
    )
    return Policy(resource, accepted)


def policy_path(namespace: str, name: str) -> str:
    """API path of a SecurityPolicy."""
    return namespaced(ENVOY_GATEWAY_V1ALPHA1, "securitypolicies", namespace, name)


def _unmet(target: PolicyTarget, policy: Json) -> list[str]:
    return policy_unmet(policy, expected_ancestors(target, policy))


def expected_ancestors(target: PolicyTarget, policy: Json) -> Sequence[Ancestor]:
    """Who must have accepted a policy.

    For a listener it is that listener. The ancestors of a route's policy are the Gateways of the
    route, which its owner chooses: all that are reported must accept, and there must be one.
    """
    if target.route is None:
        return [Ancestor("Gateway", target.gateway or "", target.listener)]
    return reported_ancestors(policy) or [Ancestor("Gateway", "of the route")]
