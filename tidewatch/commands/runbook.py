"""`tidewatch runbook …`: look at the remedies, check them, try what they would do."""
# ruff: noqa: PLC0415 - pydantic, numpy: whoever asks for something else need not wait for them

import sys
from pathlib import Path
from typing import Annotated

import typer

from tidewatch.commands.options import DEFAULT_HOME, As, Home, fail, show

runbooks = typer.Typer(no_args_is_help=True, help="The remedies: list, explain, check and try them.")


@runbooks.command("list")
def list_runbooks() -> None:
    """Every runbook, and what is wrong with those that cannot be used. Exit status 1 when some cannot."""
    from tidewatch.commands.remedies import listed

    lines, wrong = listed()
    show("\n".join(lines) or "There are no runbooks.")
    sys.stderr.writelines(f"tidewatch: {sentence}\n" for sentence in wrong)
    raise typer.Exit(1 if wrong else 0)


@runbooks.command("show")
def show_runbook(name: Annotated[str, typer.Argument(help="As its folder is called.")]) -> None:
    """When it applies, what it runs, how it verifies, what it asks for and touches."""
    from tidewatch.commands.remedies import Unknown, described

    try:
        show(described(name))
    except Unknown as error:
        fail(str(error))


@runbooks.command("lint")
def lint_runbooks(
    paths: Annotated[list[Path] | None, typer.Argument(help="Records or folders; without one, all there are.")] = None,
) -> None:
    """Tell every mistake with file and line. Exit status 0: none (warnings at most), 1: mistakes, 2: unreadable."""
    from tidewatch.commands.remedies import lint

    said, unreadable, status = lint(paths or [])
    sys.stdout.writelines(f"{sentence}\n" for sentence in said)
    sys.stderr.writelines(f"tidewatch: {sentence}\n" for sentence in unreadable)
    raise typer.Exit(status)


@runbooks.command("schema")
def runbook_schema() -> None:
    """Print the JSON Schema, for editors."""
    from tidewatch.domain.runbook import Record
    from tidewatch.domain.spec.schema import schema_text

    sys.stdout.write(schema_text(Record, "Tidewatch runbook"))


@runbooks.command("dry-run")
def dry_run_runbook(
    incident: Annotated[str, typer.Argument(help="INC-1001")],
    name: Annotated[str, typer.Argument(help="The runbook; without it, the one that is suggested.")] = "",
    inputs: Annotated[list[str] | None, typer.Option("--input", help="NAME=VALUE, as often as needed.")] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Say what it would do for an incident; nothing is touched. Exit status 1 when it fails."""
    from tidewatch.commands.remedies import Unknown, tried

    try:
        said, ok = tried(home, incident, name, inputs or [])
    except Unknown as error:
        fail(str(error))
    show(said.rstrip("\n"))
    raise typer.Exit(0 if ok else 1)


@runbooks.command("run")
def run_runbook(
    incident: Annotated[str, typer.Argument(help="INC-1001")],
    name: Annotated[str, typer.Argument(help="The runbook; without it, the one that is suggested.")] = "",
    inputs: Annotated[list[str] | None, typer.Option("--input", help="NAME=VALUE, as often as needed.")] = None,
    user: As = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Run and verify it, as somebody; only in a home that `tidewatch demo` made. Exit status 1 when it is not fixed."""
    from tidewatch.commands.checking import InputRefused
    from tidewatch.commands.remedies import Unknown, ran

    try:
        said, fixed = ran(home, user, incident, name, inputs or [])
    except (Unknown, InputRefused) as error:
        fail(str(error))
    show(said)
    raise typer.Exit(0 if fixed else 1)
