"""A server of one model."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

IMAGE = "vllm/vllm-openai:v0.11.0"
PORT = 8000


class ModelServer(pulumi.ComponentResource):
    """vLLM with one model, behind a Service."""

    service: pulumi.Output[Mapping[str, str]]
    """Name and namespace of the Service."""

    def __init__(
        self,
        name: str,
        *,
        model: str,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Serve the model in a namespace that exists."""
        super().__init__("platform:index:ModelServer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = {"app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": name}
        metadata: kubernetes.meta.v1.ObjectMetaArgsDict = {
            "name": name,
            "namespace": namespace,
            "labels": labels,
        }
        kubernetes.apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "containers": [
                            {
                                "name": "vllm",
                                "image": IMAGE,
                                "args": ["--model", model, "--port", str(PORT)],
                                "ports": [{"container_port": PORT}],
                                "resources": {"limits": {"nvidia.com/gpu": "1"}},
                            }
                        ]
                    },
                },
            },
            opts=child,
        )
        service = kubernetes.core.v1.Service(
            f"{name}-service",
            metadata=metadata,
            spec={"selector": labels, "ports": [{"port": PORT}]},
            opts=child,
        )
        self.service = service.metadata.apply(
            lambda made: {"name": made.name or "", "namespace": made.namespace or ""}
        )
        self.register_outputs({"service": self.service})
