"""Runbooks as files: what there is, what is wrong with them, and what they would do."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tidewatch import compose
from tidewatch.commands import specifying
from tidewatch.commands.deciding import cause_of, demo_ports
from tidewatch.domain.people import Refused
from tidewatch.domain.runbook import Runbook, RunbookError
from tidewatch.domain.runbook_input import Answer
from tidewatch.domain.runbook_text import lint_runbook, parse_runbook
from tidewatch.domain.spec.text import Note
from tidewatch.operations.journal import UnknownIncident, load
from tidewatch.operations.runbooks import carry_out_run, dry_run, start_run
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
    with _told():
        outcome = dry_run(compose.compose(Settings(home=home)), incident, name, _given(inputs))
    return outcome.output, outcome.ok


def ran(home: Path, user: str, incident: str, name: str, inputs: Sequence[str]) -> tuple[str, bool]:
    """What came of a run, and whether it fixed it; a risky one only asks for a yes. Raises Unknown and InputRefused."""
    ports = demo_ports(home, user)
    with _told():
        after, book = start_run(ports, incident, name, cause_of(user), _given(inputs))
        if after.running is None:
            return f"{book.name} is risky: somebody else has to say yes; /ml approvals lists it", True
        carry_out_run(ports, incident, after.running.id)
        run = load(ports, incident).run(after.running.id)
    assert run is not None  # noqa: S101 - the log forgets nothing
    return f"{book.name} {run.verdict}: {run.sentence}", run.verdict == "passed"


def _given(inputs: Sequence[str]) -> dict[str, Answer]:
    if wrong := [given for given in inputs if "=" not in given]:
        raise Unknown(f"--input {wrong[0]} is not NAME=VALUE")
    return {name: value for name, _, value in (each.partition("=") for each in inputs)}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (Refused, UnknownIncident, UnknownModel, RegistryError, RunbookError) as error:
        raise Unknown(str(error)) from error


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
