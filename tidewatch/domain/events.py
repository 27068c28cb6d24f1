"""What happened, frozen: the records of the incident log and the chain that holds them together."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tidewatch.domain.upcasting import upcast, version_of

GENESIS = "0" * 64  # what the first event of a stream names as its predecessor


@dataclass(frozen=True)
class Draft:
    """An event that has been decided and not yet been given its place in a stream."""

    kind: str  # past tense: "opened", "acknowledged", "runbook_finished"
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cause:
    """Who made it happen, by which way, and what makes a repetition recognisable."""

    actor: str  # a user id, or "tidewatch"
    via: str  # slack, timer, blob, queue, cli
    key: str  # idempotency key: the same key never records twice in one stream


@dataclass(frozen=True)
class Event:
    incident: str
    seq: int  # 1, 2, 3 …
    at: datetime  # UTC
    actor: str
    via: str
    key: str
    kind: str
    data: Mapping[str, Any]
    prev: str  # sha256 of the event before, GENESIS for the first
    hash: str = ""
    version: int = 1  # of the shape of `data`, counted for each kind

    def record(self) -> dict[str, Any]:
        """The event as it is stored and hashed, without its own hash."""
        return {
            "v": self.version,
            "incident": self.incident,
            "seq": self.seq,
            "at": self.at.astimezone(UTC).isoformat(),
            "actor": self.actor,
            "via": self.via,
            "key": self.key,
            "kind": self.kind,
            "data": self.data,
            "prev": self.prev,
        }

    def line(self) -> str:
        return canonical(self.record() | {"hash": self.hash})


def canonical(record: Mapping[str, Any]) -> str:
    """One spelling for one record, so that a hash means something. Raises ValueError for NaN and infinities."""
    return _SPELLING.encode(record)


_SPELLING = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(record).encode()).hexdigest()


def chain(
    incident: str, drafts: Iterable[Draft], after: Event | None, cause: Cause, now: datetime
) -> tuple[Event, ...]:
    """Give drafts their places behind `after`. Of several drafts with one cause, later keys get a suffix."""
    events: list[Event] = []
    seq, prev = (after.seq, after.hash) if after else (0, GENESIS)
    for number, draft in enumerate(drafts):
        seq += 1
        key = cause.key if number == 0 else f"{cause.key}+{number}"
        bare = Event(
            incident, seq, now, cause.actor, cause.via, key, draft.kind, dict(draft.data), prev,
            version=version_of(draft.kind),
        )  # fmt: skip
        prev = digest(bare.record())
        events.append(replace(bare, hash=prev))
    return tuple(events)


class BrokenRecord(ValueError):
    """A stored line that is not an event, or not one that this Tidewatch can understand."""


def as_today(event: Event) -> Event:
    """The event with its data in today's shape; its hash is that of what is stored. Raises BrokenRecord."""
    if event.version == version_of(event.kind):
        return event
    try:
        data = upcast(event.kind, event.version, event.data, event.actor)
    except KeyError as error:
        raise BrokenRecord(
            f"{event.incident} event {event.seq} ({event.kind}) was written by a newer Tidewatch: update this one"
        ) from error
    return replace(event, data=data)


def parse(line: str) -> Event:
    """Read a stored line. Raises BrokenRecord; whether its hash is true is `verify`'s question."""
    try:
        record = json.loads(line)
        return Event(
            incident=record["incident"],
            seq=record["seq"],
            at=datetime.fromisoformat(record["at"]),
            actor=record["actor"],
            via=record["via"],
            key=record["key"],
            kind=record["kind"],
            data=record["data"],
            prev=record["prev"],
            hash=record["hash"],
            version=record["v"],
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenRecord(f"not an event: {line[:80]!r}") from error


def verify(incident: str, lines: Sequence[str]) -> list[str]:
    """Every fault in a stream as a sentence; empty when the chain holds from its first event to its last."""
    faults: list[str] = []
    prev = GENESIS
    for number, line in enumerate(lines, 1):
        try:
            event = parse(line)
        except BrokenRecord:
            faults.append(f"{incident} event {number}: the record cannot be read")
            continue
        if event.incident != incident:
            faults.append(f"{incident} event {number}: belongs to {event.incident}")
        if event.seq != number:
            faults.append(f"{incident} event {number}: says it is number {event.seq}")
        if not _unchanged(event, line):
            faults.append(f"{incident} event {number}: was changed after it was written")
        elif event.prev != prev:
            faults.append(f"{incident} event {number}: does not follow the event before it")
        prev = event.hash
    return faults


def _unchanged(event: Event, line: str) -> bool:
    try:
        return event.line() == line and digest(event.record()) == event.hash
    except (ValueError, OverflowError, RecursionError):  # a NaN, a time outside the calendar: nothing we ever wrote
        return False
