"""A JWT provider: an issuer, the audiences it must have minted for, and the claims that matter."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .base import Mistake, Model, Note, Warning_, pending
from .fields import IdentityHeader, NonEmpty
from .issuer import (
    Auth0,
    CustomIssuer,
    Dex,
    Endpoints,
    EntraId,
    GithubActions,
    Google,
    Jwks,
    Keycloak,
    Okta,
    Preset,
    known_endpoints,
)

DEFAULT_CLAIM_TO_HEADERS = {"sub": "x-user-id", "email": "x-user-email"}


class RequiredClaim(Model):
    """Values of a claim, one of which a token must hold; a token without the claim gets 403."""

    values: Annotated[list[NonEmpty], Field(min_length=1, max_length=128)]
    """Accepted values."""
    array: bool = False
    """Whether the claim is an array of which one element must match, as `groups` usually is."""


class JwtProvider(Model):
    """One issuer whose tokens are accepted. Give exactly one of the presets, or `custom`."""

    dex: Dex | None = None
    """Dex, the platform's own identity provider."""
    keycloak: Keycloak | None = None
    """A Keycloak realm."""
    auth0: Auth0 | None = None
    """An Auth0 tenant."""
    okta: Okta | None = None
    """An Okta authorization server."""
    google: Google | None = None
    """Google accounts."""
    github_actions: GithubActions | None = None
    """GitHub Actions workflows."""
    entra_id: EntraId | None = None
    """An Entra ID tenant."""
    custom: CustomIssuer | None = None
    """Any other issuer, by explicit values."""
    audiences: Annotated[list[NonEmpty], Field(min_length=1, max_length=8)]
    """Audiences, one of which a token must have been minted for; any other token gets 403."""
    claim_to_headers: dict[NonEmpty, IdentityHeader] = DEFAULT_CLAIM_TO_HEADERS
    """Claims that become identity headers, e.g. {sub: x-user-id, tier: x-user-tier}."""
    required_claims: Annotated[dict[NonEmpty, RequiredClaim], Field(max_length=16)] = {}
    """Claims that a token must hold, besides those that the preset demands."""
    jwks: Jwks | None = None
    """Fetch the signing keys from elsewhere than the preset says."""
    allow_insecure_issuer: bool = False
    """Allow http for issuer and JWKS. Whoever can answer in their place can then sign tokens."""

    def presets(self) -> list[Preset]:
        """The presets that are given: exactly one in a valid provider."""
        given = (
            self.dex,
            self.keycloak,
            self.auth0,
            self.okta,
            self.google,
            self.github_actions,
            self.entra_id,
            self.custom,
        )
        return [preset for preset in given if preset is not None]

    def endpoints(self) -> Endpoints:
        """Issuer and JWKS URI."""
        issuer, jwks_uri = self.presets()[0].endpoints()
        return Endpoints(issuer, self.jwks.uri if self.jwks and self.jwks.uri else jwks_uri)

    def claim_rules(self) -> dict[str, RequiredClaim]:
        """All claims that a token must hold, the preset's first."""
        demanded = self._demanded_claims()
        return {
            claim: RequiredClaim(values=values) for claim, values in demanded.items()
        } | self.required_claims

    def _demanded_claims(self) -> dict[str, list[str]]:
        preset = self.presets()[0]
        return preset.required_claims() if isinstance(preset, Google | GithubActions) else {}

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """One issuer, over https, one claim per header."""
        del today
        yield from self._preset_mistakes()
        yield from self._header_mistakes()

    def _preset_mistakes(self) -> Iterator[Mistake]:
        presets = self.presets()
        if len(presets) != 1:
            yield Mistake(
                (),
                Note(f"{len(presets)} issuers"),
                "a provider has exactly one issuer, because a token is checked against one `iss`.",
                "give one of dex, keycloak, auth0, okta, google, githubActions, entraId, custom; "
                "each further issuer is a provider of its own.",
            )
            return
        for claim in sorted(self._demanded_claims().keys() & self.required_claims.keys()):
            yield Mistake(
                ("requiredClaims", claim),
                Note("given"),
                f"the preset demands {claim} already, and a second demand would replace the first.",
                "name the accepted values in the preset's own fields.",
            )
        yield from self._scheme_mistakes(presets[0])

    def _scheme_mistakes(self, preset: Preset) -> Iterator[Mistake]:
        known = known_endpoints(preset)
        urls = {"issuer": known.issuer, "jwksUri": known.jwks_uri} if known else {}
        paths = {"issuer": ("custom", "issuer"), "jwksUri": ("custom", "jwksUri")}
        if self.jwks and self.jwks.uri and not pending(self.jwks.uri):
            urls["jwksUri"] = self.jwks.uri
            paths["jwksUri"] = ("jwks", "uri")
        for name, url in urls.items():
            if url.startswith("http://") and not self.allow_insecure_issuer:
                yield Mistake(
                    paths[name],
                    url,
                    "issuer and JWKS are fetched over https, because whoever can answer in their "
                    "place can sign tokens.",
                    "use https, or say allowInsecureIssuer: true on the provider.",
                )

    def _header_mistakes(self) -> Iterator[Mistake]:
        for header, count in Counter(self.claim_to_headers.values()).items():
            if count > 1:
                yield Mistake(
                    ("claimToHeaders",),
                    header,
                    "two claims of one provider can't go to one header, because Envoy would "
                    "append them to each other.",
                    "give each claim a header of its own.",
                )

    def warnings(self, today: date) -> Iterator[Warning_]:
        """Arrays don't arrive as text."""
        del today
        if "groups" in self.claim_to_headers:
            yield Warning_(
                ("claimToHeaders", "groups"),
                "an array claim arrives as base64url of its JSON "
                "(measured with Envoy 1.38.3); map a claim with a single value.",
            )
