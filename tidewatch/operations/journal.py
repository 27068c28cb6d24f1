"""Writing into the incident log: decide on what is there now, append, and let the chat follow."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence

from tidewatch.domain.events import Cause, Draft, chain
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.paging import to_quiet
from tidewatch.domain.incident.state import Incident
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobNotFound
from tidewatch.ports.incident_log import Conflict

JOBS = "jobs"  # the queue of everything slower than one append
PAGES = "pages"  # a queue of its own: a page waits for no training and no chat
TEXTS = "texts"
MACHINE = "tidewatch"  # who acts and writes where no person does
INCIDENT = re.compile(r"INC-[0-9]{1,9}")

Decide = Callable[[Incident | None], Sequence[Draft]]


class UnknownIncident(Exception):
    def __init__(self, incident: str) -> None:
        super().__init__(f"There is no incident {incident}. `status` lists those that are open.")


def load(ports: Ports, incident: str) -> Incident:
    """Raises UnknownIncident."""
    found = fold(ports.log.read(incident)) if INCIDENT.fullmatch(incident) else None
    if found is None:
        raise UnknownIncident(incident)
    return found


def record(ports: Ports, incident: str, cause: Cause, decide: Decide) -> Incident | None:
    """Append what `decide` says about the incident as it is at this moment, and give the incident afterwards.

    Of several writers one wins; the others decide again on the new state. A cause that was recorded before
    changes nothing. What `decide` raises passes through, with nothing written.
    """
    while True:
        events = ports.log.read(incident)
        state = fold(events)
        if state is not None and cause.key in state.keys:
            return state
        drafts = decide(state)
        if not drafts:
            return state
        added = chain(incident, drafts, events[-1] if events else None, cause, ports.clock.now())
        try:
            ports.log.append(incident, added)
        except Conflict:
            continue
        after = fold((*events, *added))
        if after and after.in_channel:
            send_job(ports, {"do": "deliver", "incident": incident})
        if after and to_quiet(after):
            send_page_job(ports, incident)
        return after


def record_known(ports: Ports, incident: str, cause: Cause, decide: Callable[[Incident], Sequence[Draft]]) -> Incident:
    """As `record`, for an incident that must exist; raises UnknownIncident."""

    def on_known(state: Incident | None) -> Sequence[Draft]:
        if state is None:
            raise UnknownIncident(incident)
        return decide(state)

    after = record(ports, incident, cause, on_known)
    if after is None:
        raise UnknownIncident(incident)
    return after


def send_job(ports: Ports, job: dict[str, object], *, delay: float = 0.0) -> None:
    ports.queue.send(JOBS, json.dumps(job), delay=delay)


def send_page_job(ports: Ports, incident: str) -> None:
    ports.queue.send(PAGES, json.dumps({"do": "page", "incident": incident}))


def keep_text(ports: Ports, incident: str, text: str, author: str) -> dict[str, str]:
    """Store free text beside the stream, under its author, so that it can be erased; only its salted hash enters the
    chain. `author` is the user id of who wrote it, or MACHINE for what a program printed.

    Raises UnknownIncident: text beside no stream would never be found again.
    """
    load(ports, incident)
    return keep_text_at(ports, incident, text, author)


def keep_text_at(ports: Ports, place: str, text: str, author: str) -> dict[str, str]:
    """As `keep_text`, beside something else than an incident."""
    salt = secrets.token_hex(8)
    digest = hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()
    record = {"salt": salt, "text": text}
    ports.blobs.put(TEXTS, f"{author}/{place}/{digest}.json", json.dumps(record).encode())
    return {"sha256": digest, "author": author}


def text_of(ports: Ports, incident: str, reference: object) -> str:
    """The text behind a reference; says so when it was erased."""
    if not isinstance(reference, dict) or not reference.get("sha256"):
        return ""
    for name in text_names(incident, reference):
        try:
            return str(json.loads(ports.blobs.get(TEXTS, name))["text"])
        except BlobNotFound:
            continue
    return "(erased)"


def text_names(incident: str, reference: Mapping[str, str]) -> tuple[str, str]:
    """Where a text lies: under its author, or, the earliest ones, under its incident alone."""
    place = f"{incident}/{reference['sha256']}.json"
    return f"{reference.get('author', MACHINE)}/{place}", place
