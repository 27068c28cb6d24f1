"""What both incident logs agree on: how streams are named, and how events lie in them as bytes."""

import re
from collections.abc import Iterable, Sequence

from tidewatch.domain.events import Event

INCIDENT = re.compile(r"([A-Z]+)-([0-9]+)")
SUFFIX = ".jsonl"


def stream_name(incident: str) -> str:
    """Raises ValueError for what is no incident id, so that no id leads out of the log."""
    if not INCIDENT.fullmatch(incident):
        raise ValueError(f"{incident!r} is not an incident: their ids look like INC-17")
    return incident + SUFFIX


def in_order(stream_names: Iterable[str]) -> list[str]:
    """Incident ids by number, without whatever else lies there."""
    found = (INCIDENT.fullmatch(name.removesuffix(SUFFIX)) for name in stream_names if name.endswith(SUFFIX))
    return [match[0] for match in sorted(filter(None, found), key=lambda match: (match[1], int(match[2]), match[2]))]


def as_lines(incident: str, events: Sequence[Event]) -> list[bytes]:
    """Raises ValueError for events that belong elsewhere or do not follow one another."""
    first = events[0].seq
    if any(event.incident != incident or event.seq != first + number for number, event in enumerate(events)):
        raise ValueError(f"these events are not consecutive events of {incident}")
    return [event.line().encode() + b"\n" for event in events]


def whole_records(data: bytes) -> bytes:
    """What was appended whole: up to the last newline before a hole that an unfinished append left."""
    data = data.partition(b"\0")[0]
    return data[: data.rfind(b"\n") + 1]


def as_text(data: bytes) -> tuple[str, ...]:
    """One string per line, a torn one included; a line that is not UTF-8 comes as something that is not JSON."""
    return tuple(_text(line) for line in data.removesuffix(b"\n").split(b"\n")) if data else ()


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return repr(line)
