"""Writing up an incident for people who were not there."""

from pathlib import Path

from tidewatch import compose
from tidewatch.domain.events import BrokenRecord
from tidewatch.operations.journal import UnknownIncident
from tidewatch.operations.post_mortem import post_mortem
from tidewatch.render.postmortem_forms import as_html, as_json, as_markdown
from tidewatch.settings import Settings


class CannotWriteUp(Exception):
    """Says what is wrong."""


def written_up(home: Path, incident: str, form: str, out: Path | None) -> str:
    """The post-mortem of one incident, also into the file if there is one. Raises CannotWriteUp."""
    try:
        record, picture = post_mortem(compose.compose(Settings(home=home)), incident.upper())
    except BrokenRecord as error:
        raise CannotWriteUp(f"{incident} cannot be written up, its stream is damaged: {error}") from error
    except UnknownIncident as error:
        raise CannotWriteUp(str(error)) from error
    plain = as_json if form == "json" else as_markdown
    text = as_html(record, picture) if form == "html" else plain(record)
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotWriteUp(f"{out} cannot be written: {error.strerror}") from error
    return text
