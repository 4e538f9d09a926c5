"""Issuers: presets that derive the issuer and the JWKS URI from the one or two values they need."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from .base import Mistake, Model, Warning_, pending
from .fields import Address, LateResourceName, NonEmpty, Url


class Endpoints(NamedTuple):
    """What a JWT provider needs to know of its issuer."""

    issuer: str
    jwks_uri: str


class Dex(Model):
    """Dex, the platform's own identity provider. https://dexidp.io/docs/"""

    address: Address
    """Platform address, e.g. idp.example.com: Dex publishes its issuer at /dex there."""

    def endpoints(self) -> Endpoints:
        """Issuer /dex, keys /dex/keys."""
        issuer = f"https://{self.address}/dex"
        return Endpoints(issuer, f"{issuer}/keys")


class Keycloak(Model):
    """A Keycloak realm. https://www.keycloak.org/securing-apps/oidc-layers"""

    address: Address
    """Address of the Keycloak server."""
    realm: NonEmpty
    """Name of the realm."""

    def endpoints(self) -> Endpoints:
        """Issuer /realms/<realm> (Keycloak 17 and newer)."""
        issuer = f"https://{self.address}/realms/{self.realm}"
        return Endpoints(issuer, f"{issuer}/protocol/openid-connect/certs")


class Auth0(Model):
    """An Auth0 tenant. https://auth0.com/docs/get-started/applications/application-settings"""

    domain: Address
    """Domain of the tenant, e.g. example.eu.auth0.com."""

    def endpoints(self) -> Endpoints:
        """Auth0's issuer ends in a slash."""
        return Endpoints(f"https://{self.domain}/", f"https://{self.domain}/.well-known/jwks.json")


class Okta(Model):
    """An Okta authorization server. https://developer.okta.com/docs/concepts/auth-servers/"""

    domain: Address
    """Domain of the organization, e.g. example.okta.com."""
    authorization_server: NonEmpty = "default"
    """Id of the custom authorization server; tokens of the org server can't be validated."""

    def endpoints(self) -> Endpoints:
        """Issuer /oauth2/<authorization server>."""
        issuer = f"https://{self.domain}/oauth2/{self.authorization_server}"
        return Endpoints(issuer, f"{issuer}/v1/keys")


class Google(Model):
    """Google accounts. https://developers.google.com/identity/openid-connect/openid-connect

    Anybody with a Google account can get a token for a client id whose consent screen is external.
    """

    hosted_domain: NonEmpty | None = None
    """Workspace domain whose accounts may pass (claim `hd`); all Google accounts where missing."""

    def endpoints(self) -> Endpoints:
        """One issuer for everybody."""
        return Endpoints(
            "https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs"
        )

    def required_claims(self) -> dict[str, list[str]]:
        """The workspace, where one is given."""
        return {} if self.hosted_domain is None else {"hd": [self.hosted_domain]}

    def warnings(self, today: date) -> Iterator[Warning_]:
        """Who can get a token."""
        del today
        if self.hosted_domain is None:
            yield Warning_(
                (),
                "anybody with a Google account can get a token for a client id whose consent "
                "screen is external; hostedDomain restricts it to one Workspace.",
            )


class GithubActions(Model):
    """GitHub Actions. https://docs.github.com/actions/security-for-github-actions

    Any workflow of anybody can get a token with an audience of its choice, so the owner or the
    repositories are demanded and checked by a deny-by-default rule in the same policy.
    """

    owner: NonEmpty | None = None
    """Organization or user whose workflows may pass (claim `repository_owner`)."""
    repositories: list[NonEmpty] = []
    """Repositories, as owner/name, whose workflows may pass (claim `repository`)."""

    def endpoints(self) -> Endpoints:
        """One issuer for all of github.com."""
        issuer = "https://token.actions.githubusercontent.com"
        return Endpoints(issuer, f"{issuer}/.well-known/jwks")

    def required_claims(self) -> dict[str, list[str]]:
        """The owner, the repositories, or both."""
        claims = {} if self.owner is None else {"repository_owner": [self.owner]}
        return claims | ({"repository": list(self.repositories)} if self.repositories else {})

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """Somebody must be named."""
        del today
        if self.owner is None and not self.repositories:
            yield Mistake(
                (),
                None,
                "githubActions names an owner or repositories, because any workflow on GitHub "
                "can get a token with your audience.",
                "add owner: my-org, or repositories: [my-org/my-repo].",
            )
        for index, repository in enumerate(self.repositories):
            if not pending(repository) and repository.count("/") != 1:
                yield Mistake(
                    ("repositories", index),
                    repository,
                    "a repository is written owner/name, because that is what the claim "
                    "`repository` holds.",
                    "write e.g. my-org/my-repo.",
                )


_ENTRA_ANY_TENANT = {"common", "organizations", "consumers"}


class EntraId(Model):
    """An Entra ID tenant. https://learn.microsoft.com/entra/identity-platform/access-tokens

    Every user, guests included, and every application of the tenant can get a token for your
    application unless assignment is required there.
    """

    tenant_id: NonEmpty
    """Directory (tenant) id."""

    def endpoints(self) -> Endpoints:
        """The v2.0 issuer."""
        host = "https://login.microsoftonline.com"
        return Endpoints(
            f"{host}/{self.tenant_id}/v2.0", f"{host}/{self.tenant_id}/discovery/v2.0/keys"
        )

    def mistakes(self, today: date) -> Iterator[Mistake]:
        """A tenant, not the door to all of them."""
        del today
        if self.tenant_id in _ENTRA_ANY_TENANT:
            yield Mistake(
                ("tenantId",),
                self.tenant_id,
                "tenantId is the id of one tenant, because `common`, `organizations` and "
                "`consumers` stand for every tenant and never appear as an issuer.",
                "use the Directory (tenant) id from the Entra admin center.",
            )

    def warnings(self, today: date) -> Iterator[Warning_]:
        """Who can get a token."""
        del today
        yield Warning_(
            (),
            "every user, guest and application of the Entra tenant can get a token for your "
            "application unless 'Assignment required' is set on it.",
        )


class CustomIssuer(Model):
    """Any other OIDC issuer, by explicit values."""

    issuer: Url
    """The `iss` of its tokens, letter by letter."""
    jwks_uri: Url
    """Where its signing keys are published."""

    def endpoints(self) -> Endpoints:
        """As given."""
        return Endpoints(self.issuer, self.jwks_uri)


Preset = Dex | Keycloak | Auth0 | Okta | Google | GithubActions | EntraId | CustomIssuer


class Jwks(Model):
    """Another way to the signing keys than the preset's, e.g. inside the cluster."""

    uri: Url | None = None
    """Where to fetch the keys, e.g. http://dex.dex.svc.cluster.local:5556/dex/keys."""
    ca_config_map: LateResourceName | None = None
    """ConfigMap in the Gateway's namespace whose `ca.crt` signs that server's certificate."""


def known_endpoints(preset: Preset) -> Endpoints | None:
    """The endpoints, unless a value that they derive from is not known yet."""
    values = [value for _, value in preset if isinstance(value, str)]
    return None if pending(*values) else preset.endpoints()
