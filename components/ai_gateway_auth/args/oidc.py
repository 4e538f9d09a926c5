"""OIDC authentication; mirrors models/oidc.py."""

from typing import NotRequired, TypedDict

import pulumi

from .access import CorsArgs, ExtAuthArgs
from .listener import ListenerArgs
from .provider import JwtProviderArgs


class OidcSettingsArgs(TypedDict):
    """The JWT SecurityPolicy of one listener."""

    listener: NotRequired[ListenerArgs]
    """The listener for callers with a token; needed with `attach: listener`."""
    policy_name: NotRequired[str]
    """Name of the SecurityPolicy."""
    providers: dict[str, JwtProviderArgs]
    """Issuers whose tokens are accepted, by a name of your choice."""
    disjoint_identities: NotRequired[bool]
    """Declares that no two providers ever give the same value to one identity header."""
    optional: NotRequired[bool]
    """Let requests without a token pass, for a roll-out. Needs `until`."""
    until: NotRequired[str]
    """The first day on which `optional: true` is refused."""
    cors: NotRequired[CorsArgs]
    """Answer browsers' preflights."""
    client_cidrs: NotRequired[list[pulumi.Input[str]]]
    """Networks that callers must come from; any where empty."""
    ext_auth: NotRequired[ExtAuthArgs]
    """A further check of each request."""
