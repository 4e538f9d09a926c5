"""All groups of commands."""

import typer

from . import keys

# Typer's own tracebacks show local variables, where a key may stand.
app = typer.Typer(
    name="ai-gateway-auth",
    help="Look after what a stack of ai-gateway-auth has deployed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(keys.commands, name="keys")


@app.callback()
def _groups() -> None:
    """Without this, Typer makes an app of one group the group itself."""
