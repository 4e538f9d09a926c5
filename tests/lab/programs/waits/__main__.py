"""A custom kind, and an object of it that is waited for."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

config = pulumi.Config()
schema: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
version: dict[str, Any] = {
    "name": "v1",
    "served": True,
    "storage": True,
    "schema": {"openAPIV3Schema": schema},
}
spec: Any = {
    "group": "deployer.test",
    "scope": "Namespaced",
    "names": {"kind": "Widget", "plural": "widgets"},
    "versions": [version],
}
definition = k8s.apiextensions.v1.CustomResourceDefinition(
    "widgets", metadata={"name": "widgets.deployer.test"}, spec=spec
)
widget = k8s.apiextensions.CustomResource(
    "widget",
    api_version="deployer.test/v1",
    kind="Widget",
    metadata={
        "name": "widget",
        "namespace": "default",
        "annotations": {
            # The garbage collector learns of a new kind after 30 s only; Foreground needs it.
            "pulumi.com/deletionPropagationPolicy": "background",
            "pulumi.com/waitFor": 'jsonpath={.spec.parts[?(@.name=="a")].state}='
            + (config.get("state") or "good"),
        },
    },
    spec={"parts": [{"name": "a", "state": "good"}], "count": 3},
    opts=pulumi.ResourceOptions(
        depends_on=[definition], custom_timeouts=pulumi.CustomTimeouts(create="1s", update="1s")
    ),
)
metadata: Any = getattr(widget, "metadata")  # noqa: B009 - the SDK doesn't declare it
pulumi.export("generation", metadata["generation"])
