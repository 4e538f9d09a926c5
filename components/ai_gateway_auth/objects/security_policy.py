"""SecurityPolicies. https://gateway.envoyproxy.io/docs/api/extension_types/#securitypolicyspec.

A target takes one SecurityPolicy (a second is Conflicted), so everything about one listener stands
in one spec: authentication, claims, client CIDRs, CORS and extAuth.
"""

from collections.abc import Mapping, Sequence

from ai_gateway_auth.models.access import Cors, ExtAuth
from ai_gateway_auth.models.api_key import ApiKeySettings
from ai_gateway_auth.models.components import PolicyTarget
from ai_gateway_auth.models.oidc import OidcSettings
from ai_gateway_auth.models.provider import JwtProvider, RequiredClaim
from ai_gateway_auth.models.shards import secret_names

from .jwks import has_jwks_backend, jwks_backend_name
from .metadata import ENVOY_GATEWAY_API, GATEWAY_API, Spec, gateway_reference, reference


def jwt_policy_spec(settings: OidcSettings, target: PolicyTarget, policy_name: str) -> Spec:
    """Tokens of the stack's issuers, from the Authorization header and from nowhere else.

    `extractFrom` is always explicit: without it, Envoy also takes a token from the query string
    (`?access_token=`), where it ends in logs (measured with Envoy 1.38.3).
    """
    providers = [
        _provider(name, provider, policy_name)
        for name, provider in sorted(settings.providers.items())
    ]
    rules = _jwt_rules(settings)
    return {
        "targetRefs": [_target(target)],
        "jwt": {"optional": settings.optional, "providers": providers},
        **({"authorization": {"defaultAction": "Deny", "rules": rules}} if rules else {}),
        **_beside_authentication(settings.cors, settings.ext_auth),
    }


def api_key_policy_spec(settings: ApiKeySettings, target: PolicyTarget) -> Spec:
    """Keys of the stack's Secrets; the key itself is removed before the backend (`sanitize`)."""
    rules = [_rule("client-cidrs", _principal(settings.client_cidrs, None))]
    return {
        "targetRefs": [_target(target)],
        "apiKeyAuth": {
            "credentialRefs": [
                reference("", "Secret", name)
                for name in secret_names(settings.secret_name, settings.shards)
            ],
            "extractFrom": [{"headers": list(settings.headers)}],
            "forwardClientIDHeader": settings.forward_client_id_header,
            "sanitize": True,
        },
        **(
            {"authorization": {"defaultAction": "Deny", "rules": rules}}
            if settings.client_cidrs
            else {}
        ),
        **_beside_authentication(settings.cors, settings.ext_auth),
    }


def closed_policy_spec(gateway: str) -> Spec:
    """Deny everything on the whole Gateway.

    A listener's own policy replaces this one for that listener. Where a listener has none, because
    it is being replaced, was deleted by hand or never made, requests get 403 and not an answer.
    """
    return {
        "targetRefs": [gateway_reference(gateway)],
        "authorization": {"defaultAction": "Deny"},
    }


def redirect_policy_spec(route: str) -> Spec:
    """Let everybody reach a route that does nothing but redirect to HTTPS."""
    return {
        "targetRefs": [reference(GATEWAY_API, "HTTPRoute", route)],
        "authorization": {"defaultAction": "Allow"},
    }


def _target(target: PolicyTarget) -> Spec:
    if target.route is not None:
        return reference(GATEWAY_API, "HTTPRoute", target.route)
    return gateway_reference(target.gateway or "", target.listener)


def _provider(name: str, provider: JwtProvider, policy_name: str) -> Spec:
    issuer, jwks_uri = provider.endpoints()
    remote_jwks: Spec = {"uri": jwks_uri}
    if has_jwks_backend(provider):
        backend = jwks_backend_name(policy_name, name)
        remote_jwks["backendRefs"] = [reference(ENVOY_GATEWAY_API, "Backend", backend)]
    return {
        "name": name,
        "issuer": issuer,
        "audiences": list(provider.audiences),
        "remoteJWKS": remote_jwks,
        "extractFrom": {"headers": [{"name": "Authorization", "valuePrefix": "Bearer "}]},
        "claimToHeaders": [
            {"claim": claim, "header": header}
            for claim, header in sorted(provider.claim_to_headers.items())
        ],
    }


def _jwt_rules(settings: OidcSettings) -> list[Spec]:
    """One Allow rule per provider, or none where every good token may pass."""
    if not (settings.client_cidrs or settings.demands_claims()):
        return []
    return [
        _rule(name, _principal(settings.client_cidrs, _jwt_principal(name, provider)))
        for name, provider in sorted(settings.providers.items())
    ]


def _jwt_principal(name: str, provider: JwtProvider) -> Spec:
    # A rule needs at least one claim. A provider that demands none still needs a rule beside one
    # that does; its `iss`, which the JWT filter has checked already, stands for any of its tokens.
    claims = provider.claim_rules() or {"iss": RequiredClaim(values=[provider.endpoints().issuer])}
    return {"provider": name, "claims": _claims(claims)}


def _claims(claims: Mapping[str, RequiredClaim]) -> list[Spec]:
    return [
        {
            "name": name,
            "valueType": "StringArray" if claim.array else "String",
            "values": list(claim.values),
        }
        for name, claim in sorted(claims.items())
    ]


def _principal(client_cidrs: Sequence[str], jwt: Spec | None) -> Spec:
    cidrs = {"clientCIDRs": list(client_cidrs)} if client_cidrs else {}
    return {**cidrs, **({} if jwt is None else {"jwt": jwt})}


def _rule(name: str, principal: Spec) -> Spec:
    return {"name": name, "action": "Allow", "principal": principal}


def _beside_authentication(cors: Cors | None, ext_auth: ExtAuth | None) -> Spec:
    return {
        **({} if cors is None else {"cors": _cors(cors)}),
        **({} if ext_auth is None else {"extAuth": _ext_auth(ext_auth)}),
    }


def _cors(cors: Cors) -> Spec:
    spec: Spec = {
        "allowOrigins": list(cors.allow_origins),
        "allowMethods": list(cors.allow_methods),
        "allowHeaders": list(cors.allow_headers),
        "maxAge": cors.max_age,
    }
    if cors.expose_headers:
        spec["exposeHeaders"] = list(cors.expose_headers)
    return spec


def _ext_auth(ext_auth: ExtAuth) -> Spec:
    http: Spec = {
        "backendRefs": [reference("", "Service", ext_auth.service, port=ext_auth.port)],
        "path": ext_auth.path,
    }
    if ext_auth.headers_to_backend:
        http["headersToBackend"] = list(ext_auth.headers_to_backend)
    return {"failOpen": False, "http": http}
