"""ModelRoute: the AIGatewayRoute hook-up."""

from collections.abc import Mapping, Sequence
from functools import partial
from io import StringIO
from typing import cast

import pulumi
from ruamel.yaml import YAML

from ai_gateway_auth.args import ModelRouteArgs
from ai_gateway_auth.cluster.conditions import Ancestor, object_unmet, route_unmet
from ai_gateway_auth.cluster.connection import Connection, Json
from ai_gateway_auth.cluster.paths import http_route_path, namespaced
from ai_gateway_auth.cluster.waiting import now
from ai_gateway_auth.models.components import ModelRouteConfig
from ai_gateway_auth.models.route import NewRoute
from ai_gateway_auth.objects.backend import (
    ai_service_backend_spec,
    backend_spec,
    backend_tls_policy_spec,
)
from ai_gateway_auth.objects.metadata import (
    AI_GATEWAY_V1BETA1,
    ENVOY_GATEWAY_V1ALPHA1,
    GATEWAY_API_V1,
)
from ai_gateway_auth.objects.route import ai_gateway_route_spec, missing_parents, parent_references

from .resources import (
    KubernetesObject,
    Watched,
    await_object,
    connection,
    kubernetes_object,
    kubernetes_provider,
)
from .settle import settle, warn

# pulumi-kubernetes 4.32 deletes in the foreground: Kubernetes then changes an object once more to
# end its deletion. AI Gateway 1.1.0 removes its finalizer only once, and not when that change comes
# in between: the object stays, and `destroy` fails after 10 minutes.
DELETED_IN_BACKGROUND = {"pulumi.com/deletionPropagationPolicy": "background"}


class ModelRoute(pulumi.ComponentResource):
    """Models and their backends, attached to authenticated listeners by name.

    Give it `depends_on` whatever must be in force first: it is the last thing to be made and the
    first to go.
    """

    route_name: pulumi.Output[str]
    """Name of the AIGatewayRoute, known when its HTTPRoute is accepted."""

    def __init__(
        self, name: str, args: ModelRouteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the route and its backends, or check that an existing route names our listeners.

        Raises:
            pulumi.RunError: The args break rules, or the route is not accepted in time.

        """
        super().__init__("ai-gateway-auth:index:ModelRoute", name, None, opts)
        self._name = name
        self._shape, self._values = settle(
            f"ModelRoute {name}", ModelRouteConfig, cast("Mapping[str, object]", args)
        )
        warn(self, self._shape, opts)
        self._cluster = connection(self._values)
        self._opts = pulumi.ResourceOptions(
            parent=self, provider=kubernetes_provider(self, name, self._values)
        )
        create = self._shape.route.create
        self.route_name = self._existing() if create is None else self._create(create)
        self.register_outputs({"routeName": self.route_name})

    def _existing(self) -> pulumi.Output[str]:
        """Somebody else's route is never written: `parentRefs` is one list with one owner."""
        return pulumi.Output.all(self._cluster, self._values).apply(
            lambda both: self._check_existing(both[0], both[1])
        )

    async def _check_existing(self, cluster: Connection, config: ModelRouteConfig) -> str:
        existing = config.route.existing
        if existing is None:
            raise ValueError("a route is created or existing; the models refuse any other")
        path = ai_gateway_route_path(config.namespace, existing.name)
        found = await now(cluster, path)
        missing = missing_parents(found, gateway=config.gateway, listeners=config.listeners)
        if missing:
            pulumi.log.warn(
                f"AIGatewayRoute {config.namespace}/{existing.name} is not attached to "
                f"{', '.join(missing)} of Gateway {config.gateway}. Its owner adds:\n"
                f"{_yaml({'parentRefs': parent_references(config.gateway, missing)})}",
                self,
            )
        return existing.name

    def _create(self, create: NewRoute) -> pulumi.Output[str]:
        before: list[pulumi.Resource] = []
        for backend in sorted(create.backends):
            before += self._backend(create, backend)
        route = self._custom(
            "route",
            AI_GATEWAY_V1BETA1,
            "AIGatewayRoute",
            name=create.name,
            spec=self._values.apply(
                lambda config: ai_gateway_route_spec(
                    _created(config), gateway=config.gateway, listeners=config.listeners
                )
            ),
            after=before,
            # All that must outlive the route is what it comes after: as long as it can't be
            # destroyed, nothing of it can.
            protect=self._shape.protect,
        )
        self.route = route
        return self._values.apply(lambda config: self._accepted(route, config))

    def _accepted(self, route: KubernetesObject, config: ModelRouteConfig) -> pulumi.Output[str]:
        """The route's name, when the HTTPRoute that the AI Gateway makes of it is accepted."""
        seconds = self._shape.wait.policies
        parents = [Ancestor("Gateway", config.gateway, name) for name in config.listeners]
        accepted = await_object(
            route,
            Watched(
                "AIGatewayRoute",
                ai_gateway_route_path,
                partial(object_unmet, wanted=("Accepted",)),
            ),
            self._cluster,
            seconds=seconds,
        )
        generated = await_object(
            route,
            Watched(
                "HTTPRoute",
                http_route_path,
                partial(route_unmet, parents=parents),
                generated=True,
            ),
            self._cluster,
            seconds=seconds,
            after=[accepted],
        )
        return generated.apply(lambda _: _created(config).name)

    def _backend(self, create: NewRoute, backend: str) -> list[pulumi.Resource]:
        made = [
            self._custom(
                f"{backend}-backend",
                ENVOY_GATEWAY_V1ALPHA1,
                "Backend",
                name=backend,
                spec=self._values.apply(
                    lambda config: backend_spec(
                        _created(config).backends[backend], namespace=config.namespace
                    )
                ),
            ),
            self._custom(
                f"{backend}-ai-service-backend",
                AI_GATEWAY_V1BETA1,
                "AIServiceBackend",
                name=backend,
                spec=self._values.apply(
                    lambda config: ai_service_backend_spec(
                        backend, _created(config).backends[backend], config.credential_headers
                    )
                ),
            ),
        ]
        endpoint = create.backends[backend].endpoint
        if endpoint is not None and endpoint.tls:
            made.append(
                self._custom(
                    f"{backend}-backend-tls",
                    GATEWAY_API_V1,
                    "BackendTLSPolicy",
                    name=backend,
                    spec=self._values.apply(lambda config: _tls(backend, config)),
                )
            )
        return [*made]

    def _custom(
        self,
        suffix: str,
        group_version: str,
        kind: str,
        *,
        name: str,
        spec: pulumi.Output[Mapping[str, object]],
        after: Sequence[pulumi.Resource] = (),
        protect: bool = False,
    ) -> KubernetesObject:
        has_finalizer = group_version == AI_GATEWAY_V1BETA1
        return kubernetes_object(
            f"{self._name}-{suffix}",
            group_version,
            kind,
            name=name,
            namespace=self._values.apply(lambda config: config.namespace),
            spec=spec,
            annotations=DELETED_IN_BACKGROUND if has_finalizer else None,
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=list(after), protect=protect)
            ),
        )


def ai_gateway_route_path(namespace: str, name: str) -> str:
    """API path of an AIGatewayRoute."""
    return namespaced(AI_GATEWAY_V1BETA1, "aigatewayroutes", namespace, name)


def _created(config: ModelRouteConfig) -> NewRoute:
    if config.route.create is None:
        raise ValueError("only a created route has backends")
    return config.route.create


def _tls(backend: str, config: ModelRouteConfig) -> dict[str, object]:
    endpoint = _created(config).backends[backend].endpoint
    if endpoint is None:
        raise ValueError("only an endpoint speaks TLS")
    return backend_tls_policy_spec(
        backend, hostname=endpoint.hostname, ca_config_map=endpoint.ca_config_map
    )


def _yaml(data: Json) -> str:
    text = StringIO()
    YAML().dump(data, text)
    return text.getvalue()
