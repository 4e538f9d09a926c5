"""What the AI Gateway's extension server does to Envoy's configuration, without its backends.

Envoy Gateway calls this hook after each translation. The filter is put where the real one puts it,
switched off, and switched on by each route that was generated from an AIGatewayRoute.
"""

from lab.envoy_protos import (
    Cluster,
    ExternalProcessor,
    FilterConfig,
    HttpConnectionManager,
    HttpFilter,
    HttpProtocolOptions,
    Message,
    PostTranslateModifyResponse,
)

FILTER = "envoy.filters.http.ext_proc/aigateway"
CLUSTER = "ai-gateway-stand-in-extproc"
HCM = "envoy.filters.network.http_connection_manager"
# Envoy Gateway copies the annotations below gateway.envoyproxy.io/ into the route's metadata.
GENERATED = "ai-gateway-generated"
# The filters that AI Gateway 1.1 puts its own in front of (the first of them that there is).
AFTER = (
    "envoy.filters.http.ext_proc",
    "envoy.filters.http.wasm",
    "envoy.filters.http.lua",
    "envoy.filters.http.rbac",
    "envoy.filters.http.local_ratelimit",
    "envoy.filters.http.ratelimit",
    "envoy.filters.http.custom_response",
    "envoy.filters.http.credential_injector",
    "envoy.filters.http.compressor",
    "envoy.filters.http.router",
)
BUFFER = "envoy.filters.http.buffer"
TIMEOUT_SECONDS = 10


def post_translate(request: Message, ext_proc_port: int) -> Message:
    """The answer to Envoy Gateway's PostTranslateModify, with ext_proc on that port."""
    generated = {config.name for config in request.routes if _switch_on(config)}
    for listener in request.listeners:
        chains = [*listener.filter_chains]
        if listener.HasField("default_filter_chain"):
            chains.append(listener.default_filter_chain)
        managers = [(entry, manager) for chain in chains for entry, manager in _managers(chain)]
        if any(manager.rds.route_config_name in generated for _, manager in managers):
            for entry, manager in managers:
                _insert(manager)
                entry.typed_config.Pack(manager)
    response = PostTranslateModifyResponse(
        clusters=request.clusters,
        secrets=request.secrets,
        listeners=request.listeners,
        routes=request.routes,
    )
    if all(cluster.name != CLUSTER for cluster in response.clusters):
        response.clusters.append(_cluster(ext_proc_port))
    return response


def _switch_on(config: Message) -> bool:
    """Switch the filter on for each generated route; whether there was one."""
    found = False
    for host in config.virtual_hosts:
        for route in host.routes:
            if is_generated(route):
                route.typed_per_filter_config[FILTER].Pack(FilterConfig(config={}))
                found = True
    return found


def is_generated(route: Message) -> bool:
    """Whether the Envoy route comes from an HTTPRoute that was made from an AIGatewayRoute."""
    metadata = route.metadata.filter_metadata
    if "envoy-gateway" not in metadata:
        return False
    for resource in metadata["envoy-gateway"].fields["resources"].list_value.values:
        annotations = resource.struct_value.fields["annotations"].struct_value.fields
        if GENERATED in annotations:
            return True
    return False


def _managers(chain: Message) -> list[tuple[Message, Message]]:
    """Each entry of the chain that is an HTTP connection manager, and its configuration."""
    found: list[tuple[Message, Message]] = []
    for entry in chain.filters:
        manager = HttpConnectionManager()
        if entry.name == HCM and entry.typed_config.Unpack(manager):
            found.append((entry, manager))
    return found


def _insert(manager: Message) -> None:
    names = [existing.name for existing in manager.http_filters]
    if FILTER not in names:
        filters = [*manager.http_filters]
        filters.insert(insertion_index(names), _filter())
        del manager.http_filters[:]
        manager.http_filters.extend(filters)


def insertion_index(names: list[str]) -> int:
    """Where AI Gateway 1.1 puts its filter among filters with these names."""
    after = [i for i, name in enumerate(names) if name.startswith(AFTER)]
    buffers = [i for i, name in enumerate(names) if name.startswith(BUFFER)]
    index = after[0] if after else len(names)
    return buffers[-1] + 1 if buffers and buffers[-1] >= index else index


def _filter() -> Message:
    processor = ExternalProcessor(
        grpc_service={"envoy_grpc": {"cluster_name": CLUSTER}},
        processing_mode={
            "request_header_mode": "SEND",
            "request_body_mode": "BUFFERED",
            "request_trailer_mode": "SKIP",
            # As the real one: so a denial too is 500 and not 401 while ext_proc is down.
            "response_header_mode": "SEND",
            "response_body_mode": "NONE",
            "response_trailer_mode": "SKIP",
        },
        message_timeout={"seconds": TIMEOUT_SECONDS},
        failure_mode_allow=False,
    )
    added = HttpFilter(name=FILTER, disabled=True)
    added.typed_config.Pack(processor)
    return added


def _cluster(port: int) -> Message:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    cluster = Cluster(
        name=CLUSTER,
        type="STATIC",
        connect_timeout={"seconds": TIMEOUT_SECONDS},
        load_assignment={
            "cluster_name": CLUSTER,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    )
    options = HttpProtocolOptions(explicit_http_config={"http2_protocol_options": {}})
    key = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    cluster.typed_extension_protocol_options[key].Pack(options)
    return cluster
