"""Backend, BackendTLSPolicy and AIServiceBackend."""

from collections.abc import Sequence

from ai_gateway_auth.models.backend import Backend

from .metadata import ENVOY_GATEWAY_API, Spec, reference


def backend_spec(backend: Backend, *, namespace: str) -> Spec:
    """Where the backend is, as a DNS name: Envoy Gateway refuses loopback IP addresses."""
    if backend.service is not None:
        service = backend.service
        home = service.namespace or namespace
        return fqdn_spec(f"{service.name}.{home}.svc.cluster.local", service.port)
    if backend.endpoint is None:
        raise ValueError("a backend is a service or an endpoint; the models refuse any other")
    return fqdn_spec(backend.endpoint.hostname, backend.endpoint.port)


def backend_tls_policy_spec(backend: str, *, hostname: str, ca_config_map: str | None) -> Spec:
    """Speak TLS to a Backend and check its certificate against the hostname."""
    validation: Spec = {"hostname": hostname}
    if ca_config_map is None:
        validation["wellKnownCACertificates"] = "System"
    else:
        validation["caCertificateRefs"] = [reference("", "ConfigMap", ca_config_map)]
    return {
        "targetRefs": [reference(ENVOY_GATEWAY_API, "Backend", backend)],
        "validation": validation,
    }


def ai_service_backend_spec(name: str, backend: Backend, credential_headers: Sequence[str]) -> Spec:
    """The API that the backend speaks; callers' credentials stay with us.

    Authentication removes what its own listener reads. The other method's credential beside it
    would be passed on: a key on the listener for tokens was (Envoy 1.39.1). What a
    BackendSecurityPolicy sets comes after the removal (source of AI Gateway 1.1.0).
    """
    schema: Spec = {"name": backend.api.value}
    if backend.api_version is not None:
        schema["version"] = backend.api_version
    spec: Spec = {
        "schema": schema,
        "backendRef": reference(ENVOY_GATEWAY_API, "Backend", name),
    }
    removed = {header.lower() for header in credential_headers}
    if backend.forward_authorization:
        removed.discard("authorization")
    if removed:
        spec["headerMutation"] = {"remove": sorted(removed)}
    return spec


def fqdn_spec(hostname: str, port: int) -> Spec:
    """The spec of a Backend at a DNS name."""
    return {"endpoints": [{"fqdn": {"hostname": hostname, "port": port}}]}
