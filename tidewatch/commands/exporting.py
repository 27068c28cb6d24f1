"""Handing out what the log says."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tidewatch import compose
from tidewatch.domain.events import BrokenRecord
from tidewatch.operations.export_log import export_log
from tidewatch.operations.journal import UnknownIncident
from tidewatch.operations.post_mortem import post_mortem
from tidewatch.render.postmortem_forms import as_html, as_json, as_markdown
from tidewatch.settings import Settings


class CannotExport(Exception):
    """Says what is wrong."""


def export_to(home: Path, out: Path | None) -> str:
    """Every event, to the file or the terminal; gives what is wrong with the log, a sentence. Raises CannotExport."""
    ports = compose.compose(Settings(home=home))
    faults = []
    with _opened(out) as file:
        for line, wrong in export_log(ports):
            file.write(f"{line}\n")
            faults += [wrong] if wrong else []
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{faults[0]}{more}; it was exported as it lies there. See `tidewatch log verify`." if faults else ""


def written_up(home: Path, incident: str, form: str, out: Path | None) -> str:
    """The post-mortem of one incident, also into the file if there is one. Raises CannotExport."""
    try:
        record, picture = post_mortem(compose.compose(Settings(home=home)), incident.upper())
    except BrokenRecord as error:
        raise CannotExport(f"{incident} cannot be written up, its stream is damaged: {error}") from error
    except UnknownIncident as error:
        raise CannotExport(str(error)) from error
    plain = as_json if form == "json" else as_markdown
    text = as_html(record, picture) if form == "html" else plain(record)
    if out is not None:
        with _opened(out) as file:
            file.write(text)
    return text


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    try:
        file = out.open("w", encoding="utf-8")
    except OSError as error:
        raise CannotExport(f"{out} cannot be written: {error.strerror}") from error
    with file:
        yield file
