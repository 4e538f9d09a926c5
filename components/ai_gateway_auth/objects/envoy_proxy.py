"""The EnvoyProxy's spec. https://gateway.envoyproxy.io/docs/api/extension_types/#envoyproxy."""

from ai_gateway_auth.models.envoy_proxy import Autoscaling, EnvoyProxy

from .metadata import Spec


def envoy_proxy_spec(proxy: EnvoyProxy) -> Spec:
    """Only what the stack says; Envoy Gateway's defaults stay its own."""
    deployment: Spec = {}
    if proxy.replicas is not None:
        deployment["replicas"] = proxy.replicas
    if proxy.resources is not None:
        resources = {
            "requests": dict(proxy.resources.requests),
            "limits": dict(proxy.resources.limits),
        }
        deployment["container"] = {
            "resources": {kind: amounts for kind, amounts in resources.items() if amounts}
        }
    service: Spec = {"type": proxy.service.type.value}
    if proxy.service.annotations:
        service["annotations"] = dict(proxy.service.annotations)
    kubernetes: Spec = {"envoyService": service}
    if deployment:
        kubernetes["envoyDeployment"] = deployment
    if proxy.min_available is not None:
        kubernetes["envoyPDB"] = {"minAvailable": proxy.min_available}
    if proxy.autoscaling is not None:
        kubernetes["envoyHpa"] = _autoscaling(proxy.autoscaling)
    return {"provider": {"type": "Kubernetes", "kubernetes": kubernetes}}


def _autoscaling(autoscaling: Autoscaling) -> Spec:
    target = {"type": "Utilization", "averageUtilization": autoscaling.cpu_utilization}
    return {
        "minReplicas": autoscaling.min_replicas,
        "maxReplicas": autoscaling.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
