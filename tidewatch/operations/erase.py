"""Remove what a person wrote. The log keeps that there was something, its salted hash, and that it was erased."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tidewatch.domain.events import Cause, Draft, as_today
from tidewatch.operations import silences
from tidewatch.operations.duty import say_erased
from tidewatch.operations.journal import INCIDENT, MACHINE, TEXTS, record, send_job, text_names
from tidewatch.ports import Ports


@dataclass(frozen=True)
class Erased:
    texts: int
    incidents: Sequence[str]


def erase(ports: Ports, person: str) -> Erased:
    """Every text of this user id, in every incident; an event in each stream says so first. Repeated, or after a
    crash, it finishes what is left and says nothing twice. What the chat shows of them follows as jobs.

    Raises BrokenRecord for a stream that cannot be read; texts of other incidents are erased by then or by the next
    call.
    """
    found = _texts_of(ports, person)
    for incident in sorted(found):
        _say(ports, incident, person, found[incident])
        for digest in found[incident]:
            for name in text_names(incident, {"sha256": digest, "author": person}):
                ports.blobs.delete(TEXTS, name)
        if INCIDENT.fullmatch(incident):
            send_job(ports, {"do": "retell", "incident": incident, "texts": sorted(found[incident])})
    return Erased(sum(map(len, found.values())), sorted(found))


def _texts_of(ports: Ports, person: str) -> dict[str, set[str]]:
    """Hashes of what is there of this person, by incident; also of texts whose decision was refused afterwards."""
    found: dict[str, set[str]] = defaultdict(set)
    for blob in ports.blobs.list(TEXTS, f"{person}/"):
        _, incident, name = blob.name.split("/")
        found[incident].add(name.removesuffix(".json"))
    # The earliest texts lie under their incident alone; who wrote them is in its events.
    for incident in {blob.name.partition("/")[0] for blob in ports.blobs.list(TEXTS, "INC-")}:
        there = {blob.name.partition("/")[2] for blob in ports.blobs.list(TEXTS, f"{incident}/")}
        for event in map(as_today, ports.log.read(incident)):
            for value in event.data.values():
                if isinstance(value, dict) and value.get("author") == person and f"{value['sha256']}.json" in there:
                    found[incident].add(value["sha256"])
    return found


def _say(ports: Ports, incident: str, person: str, digests: set[str]) -> None:
    said: set[str] = set()
    for event in ports.log.read(incident) if INCIDENT.fullmatch(incident) else ():
        if event.kind == "texts_erased":
            said.update(event.data["texts"])
    new = sorted(digests - said)
    if new:
        these = hashlib.sha256(" ".join(new).encode()).hexdigest()[:16]
        cause = Cause(MACHINE, "cli", f"erased:{person}:{these}")
        if incident.startswith("SIL-"):  # why something was silenced
            silences.say_erased(ports, incident, person, new, cause)
            return
        if not INCIDENT.fullmatch(incident):  # why somebody was put into a rota
            say_erased(ports, incident, person, new, cause)
            return
        record(ports, incident, cause, lambda _: [Draft("texts_erased", {"person": person, "texts": new})])
