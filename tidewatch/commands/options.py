"""What every command line says and asks alike."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

Home = Annotated[Path, typer.Option(envvar="TIDEWATCH_HOME", help="Where everything is kept.")]
DEFAULT_HOME = Path(".tidewatch")
As = Annotated[str, typer.Option("--as", help="Who decides: a user id of the demo home's people.yaml.")]


def fail(sentence: str) -> NoReturn:
    """A user's mistake: one sentence, exit status 2."""
    sys.stderr.write(f"tidewatch: {sentence}\n")
    raise typer.Exit(2)


def show(text: str) -> None:
    sys.stdout.write(text + "\n")
