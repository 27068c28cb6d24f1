"""Everything the log holds, for auditors."""

from collections.abc import Iterator, Sequence

from tidewatch.domain.events import parse
from tidewatch.domain.incident.export import exported_line, is_readable, texts_named
from tidewatch.operations import duty
from tidewatch.operations.journal import kept_text
from tidewatch.ports import Ports


def export_log(ports: Ports) -> Iterator[tuple[str, str]]:
    """Line after line: of incidents by their numbers, then of the teams' overrides; each with what is wrong with it,
    a sentence, or nothing. Never more than one stream is held."""
    for stream, texts_at, lines in _streams(ports):
        for place, stored in enumerate(lines, 1):
            readable = is_readable(stored)
            named = texts_named(parse(stored).data) if readable else ()
            texts = {at: kept_text(ports, texts_at, reference) for at, reference in named}
            wrong = "" if readable else f"{stream} event {place}: the record cannot be read"
            yield exported_line(stream, place, stored, texts), wrong


def _streams(ports: Ports) -> Iterator[tuple[str, str, Sequence[str]]]:
    for incident in ports.log.incidents():
        yield incident, incident, ports.log.lines(incident)
    yield from duty.streams(ports)
