"""Runbooks as files: what there is, what is wrong with them, and what they would do."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tidewatch import compose
from tidewatch.commands import specifying
from tidewatch.domain.people import Refused
from tidewatch.domain.runbook import Runbook, RunbookError
from tidewatch.domain.runbook_text import lint_runbook, parse_runbook
from tidewatch.domain.spec.text import Note
from tidewatch.operations.journal import UnknownIncident
from tidewatch.operations.runbooks import dry_run
from tidewatch.operations.shelf import UnknownModel
from tidewatch.ports.registry import RegistryError
from tidewatch.render.runbook import describe, line
from tidewatch.settings import Settings

RECORD = "runbook.yaml"


class Unknown(Exception):
    """What there is not, and what there is."""


def listed() -> tuple[list[str], list[str]]:
    """A line for each that can be used, and the mistakes of the others."""
    books, wrong = _loaded()
    return [line(book) for book in books], wrong


def described(name: str) -> str:
    """Raises Unknown."""
    books, _ = _loaded()
    book = next((book for book in books if book.name == name), None)
    if book is None:
        raise Unknown(f"there is no runbook {name}; there are {', '.join(book.name for book in books) or 'none'}")
    return describe(book)


def lint(paths: Sequence[Path]) -> tuple[list[str], list[str], int]:
    """What is to be said about the records, which ones cannot be read, and the worst exit status."""
    return specifying.lint(records(paths or [Settings().runbooks]), _notes)


def records(paths: Iterable[Path]) -> list[Path]:
    """The records in them: a record itself, a runbook's folder, or a folder of those."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir() or (path / RECORD).exists():
            found.append(path / RECORD if path.is_dir() else path)
        else:
            found += sorted(path.glob(f"*/{RECORD}")) or [path / RECORD]
    return found


def tried(home: Path, incident: str, name: str, inputs: Sequence[str]) -> tuple[str, bool]:
    """What the dry run said, and whether it ended well. Raises Unknown."""
    if wrong := [given for given in inputs if "=" not in given]:
        raise Unknown(f"--input {wrong[0]} is not NAME=VALUE")
    given = dict(each.split("=", 1) for each in inputs)
    try:
        outcome = dry_run(compose.compose(Settings(home=home)), incident, name, given)
    except (Refused, UnknownIncident, UnknownModel, RegistryError, RunbookError) as error:
        raise Unknown(str(error)) from error
    return outcome.output, outcome.ok


def _loaded() -> tuple[list[Runbook], list[str]]:
    books, wrong = list[Runbook](), list[str]()
    for record in records([Settings().runbooks]):
        try:
            books.append(parse_runbook(specifying.text_of(record), str(record.parent)))
        except RunbookError as error:
            wrong += error.mistakes
        except specifying.Unreadable as error:
            wrong.append(str(error))
    return books, wrong


def _notes(record: Path) -> list[Note]:
    folder = record.resolve().parent
    return lint_runbook(
        specifying.text_of(record),
        str(record.parent) if record.parent.name else str(folder),
        lambda name: (folder / name).is_file(),
        lambda name: os.access(folder / name, os.X_OK),
    )
