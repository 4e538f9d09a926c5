"""The command `ai-gateway-auth`."""

import sys

_LIBRARIES = ("typer", "click", "rich")


def main() -> None:
    """Run the command that the words of the command line name."""
    try:
        # The command's libraries are an extra: a stack's program does without them.
        from .app import app  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in _LIBRARIES:
            raise
        sys.exit(
            "The command ai-gateway-auth needs more than the package itself: "
            "pip install 'ai-gateway-auth[cli]'."
        )
    app()
