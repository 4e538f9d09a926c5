"""The EnvoyProxy: how Envoy Gateway runs the Envoy of this Gateway."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Mistake, Model, Text
from .fields import Quantity

Replicas = Annotated[int, Field(ge=1, le=1000, strict=True)]


class ServiceType(StrEnum):
    """The type of Envoy's Service."""

    LOAD_BALANCER = "LoadBalancer"
    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"


class Service(Model):
    """The Service in front of Envoy."""

    type: ServiceType = ServiceType.LOAD_BALANCER
    """Type of the Service."""
    annotations: dict[str, Text] = {}
    """Annotations of the Service, as a cloud's load balancer controller reads them."""


class Resources(Model):
    """CPU and memory of one Envoy container, as Kubernetes quantities."""

    requests: dict[str, Quantity] = {}
    """What the scheduler reserves, e.g. {cpu: 500m, memory: 512Mi}."""
    limits: dict[str, Quantity] = {}
    """What the container may not exceed."""


class Autoscaling(Model):
    """A HorizontalPodAutoscaler over Envoy."""

    min_replicas: Replicas = 2
    """Fewest Envoys."""
    max_replicas: Replicas
    """Most Envoys."""
    cpu_utilization: Annotated[int, Field(ge=1, le=100, strict=True)] = 80
    """Average CPU use to aim at, in percent of the request."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """The range must hold a number."""
        del today
        if self.max_replicas < self.min_replicas:
            yield Mistake(
                ("maxReplicas",),
                self.max_replicas,
                f"maxReplicas is at least minReplicas ({self.min_replicas}).",
                "raise maxReplicas or lower minReplicas.",
            )


class EnvoyProxy(Model):
    """Size and exposure of the data plane."""

    replicas: Replicas | None = None
    """Number of Envoys; Envoy Gateway's default is 1. Not together with `autoscaling`."""
    min_available: Replicas | None = None
    """Fewest Envoys that a voluntary disruption leaves (PodDisruptionBudget)."""
    resources: Resources | None = None
    """CPU and memory of each Envoy."""
    service: Service = Service()
    """The Service in front of Envoy."""
    autoscaling: Autoscaling | None = None
    """Scale the number of Envoys by their CPU use."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """One source for the number of Envoys, and room for a disruption."""
        del today
        if self.replicas is not None and self.autoscaling is not None:
            yield Mistake(
                ("replicas",),
                self.replicas,
                "replicas and autoscaling exclude each other, because both would set the number "
                "of Envoys.",
                "remove replicas, or remove autoscaling.",
            )
        fewest = self.autoscaling.min_replicas if self.autoscaling else self.replicas or 1
        if self.min_available is not None and self.min_available >= fewest:
            yield Mistake(
                ("minAvailable",),
                self.min_available,
                f"minAvailable is below the fewest Envoys there may be ({fewest}), because a "
                "node could never be drained otherwise.",
                "lower minAvailable, or run more Envoys.",
            )
