"""Issuers; mirrors models/issuer.py."""

from typing import NotRequired, TypedDict

import pulumi


class DexArgs(TypedDict):
    """Dex, the platform's own identity provider. https://dexidp.io/docs/"""

    address: pulumi.Input[str]
    """Platform address, e.g. idp.example.com: Dex publishes its issuer at /dex there."""


class KeycloakArgs(TypedDict):
    """A Keycloak realm. https://www.keycloak.org/securing-apps/oidc-layers"""

    address: pulumi.Input[str]
    """Address of the Keycloak server."""
    realm: pulumi.Input[str]
    """Name of the realm."""


class Auth0Args(TypedDict):
    """An Auth0 tenant. https://auth0.com/docs/get-started/applications/application-settings"""

    domain: pulumi.Input[str]
    """Domain of the tenant, e.g. example.eu.auth0.com."""


class OktaArgs(TypedDict):
    """An Okta authorization server. https://developer.okta.com/docs/concepts/auth-servers/"""

    domain: pulumi.Input[str]
    """Domain of the organization, e.g. example.okta.com."""
    authorization_server: NotRequired[pulumi.Input[str]]
    """Id of the custom authorization server; tokens of the org server can't be validated."""


class GoogleArgs(TypedDict):
    """Google accounts. https://developers.google.com/identity/openid-connect/openid-connect

    Anybody with a Google account can get a token for a client id whose consent screen is external.
    """

    hosted_domain: NotRequired[pulumi.Input[str]]
    """Workspace domain whose accounts may pass (claim `hd`); all Google accounts where missing."""


class GithubActionsArgs(TypedDict):
    """GitHub Actions. https://docs.github.com/actions/security-for-github-actions

    Any workflow of anybody can get a token with an audience of its choice, so the owner or the
    repositories are demanded and checked by a deny-by-default rule in the same policy.
    """

    owner: NotRequired[pulumi.Input[str]]
    """Organization or user whose workflows may pass (claim `repository_owner`)."""
    repositories: NotRequired[list[pulumi.Input[str]]]
    """Repositories, as owner/name, whose workflows may pass (claim `repository`)."""


class EntraIdArgs(TypedDict):
    """An Entra ID tenant. https://learn.microsoft.com/entra/identity-platform/access-tokens

    Every user, guests included, and every application of the tenant can get a token for your
    application unless assignment is required there.
    """

    tenant_id: pulumi.Input[str]
    """Directory (tenant) id."""


class CustomIssuerArgs(TypedDict):
    """Any other OIDC issuer, by explicit values."""

    issuer: pulumi.Input[str]
    """The `iss` of its tokens, letter by letter."""
    jwks_uri: pulumi.Input[str]
    """Where its signing keys are published."""


class JwksArgs(TypedDict):
    """Another way to the signing keys than the preset's, e.g. inside the cluster."""

    uri: NotRequired[pulumi.Input[str]]
    """Where to fetch the keys, e.g. http://dex.dex.svc.cluster.local:5556/dex/keys."""
    ca_config_map: NotRequired[pulumi.Input[str]]
    """ConfigMap in the Gateway's namespace whose `ca.crt` signs that server's certificate."""
