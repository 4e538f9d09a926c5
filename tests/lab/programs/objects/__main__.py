"""Objects of a namespace that the configuration chooses."""

import asyncio
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random

config = pulumi.Config()
namespace_name = config.require("namespace")
names = config.get_object("names") or ["one", "two"]
provider = k8s.Provider("cluster", enable_secret_mutable=config.get_bool("mutable"))


def rename(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Label every ConfigMap."""
    if not args.type_.endswith(":ConfigMap"):
        return None
    props: dict[str, Any] = dict(args.props)
    props["metadata"] = {**props["metadata"], "labels": {"transformed": "yes"}}
    return pulumi.ResourceTransformResult(props=props, opts=args.opts)


class Maps(pulumi.ComponentResource):
    """A chain of config maps, each after the one before."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("test:index:Maps", name, opts=opts)
        before: list[pulumi.Resource] = []
        for index, map_name in enumerate(names):
            made = k8s.core.v1.ConfigMap(
                f"map-{index}",
                metadata={"name": map_name, "namespace": namespace_name},
                data={"text": config.get("text") or "first"},
                opts=pulumi.ResourceOptions(parent=self, depends_on=before),
            )
            before = [made]
        self.register_outputs({})


namespace = k8s.core.v1.Namespace(
    "namespace",
    metadata={"name": namespace_name},
    opts=pulumi.ResourceOptions(provider=provider),
)
maps = Maps(
    config.get("component") or "maps",
    pulumi.ResourceOptions(
        provider=provider,
        depends_on=[namespace],
        transforms=[rename],
        aliases=[pulumi.Alias(name="maps")],
    ),
)
key = pulumi_random.RandomPassword("key", length=16)
secret = k8s.core.v1.Secret(
    "secret",
    metadata={"name": "keys", "namespace": namespace_name},
    string_data={"alice": key.result, "version": config.get("version") or "1"},
    opts=pulumi.ResourceOptions(
        provider=provider,
        depends_on=[maps],
        protect=config.get_bool("protect"),
    ),
)
pulumi.export("uid", namespace.metadata.uid)
pulumi.export("phase", namespace.status.phase)
pulumi.export("data", secret.data)
pulumi.export("key", key.result)
existing = k8s.core.v1.Namespace.get(
    "existing", "kube-system", opts=pulumi.ResourceOptions(provider=provider)
)
pulumi.export("existing", existing.metadata.name)

fail = config.get("fail")


async def check(text: str) -> str:
    """Wait a moment on the program's own loop, then perhaps fail."""
    await asyncio.sleep(0.01)
    if fail:
        raise RuntimeError(f"{fail} {text}")
    return "checked"


pulumi.export("checked", pulumi.Output.unsecret(key.result).apply(check))
