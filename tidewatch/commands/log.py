"""`tidewatch log …`: is the log what was written, and all of it for auditors."""
# ruff: noqa: PLC0415 - pydantic, cryptography: whoever asks for something else need not wait for them

import sys
from pathlib import Path
from typing import Annotated

import typer

from tidewatch.commands.options import DEFAULT_HOME, Home, fail, show

log = typer.Typer(no_args_is_help=True, help="The incident log.")


@log.command("verify")
def verify(
    home: Home = DEFAULT_HOME,
    against: Annotated[str, typer.Option(help="A hash kept outside: of a daily message, or of a card.")] = "",
    key: Annotated[list[str] | None, typer.Option(help="The public key you kept, instead of the one here.")] = None,
) -> None:
    """Check every record and checkpoint. Exit status 0: all as written, 1: faults, 2: nothing to check with."""
    from tidewatch.commands.verifying import CannotVerify, verification

    try:
        faults, sentence = verification(home, against, key or [])
    except CannotVerify as error:
        fail(str(error))
    show("\n".join([*faults, sentence]))
    raise typer.Exit(1 if faults else 0)


@log.command("key")
def log_key(home: Home = DEFAULT_HOME) -> None:
    """Print the public key of the checkpoints, to be kept where nobody who writes the log can change it."""
    from tidewatch.commands.verifying import CannotVerify, public_key

    try:
        show(public_key(home))
    except CannotVerify as error:
        fail(str(error))


@log.command("export")
def export_events(
    home: Home = DEFAULT_HOME,
    out: Annotated[Path | None, typer.Option(help="Write here instead of to the screen.")] = None,
) -> None:
    """Every event of every stream as JSON Lines, with its texts. Exit status 0: all as written, 1: faults."""
    from tidewatch.commands.exporting import CannotWrite, write_log

    try:
        faults, sentence = write_log(home, out, sys.stdout.write)
    except CannotWrite as error:
        fail(str(error))
    sys.stderr.writelines(f"{line}\n" for line in [*faults, sentence])
    raise typer.Exit(1 if faults else 0)


@log.command("schema")
def log_schema() -> None:
    """Print the JSON Schema of a line of `log export`."""
    from tidewatch.domain.export import schema_text

    sys.stdout.write(schema_text())


@log.command("kinds")
def log_kinds() -> None:
    """Print every kind of event, what it means and what belongs to it, as Markdown."""
    from tidewatch.domain.incident.kinds import kinds_page

    sys.stdout.write(kinds_page())
