"""The data of the Secret that holds the API keys."""

import base64

KEY_LENGTH = 64
"""Characters of a key: small letters and digits, 330 bits."""


def encoded(key: str) -> str:
    """A key as a Secret's `data` holds it."""
    return base64.b64encode(key.encode()).decode()
