"""A custom kind, an object of it that is waited for, and one object that isn't ours."""

import pulumi
import pulumi_kubernetes as k8s

config = pulumi.Config()
definition = k8s.apiextensions.v1.CustomResourceDefinition(
    "widgets",
    metadata={"name": "widgets.deployer.test"},
    spec={
        "group": "deployer.test",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
)
widget = k8s.apiextensions.CustomResource(
    "widget",
    api_version="deployer.test/v1",
    kind="Widget",
    metadata={
        "name": "widget",
        "namespace": "default",
        "annotations": {
            "pulumi.com/waitFor": 'jsonpath={.spec.parts[?(@.name=="a")].state}='
            + (config.get("state") or "good")
        },
    },
    spec={"parts": [{"name": "a", "state": "good"}], "count": 3},
    opts=pulumi.ResourceOptions(
        depends_on=[definition], custom_timeouts=pulumi.CustomTimeouts(create="1s", update="1s")
    ),
)
if config.get_bool("foreign"):
    k8s.core.v1.ConfigMap("foreign", metadata={"name": "foreign", "namespace": "default"})
pulumi.export("generation", widget.metadata["generation"])
