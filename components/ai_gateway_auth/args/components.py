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
from .shards import ShardsArgs
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
    protect: NotRequired[bool]
    """Whether `destroy` and changes that would replace them are refused for the Namespace and the
    Gateway."""
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
    protect: NotRequired[bool]
    """Whether `destroy` and changes that would replace it are refused for the policy."""
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
    protect: NotRequired[bool]
    """Whether `destroy` and changes that would replace it are refused for the policy."""
    wait: NotRequired[WaitArgs]
    """How long `up` waits for the controllers."""


class ApiKeysArgs(TypedDict):
    """The keys of all consumers, in Secrets of their own."""

    kubeconfig: NotRequired[pulumi.Input[str]]
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig; its current one where missing."""
    namespace: pulumi.Input[str]
    """Namespace of the Secrets."""
    secret_name: NotRequired[str]
    """Name of the Secret with one data key per client id; further ones end in -1, -2 ..."""
    shards: NotRequired[ShardsArgs]
    """Over how many Secrets the keys are spread."""
    consumers: dict[str, ConsumerArgs]
    """Consumers with an API key, by their client id."""
    imported_keys: NotRequired[dict[str, pulumi.Input[str]]]
    """Keys that exist already, by client id: each is the consumer's first one. Secret."""
    expiry_warning: NotRequired[str]
    """How long before a key expires `preview` and `up` say so."""
    protect: NotRequired[bool]
    """Whether `destroy` and changes that would replace them are refused for the Secrets of keys."""
    adopt: NotRequired[bool]
    """Take over Secrets that exist already, if this changes no consumer's key."""


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
    credential_headers: NotRequired[list[str]]
    """Headers that may carry a caller's credential; no backend gets them."""
    protect: NotRequired[bool]
    """Whether `destroy` and changes that would replace it are refused for the route."""
    wait: NotRequired[WaitArgs]
    """How long `up` waits for the controllers."""
