"""A JWT provider; mirrors models/provider.py."""

from typing import NotRequired, TypedDict

import pulumi

from .issuer import (
    Auth0Args,
    CustomIssuerArgs,
    DexArgs,
    EntraIdArgs,
    GithubActionsArgs,
    GoogleArgs,
    JwksArgs,
    KeycloakArgs,
    OktaArgs,
)


class RequiredClaimArgs(TypedDict):
    """Values of a claim, one of which a token must hold; a token without the claim gets 403."""

    values: list[pulumi.Input[str]]
    """Accepted values."""
    array: NotRequired[bool]
    """Whether the claim is an array of which one element must match, as `groups` usually is."""


class JwtProviderArgs(TypedDict):
    """One issuer whose tokens are accepted. Give exactly one of the presets, or `custom`."""

    dex: NotRequired[DexArgs]
    """Dex, the platform's own identity provider."""
    keycloak: NotRequired[KeycloakArgs]
    """A Keycloak realm."""
    auth0: NotRequired[Auth0Args]
    """An Auth0 tenant."""
    okta: NotRequired[OktaArgs]
    """An Okta authorization server."""
    google: NotRequired[GoogleArgs]
    """Google accounts."""
    github_actions: NotRequired[GithubActionsArgs]
    """GitHub Actions workflows."""
    entra_id: NotRequired[EntraIdArgs]
    """An Entra ID tenant."""
    custom: NotRequired[CustomIssuerArgs]
    """Any other issuer, by explicit values."""
    audiences: list[pulumi.Input[str]]
    """Audiences, one of which a token must have been minted for; any other token gets 403."""
    claim_to_headers: NotRequired[dict[str, str]]
    """Claims that become identity headers, e.g. {sub: x-user-id, tier: x-user-tier}."""
    required_claims: NotRequired[dict[str, RequiredClaimArgs]]
    """Claims that a token must hold, besides those that the preset demands."""
    jwks: NotRequired[JwksArgs]
    """Fetch the signing keys from elsewhere than the preset says."""
    allow_insecure_issuer: NotRequired[bool]
    """Allow http for issuer and JWKS. Whoever can answer in their place can then sign tokens."""
