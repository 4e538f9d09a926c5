"""What a command says when it can't do what it was asked."""

import difflib
from collections.abc import Collection, Generator
from contextlib import contextmanager

import typer

from ai_gateway_auth.models import ConfigError


class Refused(Exception):  # noqa: N818 - it is an answer
    """A command can't be done; the text says what, why and how to mend it, and holds no key."""

    def __init__(self, what: str, why: str, remedy: str) -> None:
        """Keep the three as one text."""
        super().__init__(f"{what} {why} {remedy}")


@contextmanager
def told() -> Generator[None]:
    """Tell what was refused on stderr, and end with 1."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        typer.echo(
            f"{error.filename or 'A file'} can't be read or written. The system says: "
            f"{error.strerror or type(error).__name__}. Mend that, and run the command again; "
            "nothing was changed.",
            err=True,
        )
        raise typer.Exit(1) from None
    except (Refused, ConfigError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def near(name: str, names: Collection[str]) -> str:
    """A remedy that names what may have been meant."""
    found = difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.5)
    if found:
        return f"Did you mean {' or '.join(found)}?"
    some = sorted(names)[:10]
    return f"There are {', '.join(some)}{' ...' if len(names) > len(some) else ''}."
