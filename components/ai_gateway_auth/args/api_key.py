"""API-key authentication; mirrors models/api_key.py."""

from typing import NotRequired, TypedDict

import pulumi

from .access import CorsArgs, ExtAuthArgs
from .listener import ListenerArgs


class ApiKeySettingsArgs(TypedDict):
    """The API-key SecurityPolicy of one listener."""

    listener: NotRequired[ListenerArgs]
    """The listener for callers with a key; needed with `attach: listener`."""
    policy_name: NotRequired[str]
    """Name of the SecurityPolicy."""
    secret_name: NotRequired[str]
    """Name of the Secret with one data key per client id."""
    headers: NotRequired[list[str]]
    """Headers that may carry the key; the first that has a value decides. With Authorization,
    `Bearer <key>` works and so do the OpenAI SDKs."""
    forward_client_id_header: NotRequired[str]
    """Header that tells the model's backend and the limits which consumer it is."""
    cors: NotRequired[CorsArgs]
    """Answer browsers' preflights."""
    client_cidrs: NotRequired[list[pulumi.Input[str]]]
    """Networks that callers must come from; any where empty."""
    ext_auth: NotRequired[ExtAuthArgs]
    """A further check of each request."""
