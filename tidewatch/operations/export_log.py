"""Everything that was ever written down, for auditors: every stream in order, each from its first event to its last."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tidewatch.domain.events import BrokenRecord, verify
from tidewatch.domain.export import ERASED, damaged_line, event_line, is_genuine, references, whole
from tidewatch.operations.duty import override_streams
from tidewatch.operations.journal import MACHINE, TEXTS, text_names
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobNotFound


@dataclass
class Exported:
    events: int = 0
    faults: list[str] = field(default_factory=list)


def export_log(ports: Ports, write: Callable[[str], object]) -> Exported:
    """Lines of JSON go to `write`, one stream in memory at a time. What is damaged is exported as it lies there, and
    told as a fault."""
    done = Exported()
    for stream, place, lines in _streams(ports):
        done.faults += verify(stream, lines) or (_missed(ports, stream) if place == stream else [])
        for number, stored in enumerate(lines, 1):
            event = whole(stored)
            if event is None:
                write(damaged_line(stream, number, stored) + "\n")
                continue
            texts = {reference["sha256"]: _text(ports, place, reference, done) for reference in references(event.data)}
            write(event_line(stored, texts) + "\n")
            done.events += 1
    return done


def _streams(ports: Ports) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Stream, where its texts lie, and what is stored of it."""
    for incident in ports.log.incidents():
        yield incident, incident, ports.log.lines(incident)
    yield from override_streams(ports)


def _missed(ports: Ports, stream: str) -> list[str]:
    """An acknowledged event that is not there any more."""
    try:
        ports.log.read(stream)
    except BrokenRecord as error:
        return [str(error)]
    return []


def _text(ports: Ports, place: str, reference: Mapping[str, str], done: Exported) -> Mapping[str, str]:
    author = str(reference.get("author", MACHINE))
    for name in text_names(place, reference):
        try:
            stored = ports.blobs.get(TEXTS, name)
        except BlobNotFound:
            continue
        try:
            kept = json.loads(stored)
            salt, text = str(kept["salt"]), str(kept["text"])
        except (ValueError, KeyError, TypeError):
            salt, text = "", stored.decode(errors="replace")
        if not is_genuine(reference["sha256"], salt, text):
            done.faults.append(f"{place}: the text {reference['sha256'][:16]} was changed after it was written")
        return {"author": author, "salt": salt, "state": "kept", "text": text}
    return {"author": author, "state": ERASED}
