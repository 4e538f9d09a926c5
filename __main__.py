"""A stack of ai-gateway-auth, as `pulumi up` runs it."""

from ai_gateway_auth.program import run

run()
