"""OIDC authentication: callers with a JWT of one of several issuers."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .access import Cors, ExtAuth
from .base import Mistake, Model, Warning_
from .fields import Cidr, Date, DnsLabel, ResourceName
from .listener import Listener
from .provider import JwtProvider


class OidcSettings(Model):
    """The JWT SecurityPolicy of one listener."""

    listener: Listener | None = None
    """The listener for callers with a token; needed with `attach: listener`."""
    policy_name: ResourceName = "maas-oidc-auth"
    """Name of the SecurityPolicy."""
    providers: Annotated[dict[DnsLabel, JwtProvider], Field(min_length=1, max_length=16)]
    """Issuers whose tokens are accepted, by a name of your choice."""
    disjoint_identities: bool = False
    """Declares that no two providers ever give the same value to one identity header."""
    optional: bool = False
    """Let requests without a token pass, for a roll-out. Needs `until`."""
    until: Date | None = None
    """The first day on which `optional: true` is refused."""
    cors: Cors | None = None
    """Answer browsers' preflights."""
    client_cidrs: list[Cidr] = []
    """Networks that callers must come from; any where empty."""
    ext_auth: ExtAuth | None = None
    """A further check of each request."""

    def demands_claims(self) -> bool:
        """Whether any provider restricts who may pass by claims."""
        return any(
            provider.claim_rules()
            for provider in self.providers.values()
            if len(provider.presets()) == 1
        )

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """A roll-out ends, and one header means one identity."""
        yield from self._optional_mistakes(today)
        yield from self._shared_header_mistakes()

    def _optional_mistakes(self, today: date) -> Iterator[Mistake]:
        if not self.optional:
            return
        if self.until is None:
            yield Mistake(
                ("optional",),
                self.optional,
                "optional: true needs `until`, because without a token everybody passes.",
                "add until: DATE, the first day on which a token is demanded.",
            )
        elif self.until <= today:
            yield Mistake(
                ("until",),
                self.until.isoformat(),
                "optional: true is refused from this day on, because the roll-out was to end.",
                "remove optional and until, or move until.",
            )
        if self.client_cidrs or self.demands_claims():
            yield Mistake(
                ("optional",),
                self.optional,
                "optional: true does not go with required claims or client CIDRs, because their "
                "deny-by-default rule refuses requests without a token.",
                "remove optional, or the rules until the roll-out has ended.",
            )

    def _shared_header_mistakes(self) -> Iterator[Mistake]:
        owner: dict[str, str] = {}
        for name, provider in self.providers.items():
            for claim, header in provider.claim_to_headers.items():
                other = owner.setdefault(header, name)
                if other != name and header == "x-user-id" and not self.disjoint_identities:
                    yield Mistake(
                        ("providers", name, "claimToHeaders", claim),
                        header,
                        f"providers {other} and {name} both set {header}, so that a user of one "
                        "could have the identity of a user of the other.",
                        "map it to a header with a prefix of its own (x-ci-user-id), or say "
                        "disjointIdentities: true.",
                    )

    def warnings(self, today: date) -> Iterator[Warning_]:
        """An open door, until when."""
        del today
        if self.optional:
            yield Warning_(
                ("optional",),
                f"requests without a token pass until {self.until}; a wrong token is refused.",
            )
