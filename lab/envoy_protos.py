"""The messages of Envoy and of Envoy Gateway's extension hook, by their protobuf names.

Envoy's come from xds-protos (made by the gRPC project). Envoy Gateway publishes its own only as Go;
the two that are needed are declared here, equal on the wire to those of 1.8 and 1.9.
"""

import importlib
from typing import Any, TypeAlias

# Neither xds-protos nor protobuf 6 has type stubs, so every message is an Any for the type checker.
Message: TypeAlias = Any
_descriptor: Message = importlib.import_module("google.protobuf.descriptor_pb2")
_factory: Message = importlib.import_module("google.protobuf.message_factory")
_pool: Message = importlib.import_module("google.protobuf.descriptor_pool").Default()

EXT_PROC_SERVICE = "envoy.service.ext_proc.v3.ExternalProcessor"
EXTENSION_SERVICE = "envoygateway.extension.EnvoyGatewayExtension"

_HCM = "envoy.extensions.filters.network.http_connection_manager.v3"
_EXT_PROC = "envoy.extensions.filters.http.ext_proc.v3"
_MODULES = (
    "envoy.config.cluster.v3.cluster_pb2",
    "envoy.config.listener.v3.listener_pb2",
    "envoy.config.route.v3.route_pb2",
    "envoy.extensions.transport_sockets.tls.v3.secret_pb2",
    "envoy.extensions.upstreams.http.v3.http_protocol_options_pb2",
    "envoy.service.ext_proc.v3.external_processor_pb2",
    f"{_EXT_PROC}.ext_proc_pb2",
    f"{_HCM}.http_connection_manager_pb2",
)
for _module in _MODULES:
    importlib.import_module(_module)

# Fields of PostTranslateModifyRequest; the response has the same ones numbered one lower.
_TRANSLATED = (
    ("clusters", 2, "envoy.config.cluster.v3.Cluster"),
    ("secrets", 3, "envoy.extensions.transport_sockets.tls.v3.Secret"),
    ("listeners", 4, "envoy.config.listener.v3.Listener"),
    ("routes", 5, "envoy.config.route.v3.RouteConfiguration"),
)


def _declare_extension() -> None:
    file = _descriptor.FileDescriptorProto(
        name="lab/envoy_gateway_extension.proto", package="envoygateway.extension", syntax="proto3"
    )
    kinds = [kind for _, _, kind in _TRANSLATED]
    file.dependency.extend(sorted(_pool.FindMessageTypeByName(kind).file.name for kind in kinds))
    for name, shift in (("PostTranslateModifyRequest", 0), ("PostTranslateModifyResponse", 1)):
        declared = file.message_type.add(name=name)
        for field, number, kind in _TRANSLATED:
            declared.field.add(
                name=field,
                number=number - shift,
                label=_descriptor.FieldDescriptorProto.LABEL_REPEATED,
                type=_descriptor.FieldDescriptorProto.TYPE_MESSAGE,
                type_name=f".{kind}",
            )
    _pool.AddSerializedFile(file.SerializeToString())


def message(name: str) -> Message:
    """The class of a message."""
    return _factory.GetMessageClass(_pool.FindMessageTypeByName(name))


_declare_extension()
PostTranslateModifyRequest = message("envoygateway.extension.PostTranslateModifyRequest")
PostTranslateModifyResponse = message("envoygateway.extension.PostTranslateModifyResponse")
ProcessingRequest = message("envoy.service.ext_proc.v3.ProcessingRequest")
ProcessingResponse = message("envoy.service.ext_proc.v3.ProcessingResponse")
HttpConnectionManager = message(f"{_HCM}.HttpConnectionManager")
HttpFilter = message(f"{_HCM}.HttpFilter")
ExternalProcessor = message(f"{_EXT_PROC}.ExternalProcessor")
FilterConfig = message("envoy.config.route.v3.FilterConfig")
Cluster = message("envoy.config.cluster.v3.Cluster")
HttpProtocolOptions = message("envoy.extensions.upstreams.http.v3.HttpProtocolOptions")
