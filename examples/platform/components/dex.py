"""The platform's identity provider."""

import json

import pulumi
import pulumi_kubernetes as kubernetes

IMAGE = "ghcr.io/dexidp/dex:v2.45.0"
PORT = 5556
LABELS = {"app.kubernetes.io/name": "dex"}


class Dex(pulumi.ComponentResource):
    """Dex in a namespace of its own, published at https://<address>/dex by an Ingress."""

    address: pulumi.Output[str]
    """The address that the Ingress has, once it is made."""

    def __init__(
        self, name: str, *, address: str, client_id: str, opts: pulumi.ResourceOptions
    ) -> None:
        """Run Dex with one client, the audience of its tokens."""
        super().__init__("platform:index:Dex", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace", metadata={"name": "dex"}, opts=child
        )
        metadata: kubernetes.meta.v1.ObjectMetaArgsDict = {
            "name": "dex",
            "namespace": namespace.metadata.name,
            "labels": LABELS,
        }
        config = {
            "issuer": f"https://{address}/dex",
            "storage": {"type": "kubernetes", "config": {"inCluster": True}},
            "web": {"http": f"0.0.0.0:{PORT}"},
            "staticClients": [{"id": client_id, "name": "Models", "public": True}],
        }
        files = kubernetes.core.v1.ConfigMap(
            f"{name}-config",
            metadata=metadata,
            data={"config.yaml": json.dumps(config, indent=2)},
            opts=child,
        )
        kubernetes.apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "selector": {"match_labels": LABELS},
                "template": {
                    "metadata": {"labels": LABELS},
                    "spec": {
                        "containers": [
                            {
                                "name": "dex",
                                "image": IMAGE,
                                "args": ["dex", "serve", "/etc/dex/config.yaml"],
                                "ports": [{"container_port": PORT}],
                                "volume_mounts": [{"name": "config", "mount_path": "/etc/dex"}],
                            }
                        ],
                        "volumes": [
                            {"name": "config", "config_map": {"name": files.metadata.name}}
                        ],
                    },
                },
            },
            opts=child,
        )
        service = kubernetes.core.v1.Service(
            f"{name}-service",
            metadata=metadata,
            spec={"selector": LABELS, "ports": [{"port": PORT}]},
            opts=child,
        )
        ingress = kubernetes.networking.v1.Ingress(
            f"{name}-ingress",
            metadata=metadata,
            spec={
                "rules": [
                    {
                        "host": address,
                        "http": {
                            "paths": [
                                {
                                    "path": "/dex",
                                    "path_type": "Prefix",
                                    "backend": {
                                        "service": {
                                            "name": service.metadata.name,
                                            "port": {"number": PORT},
                                        }
                                    },
                                }
                            ]
                        },
                    }
                ]
            },
            opts=child,
        )
        self.address = ingress.spec.rules[0].host
        self.register_outputs({"address": self.address})
