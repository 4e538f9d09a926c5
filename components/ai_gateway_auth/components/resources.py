"""Registers Kubernetes objects and awaits them: the one place where Pulumi meets the cluster."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

import pulumi
import pulumi_kubernetes as kubernetes

from ai_gateway_auth.cluster.connection import Connection, Json
from ai_gateway_auth.cluster.waiting import Awaited, NotInForceError, in_force, now
from ai_gateway_auth.models.components import (
    ApiKeyAuthenticationConfig,
    ApiKeysConfig,
    DedicatedGatewayConfig,
    ModelRouteConfig,
    OidcAuthenticationConfig,
)
from ai_gateway_auth.models.stack import StackConfig
from ai_gateway_auth.objects.metadata import LABELS

from .kubernetes_provider import KubernetesProvider

Connected = (
    ApiKeyAuthenticationConfig
    | ApiKeysConfig
    | DedicatedGatewayConfig
    | ModelRouteConfig
    | OidcAuthenticationConfig
    | StackConfig
)


def connection(values: pulumi.Output[Connected]) -> pulumi.Output[Connection]:
    """The cluster that is read, from a component's values."""
    return values.apply(lambda config: Connection(config.kubeconfig, config.context))


def kubernetes_provider(
    component: pulumi.ComponentResource,
    name: str,
    values: pulumi.Output[Connected],
    *,
    adopt: bool = False,
) -> pulumi.ProviderResource:
    """The provider that writes to the cluster: the caller's, or one of our own."""
    given = component.get_provider("kubernetes:index:Provider")
    if given is not None:
        return given
    # What is not given must not be secret: a secret None reaches the provider as the text "null"
    # (SDK 3.259).
    shown = pulumi.Output.unsecret(values)
    return KubernetesProvider(
        f"{name}-kubernetes",
        kubeconfig=shown.apply(lambda config: _secret(config.kubeconfig)),
        context=shown.apply(lambda config: config.context),
        adopt=adopt,
        opts=pulumi.ResourceOptions(parent=component),
    )


def _secret(kubeconfig: str | None) -> pulumi.Output[str] | None:
    return None if kubeconfig is None else pulumi.Output.secret(kubeconfig)


class KubernetesObject(kubernetes.apiextensions.CustomResource):
    """A custom object, with the output that pulumi-kubernetes' own class does not declare."""

    metadata: pulumi.Output[kubernetes.meta.v1.outputs.ObjectMeta]
    """The object's metadata; name, namespace and uid are read from it."""


class KeySecret(pulumi.CustomResource):
    """An Opaque Secret, each entry of which is a secret of its own.

    pulumi-kubernetes' own class makes one secret of the whole data (4.32): a key that is not known
    yet then makes all of it unknown, and a preview shows every consumer as going.
    """

    metadata: pulumi.Output[kubernetes.meta.v1.outputs.ObjectMeta]
    """The object's metadata."""

    def __init__(
        self,
        logical_name: str,
        *,
        name: str,
        namespace: pulumi.Input[str],
        data: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Make it, with our labels."""
        props: dict[str, pulumi.Input[object]] = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
            "type": "Opaque",
            "data": data,
        }
        super().__init__("kubernetes:core/v1:Secret", logical_name, props, opts)


def kubernetes_object(
    logical_name: str,
    group_version: str,
    kind: str,
    *,
    name: pulumi.Input[str],
    namespace: pulumi.Input[str] | None,
    spec: pulumi.Input[Mapping[str, object]],
    opts: pulumi.ResourceOptions,
    annotations: pulumi.Input[Mapping[str, str]] | None = None,
) -> KubernetesObject:
    """Register a custom object with our labels."""
    metadata: dict[str, object] = {"name": name, "labels": LABELS}
    if namespace is not None:
        metadata["namespace"] = namespace
    if annotations is not None:
        metadata["annotations"] = annotations
    return KubernetesObject(
        logical_name,
        api_version=group_version,
        kind=kind,
        metadata=cast("kubernetes.meta.v1.ObjectMetaArgs", metadata),
        spec=spec,
        opts=opts,
    )


class Watched(NamedTuple):
    """What to look at while waiting for an object."""

    kind: str
    """Kind of the object, for people."""
    path: Callable[[str, str], str]
    """Its API path, of namespace and name."""
    unmet: Callable[[Json], list[str]]
    """What is still missing before it is in force."""
    generated: bool = False
    """Whether it is not the registered object itself but one that a controller makes of it, with
    the same name."""


def await_object(
    made: KubernetesObject,
    watched: Watched,
    cluster: pulumi.Output[Connection],
    *,
    seconds: float,
    after: Sequence[pulumi.Output[Json]] = (),
) -> pulumi.Output[Json]:
    """The object as it is once nothing is missing; its failure fails the update, and the next one.

    pulumi-kubernetes' own `waitFor` is not used: after an update the old status satisfies it at
    once, and its error does not carry the controller's reason (4.32). A preview does not wait: it
    takes the object as it is, or as nothing where it is not there.

    Args:
        made: The registered object.
        watched: What to look at.
        cluster: Where to look.
        seconds: Deadline.
        after: What must be in force first, so that the deadline does not run before.

    """

    async def wait(values: Sequence[object]) -> Json:
        facts = cast("Mapping[str, str]", values[0])
        where = cast("Connection", values[1])
        awaited = Awaited(
            title=f"{watched.kind} {facts['namespace']}/{facts['name']}",
            path=watched.path(facts["namespace"], facts["name"]),
            unmet=watched.unmet,
            uid=None if watched.generated else facts.get("uid"),
        )
        if pulumi.runtime.is_dry_run():
            return await now(where, awaited.path)
        try:
            return await in_force(where, awaited, seconds=seconds)
        except NotInForceError as error:
            raise pulumi.RunError(str(error)) from None

    facts = made.metadata.apply(
        lambda metadata: {
            "name": metadata.name,
            "namespace": metadata.namespace,
            "uid": metadata.uid,
        }
    )
    return pulumi.Output.all(facts, cluster, *after).apply(wait)


def once(
    awaited: Sequence[pulumi.Output[Json]], resources: Sequence[pulumi.Resource]
) -> pulumi.Output[list[pulumi.Resource]]:
    """For `depends_on`: the resources, but only when everything awaited is in force."""
    if pulumi.runtime.is_dry_run():
        return pulumi.Output.from_input(list(resources))
    return pulumi.Output.all(*awaited).apply(lambda _: list(resources))


def name_of(
    made: KubernetesObject | KeySecret | kubernetes.core.v1.Namespace,
) -> pulumi.Output[str]:
    """The name of an object, for what must come after it."""
    return made.metadata.apply(lambda metadata: cast("str", metadata.name))
