"""The data of the Secret that holds the API keys."""

import base64

KEY_BYTES = 32
"""Random bytes of a key; the key itself is their hex text, 64 characters long."""


def encoded(key: str) -> str:
    """A key as a Secret's `data` holds it."""
    return base64.b64encode(key.encode()).decode()
