"""A provider of our components, for programs in other languages."""

import ai_gateway_auth
from pulumi.provider.experimental import component_provider_host

COMPONENTS = (
    ai_gateway_auth.ApiKeyAuthentication,
    ai_gateway_auth.ApiKeys,
    ai_gateway_auth.AuthenticatedGateway,
    ai_gateway_auth.DedicatedGateway,
    ai_gateway_auth.ModelRoute,
    ai_gateway_auth.OidcAuthentication,
)

if __name__ == "__main__":
    component_provider_host(list(COMPONENTS), name="ai-gateway-auth")
