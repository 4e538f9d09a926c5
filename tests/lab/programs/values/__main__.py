"""Exports its configuration, and makes random passwords in a component."""

import pulumi
import pulumi_random

config = pulumi.Config()


class Keys(pulumi.ComponentResource):
    """Some keys."""

    def __init__(self, name: str) -> None:
        super().__init__("test:index:Keys", name)
        self.keys = {
            f"{name}-{index}": pulumi_random.RandomPassword(
                f"{name}-{index}", length=16, opts=pulumi.ResourceOptions(parent=self)
            )
            for index in range(config.get_int("keys") or 2)
        }
        self.register_outputs({})


keys = Keys("keys")
first = keys.keys["keys-0"]
pulumi.export("plain", {key: config.get(key) for key in ("a", "b", "d", "n", "f", "greeting")})
pulumi.export("structured", config.get_object("m"))
pulumi.export("ports", config.get_object("ports"))
pulumi.export("project", [pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()])
pulumi.export("preview", pulumi.runtime.is_dry_run())
pulumi.export("keys", {name: key.result for name, key in keys.keys.items()})
pulumi.export("length", first.length)
pulumi.log.warn("careful")
if config.get_bool("leak"):
    first.result.apply(print)
    first.result.apply(lambda text: pulumi.log.warn(f"the key is {text}"))
if config.get_bool("fail"):

    def fail(text: str) -> None:
        raise ValueError(f"no good: {text}")

    first.result.apply(fail)
