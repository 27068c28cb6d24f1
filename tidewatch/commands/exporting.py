"""Writing down for others what the log holds: all of it for auditors, one incident as a post-mortem."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from tidewatch import compose
from tidewatch.operations.export_log import export_log
from tidewatch.operations.postmortem import postmortem
from tidewatch.render.postmortem_markdown import markdown
from tidewatch.render.postmortem_page import page
from tidewatch.settings import Settings

T = TypeVar("T")
Format = Literal["md", "json", "html"]


class CannotWrite(Exception):
    """Says what could not be written, and why."""


def write_log(home: Path, out: Path | None, show: Callable[[str], object]) -> tuple[list[str], str]:
    """The faults that were met, and a sentence about the whole. Raises CannotWrite."""
    export = partial(export_log, compose.compose(Settings(home=home)))
    if out is None:
        done = export(show)
    else:
        with _writable(out):
            done = _whole(out, export)
    said = f"Exported {done.events:,} event{'' if done.events == 1 else 's'}{f' to {out}' if out else ''}"
    return done.faults, f"{said}; {len(done.faults):,} faults." if done.faults else f"{said}."


def incident_account(home: Path, incident: str, form: Format) -> str:
    """With a final newline. Raises UnknownIncident, BrokenRecord."""
    told, picture = postmortem(compose.compose(Settings(home=home)), incident)
    if form == "json":
        return json.dumps(told.as_dict(), indent=1, ensure_ascii=False) + "\n"
    return page(told, picture) if form == "html" else markdown(told)


def write_account(home: Path, incident: str, form: Format, out: Path) -> str:
    """Says what was written. Raises UnknownIncident, BrokenRecord, CannotWrite."""
    text = incident_account(home, incident, form)
    with _writable(out):
        _whole(out, lambda write: write(text))
    return f"{incident} is written to {out}."


@contextmanager
def _writable(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"{out} cannot be written: {error.strerror or error}") from error


def _whole(out: Path, write: Callable[[Callable[[str], object]], T]) -> T:
    """The file is there whole or not at all."""
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            written = write(file.write)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return written
