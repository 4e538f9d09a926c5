"""Args of the components that `AuthenticatedGateway` is made of."""

from typing import NotRequired, TypedDict

import pulumi

from .api_key import ApiKeySettingsArgs
from .client_traffic import ClientTrafficArgs
from .consumer import ConsumerArgs
from .gateway import GatewayArgs
from .listener import ListenerArgs
from .namespace import NamespaceArgs
from .oidc import OidcSettingsArgs
from .route import RouteArgs
from .wait import WaitArgs


class DedicatedGatewayArgs(TypedDict):
    """A Gateway of its own in a namespace of its own, with one ClientTrafficPolicy."""

    kubeconfig: NotRequired[pulumi.Input[str]]
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig; its current one where missing."""
    controller_namespace: NotRequired[pulumi.Input[str]]
    """Namespace of Envoy Gateway's controller."""
    ai_gateway_version: NotRequired[str]
    """Version of the Envoy AI Gateway on the cluster, e.g. 1.1.0."""
    namespace: NotRequired[NamespaceArgs]
    """The dedicated namespace."""
    gateway: NotRequired[GatewayArgs]
    """The Gateway."""
    listeners: dict[str, ListenerArgs]
    """Listeners by their name, one per authentication method."""
    client_traffic: NotRequired[ClientTrafficArgs]
    """What a client may send."""
    identity_headers: list[str]
    """Every header that a policy of these listeners sets or a limit keys on; all are stripped from
    requests, so that nobody can claim to be somebody else."""
    wait: NotRequired[WaitArgs]
    """How long `up` waits for the controllers."""


class PolicyTargetArgs(TypedDict):
    """What a SecurityPolicy is attached to: one listener of a Gateway, or one whole route."""

    gateway: NotRequired[pulumi.Input[str]]
    """Name of the Gateway; needs `listener`."""
    listener: NotRequired[str]
    """Name of the listener, which covers every route on it."""
    route: NotRequired[pulumi.Input[str]]
    """Name of the AIGatewayRoute. Other routes of its listener are not covered."""


class OidcAuthenticationArgs(TypedDict):
    """The JWT SecurityPolicy of one target."""

    kubeconfig: NotRequired[pulumi.Input[str]]
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig; its current one where missing."""
    namespace: pulumi.Input[str]
    """Namespace of the target; the policy goes there too."""
    target: PolicyTargetArgs
    """What the policy is attached to."""
    settings: OidcSettingsArgs
    """Who may pass."""
    wait: NotRequired[WaitArgs]
    """How long `up` waits for the controllers."""


class ApiKeyAuthenticationArgs(TypedDict):
    """The API-key SecurityPolicy of one target."""

    kubeconfig: NotRequired[pulumi.Input[str]]
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig; its current one where missing."""
    namespace: pulumi.Input[str]
    """Namespace of the target; the policy goes there too."""
    target: PolicyTargetArgs
    """What the policy is attached to."""
    settings: ApiKeySettingsArgs
    """Who may pass."""
    wait: NotRequired[WaitArgs]
    """How long `up` waits for the controllers."""


class ApiKeysArgs(TypedDict):
    """One random key per consumer, in one Secret."""

    namespace: pulumi.Input[str]
    """Namespace of the Secret."""
    secret_name: NotRequired[str]
    """Name of the Secret with one data key per client id."""
    consumers: dict[str, ConsumerArgs]
    """Consumers with an API key, by their client id."""


class ModelRouteArgs(TypedDict):
    """The AIGatewayRoute hook-up to the listeners of one Gateway."""

    kubeconfig: NotRequired[pulumi.Input[str]]
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig; its current one where missing."""
    namespace: pulumi.Input[str]
    """Namespace of the Gateway; the route goes there too."""
    gateway: pulumi.Input[str]
    """Name of the Gateway."""
    listeners: list[str]
    """Names of the listeners that the route is attached to."""
    route: RouteArgs
    """The route."""
    wait: NotRequired[WaitArgs]
    """How long `up` waits for the controllers."""
