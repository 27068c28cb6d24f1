"""`tidewatch oncall …`: look at rotas."""
# ruff: noqa: PLC0415 - numpy, pydantic: whoever asks for something else need not wait for them

from pathlib import Path
from typing import Annotated

import typer

from tidewatch.commands.options import DEFAULT_HOME, Home, fail, show

oncall = typer.Typer(no_args_is_help=True, help="Rotas: who is on call, and where nobody is.")


@oncall.command("check")
def check(
    home: Home = DEFAULT_HOME,
    file: Annotated[Path | None, typer.Option(help="An oncall.yaml; without it, the home's.")] = None,
    start: Annotated[str, typer.Option("--from", help="From this time on; without it, from now.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3700, help="How far ahead.")] = 366,
) -> None:
    """Find gaps and overlaps a year ahead. Exit status 0: none, 1: some, 2: the file cannot be used."""
    from tidewatch.commands.checking import InputRefused
    from tidewatch.commands.rotas import check_rotas

    try:
        found, sentence = check_rotas(home, file, start, days)
    except InputRefused as error:
        fail(str(error))
    show("\n".join([*found, sentence]))
    raise typer.Exit(1 if found else 0)


@oncall.command("who")
def who_is_on_call(
    home: Home = DEFAULT_HOME,
    at: Annotated[str, typer.Option(help="2026-03-08T02:30, in UTC without an offset; without it, now.")] = "",
    team: Annotated[str, typer.Option(help="One team; without it, all.")] = "",
) -> None:
    """Who is on call until when, and who is next."""
    from tidewatch.commands.checking import InputRefused
    from tidewatch.commands.rotas import who

    try:
        show(who(home, at, team))
    except InputRefused as error:
        fail(str(error))
