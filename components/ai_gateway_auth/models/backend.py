"""Backends: where the models are served."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from .base import Mistake, Model, Note
from .fields import Domain, LateDnsLabel, LateResourceName, Port, VersionText


class ApiSchema(StrEnum):
    """The API that a backend speaks, as AIServiceBackend names it (AI Gateway 1.1.0)."""

    OPENAI = "OpenAI"
    COHERE = "Cohere"
    AWS_BEDROCK = "AWSBedrock"
    AZURE_OPENAI = "AzureOpenAI"
    GCP_VERTEX_AI = "GCPVertexAI"
    GCP_ANTHROPIC = "GCPAnthropic"
    ANTHROPIC = "Anthropic"
    AWS_ANTHROPIC = "AWSAnthropic"


class ServiceBackend(Model):
    """A Service inside the cluster."""

    name: LateDnsLabel
    """Name of the Service."""
    namespace: LateDnsLabel | None = None
    """Its namespace; the Gateway's own where missing."""
    port: Port = 80
    """Its port."""


class EndpointBackend(Model):
    """A server outside the cluster, or any DNS name."""

    hostname: Domain
    """Its DNS name."""
    port: Port = 443
    """Its port."""
    tls: bool = True
    """Speak TLS and check the certificate against the hostname."""
    ca_config_map: LateResourceName | None = None
    """ConfigMap in the Gateway's namespace whose `ca.crt` signs the certificate; the system's CAs
    where missing."""


class Backend(Model):
    """One backend. Give exactly one of `service` and `endpoint`."""

    service: ServiceBackend | None = None
    """A Service inside the cluster."""
    endpoint: EndpointBackend | None = None
    """A server outside the cluster."""
    api: ApiSchema = ApiSchema.OPENAI
    """The API that it speaks."""
    api_version: VersionText | None = None
    """Version of that API, where the schema needs one."""
    forward_authorization: bool = False
    """Pass the caller's Authorization header on. Off: the caller's token never reaches it."""

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """One place."""
        del today
        if (self.service is None) == (self.endpoint is None):
            yield Mistake(
                (),
                Note("neither" if self.service is None else "both"),
                "a backend is exactly one of service and endpoint.",
                "keep one; a second place is a backend of its own.",
            )
        if self.endpoint and self.endpoint.ca_config_map and not self.endpoint.tls:
            yield Mistake(
                ("endpoint", "caConfigMap"),
                self.endpoint.ca_config_map,
                "a CA is checked only where TLS is spoken.",
                "remove caConfigMap, or set tls: true.",
            )
