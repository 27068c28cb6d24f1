"""`tidewatch log …`: is it what was written, and all of it for those who ask."""

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
    from tidewatch.commands.verifying import CannotVerify, verification  # noqa: PLC0415

    try:
        faults, sentence = verification(home, against, key or [])
    except CannotVerify as error:
        fail(str(error))
    show("\n".join([*faults, sentence]))
    raise typer.Exit(1 if faults else 0)


@log.command("key")
def log_key(home: Home = DEFAULT_HOME) -> None:
    """Print the public key of the checkpoints, to be kept where nobody who writes the log can change it."""
    from tidewatch.commands.verifying import CannotVerify, public_key  # noqa: PLC0415

    try:
        show(public_key(home))
    except CannotVerify as error:
        fail(str(error))


@log.command("export")
def export_log(
    home: Home = DEFAULT_HOME,
    out: Annotated[Path | None, typer.Option(help="Write here instead of showing it.")] = None,
) -> None:
    """Every event of every stream as JSON Lines, for auditors. Exit status 1: some records cannot be read."""
    from tidewatch.commands.exporting import CannotExport, export_to  # noqa: PLC0415

    try:
        damaged = export_to(home, out)
    except CannotExport as error:
        fail(str(error))
    if damaged:
        sys.stderr.write(f"tidewatch: {damaged}\n")
        raise typer.Exit(1)


@log.command("schema")
def log_schema() -> None:
    """Print the JSON Schema of a line of `log export`."""
    from tidewatch.domain.incident.export import schema_text  # noqa: PLC0415

    sys.stdout.write(schema_text())


@log.command("kinds")
def log_kinds() -> None:
    """Print every kind of event and what its data holds, as Markdown."""
    from tidewatch.render.events_page import events_page  # noqa: PLC0415

    sys.stdout.write(events_page())
