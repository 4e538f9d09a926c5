"""API-key authentication: callers with a static key."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .access import Cors, ExtAuth
from .base import Mistake, Model, Path
from .fields import Cidr, Days, HeaderName, IdentityHeader, ResourceName
from .listener import Listener
from .shards import Shards


class ApiKeySettings(Model):
    """The API-key SecurityPolicy of one listener."""

    listener: Listener | None = None
    """The listener for callers with a key; needed with `attach: listener`."""
    policy_name: ResourceName = "maas-apikey-auth"
    """Name of the SecurityPolicy."""
    secret_name: ResourceName = "maas-api-keys"  # noqa: S105 - a name, not a secret
    """Name of the Secret with one data key per client id; further ones end in -1, -2 ..."""
    shards: Shards = Shards()
    """Over how many Secrets the keys are spread."""
    expiry_warning: Days = "14d"
    """How long before a key expires `preview` and `up` say so."""
    headers: Annotated[list[HeaderName], Field(min_length=1, max_length=8)] = [
        "X-API-Key",
        "Authorization",
    ]
    """Headers that may carry the key; the first that has a value decides. With Authorization,
    `Bearer <key>` works and so do the OpenAI SDKs."""
    forward_client_id_header: IdentityHeader = "x-user-id"
    """Header that tells the model's backend and the limits which consumer it is."""
    lua: bool = False
    """Complete the identity by a script: one client id for both keys of a consumer, and headers for
    its team and tier. Envoy Gateway needs `extensionApis.enableLua` for it."""
    team_header: IdentityHeader = "x-user-group"
    """Header that tells a consumer's team, with `lua`."""
    tier_header: IdentityHeader = "x-user-tier"
    """Header that tells a consumer's tier, with `lua`."""
    cors: Cors | None = None
    """Answer browsers' preflights."""
    client_cidrs: list[Cidr] = []
    """Networks that callers must come from; any where empty."""
    ext_auth: ExtAuth | None = None
    """A further check of each request."""

    def identity_headers(self) -> list[str]:
        """Headers that the method itself sets."""
        more = [self.team_header, self.tier_header] if self.lua else []
        return [self.forward_client_id_header, *more]

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Each identity has a header of its own."""
        del today
        headers = self.identity_headers()
        if len(set(headers)) < len(headers):
            yield Mistake(
                ("teamHeader",),
                self.team_header,
                "client id, team and tier have a header each, because one would overwrite the "
                "other.",
                "use three names; the defaults are x-user-id, x-user-group and x-user-tier.",
            )


def key_header_mistakes(
    settings: ApiKeySettings, identity_headers: Collection[str], path: Path
) -> Iterator[Mistake]:
    """A header that is stripped can't carry the key; the path leads to the settings."""
    for index, header in enumerate(settings.headers):
        if header.lower() in identity_headers:
            yield Mistake(
                (*path, "headers", index),
                header,
                "a header can't carry both the key and an identity, because identity headers "
                "are stripped before the key is read.",
                "use X-API-Key or Authorization for the key.",
            )
