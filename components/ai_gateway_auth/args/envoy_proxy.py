"""The EnvoyProxy; mirrors models/envoy_proxy.py."""

from typing import NotRequired, TypedDict

import pulumi

from ai_gateway_auth.models.envoy_proxy import ServiceType


class ServiceArgs(TypedDict):
    """The Service in front of Envoy."""

    type: NotRequired[ServiceType]
    """Type of the Service."""
    annotations: NotRequired[dict[str, pulumi.Input[str]]]
    """Annotations of the Service, as a cloud's load balancer controller reads them."""


class ResourcesArgs(TypedDict):
    """CPU and memory of one Envoy container, as Kubernetes quantities."""

    requests: NotRequired[dict[str, str]]
    """What the scheduler reserves, e.g. {cpu: 500m, memory: 512Mi}."""
    limits: NotRequired[dict[str, str]]
    """What the container may not exceed."""


class AutoscalingArgs(TypedDict):
    """A HorizontalPodAutoscaler over Envoy."""

    min_replicas: NotRequired[int]
    """Fewest Envoys."""
    max_replicas: int
    """Most Envoys."""
    cpu_utilization: NotRequired[int]
    """Average CPU use to aim at, in percent of the request."""


class EnvoyProxyArgs(TypedDict):
    """Size and exposure of the data plane."""

    replicas: NotRequired[int]
    """Number of Envoys; Envoy Gateway's default is 1. Not together with `autoscaling`."""
    min_available: NotRequired[int]
    """Fewest Envoys that a voluntary disruption leaves (PodDisruptionBudget)."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory of each Envoy."""
    service: NotRequired[ServiceArgs]
    """The Service in front of Envoy."""
    autoscaling: NotRequired[AutoscalingArgs]
    """Scale the number of Envoys by their CPU use."""
