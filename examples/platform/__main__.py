"""A platform: an identity provider, a model server, and an authenticated gateway in front of it."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes
from ai_gateway_auth import AuthenticatedGateway, KubernetesProvider
from ai_gateway_auth.args import AuthenticatedGatewayArgs
from components.dex import Dex
from components.model_server import PORT, ModelServer

AUDIENCE = "models"
MODEL = "Qwen/Qwen2.5-Coder-7B-Instruct"

config = pulumi.Config()
domain = config.require("domain")
# The provider writes to the cluster; the package reads the status of its objects by the same two.
kubeconfig, context = config.get("kubeconfig") or None, config.get("context") or None
cluster = KubernetesProvider("cluster", kubeconfig=kubeconfig, context=context)
on_cluster = pulumi.ResourceOptions(provider=cluster)

dex = Dex(
    "dex",
    address=f"idp.{domain}",
    client_id=AUDIENCE,
    opts=pulumi.ResourceOptions(providers=[cluster]),
)
models = kubernetes.core.v1.Namespace("model-servers", metadata={"name": "models"}, opts=on_cluster)
server = ModelServer(
    "qwen-coder",
    model=MODEL,
    namespace=models.metadata.name,
    opts=pulumi.ResourceOptions(providers=[cluster]),
)
edge = kubernetes.core.v1.Namespace(
    "edge",
    metadata={"name": "edge", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    opts=on_cluster,
)


def owned_by_the_platform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
    """Put the owner's label on every object of the gateway."""
    # Inputs are whatever the resource takes; only Kubernetes objects have metadata.
    props = dict(cast("Mapping[str, Any]", args.props))
    if "metadata" in props:
        labels = {**props["metadata"].get("labels", {}), "example.com/owner": "platform"}
        props["metadata"] = {**props["metadata"], "labels": labels}
    return pulumi.ResourceTransformResult(props, args.opts)


settings: AuthenticatedGatewayArgs = {
    # A namespace that another resource makes: it is looked up here, and never destroyed here.
    "namespace": {"name": edge.metadata.name, "create": False},
    "gateway": {"name": "models", "cert_manager": {"cluster_issuer": "letsencrypt"}},
    "oidc": {
        "listener": {
            "port": 443,
            "hostname": pulumi.Output.concat("models.", domain),
            "tls": {"redirect_from_port": 80},
        },
        "providers": {"dex": {"dex": {"address": dex.address}, "audiences": [AUDIENCE]}},
    },
    "api_key": {
        "listener": {"port": 443, "hostname": f"keys.models.{domain}", "tls": {}},
    },
    "consumers": {client_id: {} for client_id in config.require_object("consumers")},
    "route": {
        "create": {
            "models": {"qwen2.5-coder": {"backends": {"vllm": {"model_name_override": MODEL}}}},
            "backends": {
                "vllm": {
                    "service": {
                        "name": server.service["name"],
                        "namespace": server.service["namespace"],
                        "port": PORT,
                    }
                }
            },
        }
    },
}
if kubeconfig:
    settings["kubeconfig"] = kubeconfig
if context:
    settings["context"] = context

gateway = AuthenticatedGateway(
    "models",
    settings,
    pulumi.ResourceOptions(
        providers=[cluster],
        depends_on=[dex],
        transforms=[owned_by_the_platform],
        # Its name until last year: a rename replaces nothing.
        aliases=[pulumi.Alias(name="ai-gateway")],
    ),
)

pulumi.export("listeners", gateway.listeners)
pulumi.export("apiKeys", gateway.api_keys)
pulumi.export("verifyCommand", gateway.verify_command)
