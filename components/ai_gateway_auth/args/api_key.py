"""API-key authentication; mirrors models/api_key.py."""

from typing import NotRequired, TypedDict

import pulumi

from .access import CorsArgs, ExtAuthArgs
from .listener import ListenerArgs
from .shards import ShardsArgs


class ApiKeySettingsArgs(TypedDict):
    """The API-key SecurityPolicy of one listener."""

    listener: NotRequired[ListenerArgs]
    """The listener for callers with a key; needed with `attach: listener`."""
    policy_name: NotRequired[str]
    """Name of the SecurityPolicy."""
    secret_name: NotRequired[str]
    """Name of the Secret with one data key per client id; further ones end in -1, -2 ..."""
    shards: NotRequired[ShardsArgs]
    """Over how many Secrets the keys are spread."""
    expiry_warning: NotRequired[str]
    """How long before a key expires `preview` and `up` say so."""
    headers: NotRequired[list[str]]
    """Headers that may carry the key; the first that has a value decides. With Authorization,
    `Bearer <key>` works and so do the OpenAI SDKs."""
    forward_client_id_header: NotRequired[str]
    """Header that tells the model's backend and the limits which consumer it is."""
    lua: NotRequired[bool]
    """Complete the identity by a script: one client id for both keys of a consumer, and headers for
    its team and tier. Envoy Gateway needs `extensionApis.enableLua` for it."""
    team_header: NotRequired[str]
    """Header that tells a consumer's team, with `lua`."""
    tier_header: NotRequired[str]
    """Header that tells a consumer's tier, with `lua`."""
    cors: NotRequired[CorsArgs]
    """Answer browsers' preflights."""
    client_cidrs: NotRequired[list[pulumi.Input[str]]]
    """Networks that callers must come from; any where empty."""
    ext_auth: NotRequired[ExtAuthArgs]
    """A further check of each request."""
