"""The platform's own components. The name does not clash: the package is `ai_gateway_auth`."""
