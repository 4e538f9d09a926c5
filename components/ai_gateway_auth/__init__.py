"""Authentication in front of Envoy AI Gateway, closed by construction."""
