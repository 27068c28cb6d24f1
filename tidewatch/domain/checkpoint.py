"""Signed statements about every stream ever created: how far each had come, and what its last event was.

A checkpoint names the streams that changed since the one before it and a root over all of them, so it is small however
many there are. It carries the hash of the one before it: none can be taken out from between.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tidewatch.domain.events import GENESIS, BrokenRecord, Event, canonical, digest


@dataclass(frozen=True)
class Mark:
    """How far a stream had come."""

    seq: int
    hash: str  # of that event


Marks = Mapping[str, Mark]  # by incident


@dataclass(frozen=True)
class Checkpoint:
    number: int  # 1, 2, 3 …
    at: datetime  # UTC
    previous: str  # hash of the checkpoint before, GENESIS for the first
    changed: Marks
    streams: int  # how many there were in all
    root: str  # over the marks of all of them
    signature: str = ""  # hex

    def signed(self) -> bytes:
        """What the signature is about."""
        return canonical(self._record()).encode()

    @property
    def hash(self) -> str:
        return digest(self._record())

    def to_bytes(self) -> bytes:
        return canonical(self._record() | {"signature": self.signature}).encode() + b"\n"

    @staticmethod
    def from_bytes(data: bytes) -> "Checkpoint":
        """Raises BrokenRecord for anything but the bytes of `to_bytes`."""
        try:
            record = json.loads(data)
            changed = {incident: Mark(int(seq), str(sha)) for incident, (seq, sha) in record["changed"].items()}
            checkpoint = Checkpoint(
                record["number"], datetime.fromisoformat(record["at"]), record["previous"], changed,
                record["streams"], record["root"], record["signature"],
            )  # fmt: skip
            if checkpoint.to_bytes() == data:
                return checkpoint
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise BrokenRecord(f"not a checkpoint: {data[:80]!r}") from error
        raise BrokenRecord(f"not as a checkpoint is written: {data[:80]!r}")

    def _record(self) -> dict[str, Any]:
        return {
            "v": 1,
            "number": self.number,
            "at": self.at.astimezone(UTC).isoformat(),
            "previous": self.previous,
            "changed": {incident: [mark.seq, mark.hash] for incident, mark in self.changed.items()},
            "streams": self.streams,
            "root": self.root,
        }

    def __str__(self) -> str:
        return f"checkpoint {self.number} ({self.at:%Y-%m-%d %H:%M} UTC, {self.hash[:16]})"


def root_of(marks: Marks) -> str:
    """SHA-256 over a line "ID SEQ HASH" for every stream, in order of id."""
    sha = hashlib.sha256()
    for incident in sorted(marks):
        sha.update(f"{incident} {marks[incident].seq} {marks[incident].hash}\n".encode())
    return sha.hexdigest()


def next_checkpoint(number: int, before: Checkpoint | None, known: Marks, marks: Marks, now: datetime) -> Checkpoint:
    """One that follows `before`, which ended with `known`; not signed yet."""
    changed = {incident: mark for incident, mark in marks.items() if known.get(incident) != mark}
    return Checkpoint(number, now, before.hash if before else GENESIS, changed, len(marks), root_of(marks))


def departure(incident: str, events: tuple[Event, ...], mark: Mark | None, seen_by: str) -> str:
    """Where a stream no longer is what a checkpoint saw, as a sentence; empty when it goes on from there."""
    if mark is None:
        return ""
    if not events:
        return f"{incident}: the whole stream is gone; {seen_by} saw {mark.seq} events of it"
    if len(events) < mark.seq:
        return f"{incident}: its end is cut off behind event {len(events)}; {seen_by} saw {mark.seq} events"
    if events[mark.seq - 1].hash != mark.hash:
        return f"{incident}: was rewritten at or before event {mark.seq}, with new hashes; {seen_by} saw another one"
    return ""


@dataclass
class Chain:
    """What a row of checkpoints says when it is read from its beginning."""

    faults: list[str] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)  # those with a signature that holds
    seen: dict[str, list[tuple[Checkpoint, Mark]]] = field(default_factory=dict)  # by incident, oldest first
    newest: int = 0  # number of the last that is there, whatever it is worth

    @property
    def marks(self) -> dict[str, Mark]:
        return {incident: marks[-1][1] for incident, marks in self.seen.items()}


def read_chain(stored: Iterable[tuple[int, bytes]], genuine: Callable[[Checkpoint], bool]) -> Chain:
    """Checkpoints by number, in order. One with a wrong signature vouches for nothing."""
    chain = Chain()
    before: Checkpoint | None = None  # None also behind a fault: what follows it cannot be told
    for number, data in stored:
        missing = range(chain.newest + 1, number)
        chain.faults += [f"checkpoint {gone}: was taken out" for gone in missing]
        before, chain.newest = None if missing else before, number
        checkpoint = _read(number, data, genuine)
        if isinstance(checkpoint, str):
            chain.faults.append(checkpoint)
            before = None
            continue
        if checkpoint.previous != (before.hash if before else GENESIS) and (before or number == 1):
            chain.faults.append(f"checkpoint {number}: does not follow the checkpoint before it")
        chain.checkpoints.append(before := checkpoint)
        for incident, mark in checkpoint.changed.items():
            chain.seen.setdefault(incident, []).append((checkpoint, mark))
    if chain.checkpoints and not chain.faults and root_of(chain.marks) != chain.checkpoints[-1].root:
        chain.faults.append(f"checkpoint {chain.newest}: its root is not that of the streams")
    return chain


def _read(number: int, data: bytes, genuine: Callable[[Checkpoint], bool]) -> Checkpoint | str:
    """The checkpoint, or what is wrong with it."""
    try:
        checkpoint = Checkpoint.from_bytes(data)
    except BrokenRecord:
        return f"checkpoint {number}: cannot be read"
    if checkpoint.number != number or not genuine(checkpoint):
        return f"checkpoint {number}: its signature does not hold; it is forged, or was changed"
    return checkpoint
