"""Args of `AuthenticatedGateway`: the whole config of a stack."""

from typing import NotRequired, TypedDict

import pulumi

from ai_gateway_auth.models.stack import Attach

from .api_key import ApiKeySettingsArgs
from .client_traffic import ClientTrafficArgs
from .consumer import ConsumerArgs
from .gateway import GatewayArgs
from .namespace import NamespaceArgs
from .oidc import OidcSettingsArgs
from .route import RouteArgs
from .wait import WaitArgs


class AuthenticatedGatewayArgs(TypedDict):
    """Everything that a stack's file may say."""

    kubeconfig: NotRequired[pulumi.Input[str]]
    """Path or content of the kubeconfig; KUBECONFIG or ~/.kube/config where missing."""
    context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig; its current one where missing."""
    controller_namespace: NotRequired[pulumi.Input[str]]
    """Namespace of Envoy Gateway's controller."""
    ai_gateway_version: NotRequired[str]
    """Version of the Envoy AI Gateway on the cluster, e.g. 1.1.0."""
    attach: NotRequired[Attach]
    """`listener`: the policies cover every route of our Gateway's listeners. `route`: one policy on
    one existing route of a Gateway that somebody else owns."""
    namespace: NotRequired[NamespaceArgs]
    """The dedicated namespace."""
    gateway: NotRequired[GatewayArgs]
    """The Gateway."""
    client_traffic: NotRequired[ClientTrafficArgs]
    """What a client may send."""
    oidc: NotRequired[OidcSettingsArgs]
    """Callers with a token (JWT) of an OIDC issuer."""
    api_key: NotRequired[ApiKeySettingsArgs]
    """Callers with an API key."""
    consumers: NotRequired[dict[str, ConsumerArgs]]
    """Consumers with an API key, by their client id; a stack's file may say `{file: name}`."""
    imported_keys: NotRequired[dict[str, pulumi.Input[str]]]
    """Keys that exist already, by client id: each is the consumer's first one. Secret."""
    protect: NotRequired[bool]
    """Whether `destroy` and changes that would replace them are refused for the Namespace, the
    Gateway, the policies, the Secrets of keys and the route."""
    adopt: NotRequired[bool]
    """Take over objects that exist already, after the stack's state was lost. For one `up`."""
    route: NotRequired[RouteArgs]
    """The AIGatewayRoute hook-up."""
    wait: NotRequired[WaitArgs]
    """How long `up` waits for the controllers."""
