"""The commands `keys ...`."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from ai_gateway_auth.models.api_key import ApiKeySettings
from ai_gateway_auth.models.fields import days

from . import key_changes, key_table, outputs, stack_folder, yaml_edit
from .difference import difference
from .file_replacement import replace
from .refusal import Refused, told
from .stack_folder import Stack, check_change
from .yaml_edit import Edited, Fields

commands = typer.Typer(
    help="The API keys of a stack: who has one, hand over, rotate, revoke.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

StackName = Annotated[str, typer.Option("--stack", help="Name of the stack, as Pulumi takes it.")]
Folder = Annotated[
    Path, typer.Option("--cwd", help="The Pulumi project's folder, where Pulumi.yaml is.")
]
OutputsFile = Annotated[
    str | None,
    typer.Option(
        "--outputs",
        metavar="FILE",
        help="The stack's outputs, as `pulumi stack output --json` printed them; - is stdin. "
        "Without it, pulumi is asked.",
    ),
]
ClientId = Annotated[str, typer.Argument(metavar="CONSUMER", help="Its client id.")]
ClientIds = Annotated[list[str], typer.Argument(metavar="CONSUMER", help="Their client ids.")]
_HERE = Path()


@commands.command("list")
def list_(
    stack: StackName,
    cwd: Folder = _HERE,
    outputs_file: OutputsFile = None,
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="The config alone, without the stack's outputs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the consumers and what holds for their keys. Never a key."""
    today = _today()
    with told():
        if offline and outputs_file is not None:
            raise Refused(
                "--offline and --outputs were both given.",
                "Offline, there are no outputs.",
                "Leave one out.",
            )
        found = stack_folder.load(cwd, stack, today)
        deployed = None
        if not offline:
            deployed = outputs.deployed_keys(_outputs(found, cwd, outputs_file))
        settings = found.config.api_key or ApiKeySettings()
        rows = key_table.rows(
            found.config.consumers, deployed, days(settings.expiry_warning), today
        )
    if as_json:
        typer.echo(json.dumps(key_table.as_data(rows, today), indent=2))
    else:
        typer.echo(key_table.as_text(rows, today))


@commands.command()
def show(
    consumer: ClientId,
    stack: StackName,
    cwd: Folder = _HERE,
    outputs_file: OutputsFile = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Also to a pipe or a file, where it stays.")
    ] = False,
) -> None:
    """Print one consumer's key, and nothing else."""
    today = _today()
    with told():
        if not yes and not sys.stdout.isatty():
            raise Refused(
                "The key was not printed.",
                "The output is no terminal, so that the key might stay in a file or a log.",
                "Add --yes if that is what you mean.",
            )
        found = stack_folder.load(cwd, stack, today)
        settings = key_changes.known(found.config.consumers, consumer)
        key_changes.refuse_without_key(consumer, settings, today)
        given = _outputs(found, cwd, outputs_file, secrets=True)
        key = outputs.api_keys(given).get(consumer)
        if key is None:
            raise Refused(
                f"{consumer} has no key yet.", "It was never deployed.", "Run `pulumi up` first."
            )
    typer.echo(key)


@commands.command()
def rotate(
    consumers: ClientIds,
    stack: StackName,
    overlap_for: Annotated[
        str | None,
        typer.Option(metavar="DAYS", help="How long the key before stays valid, e.g. 7d."),
    ] = None,
    cwd: Folder = _HERE,
) -> None:
    """Write into the stack's file that consumers get a new key with the next `up`."""
    today = _today()
    with told():
        found = stack_folder.load(cwd, stack, today)
        changes = key_changes.rotation(
            found.config.consumers, dict.fromkeys(consumers), overlap_for, today
        )
        edit = _edit(found, changes, today)
    _tell(found, edit, "Each makes a new key; rotate none of them again before that.")
    ending = [
        client_id
        for client_id in changes
        if overlap_for is None and found.config.consumers[client_id].overlap_for is None
    ]
    if ending:
        typer.echo(
            f"The key before ends at once, for lack of overlapFor: {', '.join(ending)}.", err=True
        )


@commands.command()
def revoke(
    consumers: ClientIds,
    stack: StackName,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, for the audit.")] = None,
    cwd: Folder = _HERE,
) -> None:
    """Write into the stack's file that consumers have no key from the next `up` on."""
    today = _today()
    with told():
        found = stack_folder.load(cwd, stack, today)
        changes = key_changes.revocation(found.config.consumers, dict.fromkeys(consumers), reason)
        if not changes:
            typer.echo("The config says so already; nothing was changed.", err=True)
            return
        edit = _edit(found, changes, today)
    _tell(found, edit, "The keys are valid until then.")


def _today() -> date:
    return datetime.now(UTC).date()


def _outputs(
    stack: Stack, folder: Path, file: str | None, *, secrets: bool = False
) -> outputs.Outputs:
    if file is not None:
        return outputs.from_file(file)
    return outputs.from_pulumi(stack.name, folder, secrets=secrets)


def _edit(stack: Stack, changes: Mapping[str, Fields], today: date) -> Edited:
    text = stack.consumers_file.read_bytes().decode()
    edit = yaml_edit.edited(text, stack.consumers_places, changes)
    replace(stack.consumers_file, edit.after, lambda file: check_change(stack, file, today))
    return edit


def _tell(stack: Stack, edit: Edited, then: str) -> None:
    typer.echo(difference(str(stack.consumers_file), edit))
    typer.echo(f"Look at it, and run `pulumi up --stack {stack.name}`. {then}", err=True)
