"""At least every hour: sign how far every stream has come. What contradicts an earlier checkpoint opens an incident."""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tidewatch.domain.checkpoint import Checkpoint, Mark, departure, next_checkpoint, read_chain, root_of
from tidewatch.domain.events import BrokenRecord, Event, verify
from tidewatch.domain.finding import Finding
from tidewatch.operations.poison import OURSELVES
from tidewatch.operations.report import report
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobExists, BlobNotFound, Blobs
from tidewatch.ports.seal import NoKey

EVERY = timedelta(minutes=50)  # with a timer every ten minutes: one an hour, made up for soon when a tick is missed
INCIDENTS, CHECKPOINTS = "incidents", "checkpoints/"  # beside the streams: nothing there ever changes
WITNESS, HEADS = "witness", "heads.json"  # a copy of what the last checkpoint adds up to; believed if its root is right
EARLIER = "an earlier checkpoint"  # not which: the same fault must read the same an hour later
MOST_TOLD = 20  # faults in one finding


@dataclass
class Known:
    """What the checkpoints so far add up to."""

    last: Checkpoint | None = None  # the newest that is genuine
    number: int = 0  # of the newest, whatever it is worth
    faults: list[str] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)  # of the streams when their marks were taken


def take_checkpoint(ports: Ports) -> Checkpoint | None:
    """A new checkpoint when one is due, the newest otherwise. Raises NoKey.

    Only streams that changed are read. One that no longer holds what an earlier checkpoint saw keeps its old mark, so
    that no checkpoint ever vouches for it, and is reported as an incident.
    """
    now, known = ports.clock.now(), _known(ports)
    if known.last and timedelta(0) <= now - known.last.at < EVERY:
        return known.last
    after = _look(ports, known)
    bare = next_checkpoint(known.number + 1, known.last, known.marks, after.marks, now)
    checkpoint = replace(bare, signature=ports.seal.sign(bare.signed()))
    try:
        ports.blobs.put(INCIDENTS, _name(checkpoint.number), checkpoint.to_bytes(), if_absent=True)
    except BlobExists:  # the other of two timers was faster
        return known.last
    heads = {name: [mark.seq, mark.hash, after.stamps.get(name, "")] for name, mark in after.marks.items()}
    ports.blobs.put(WITNESS, HEADS, json.dumps({"number": checkpoint.number, "heads": heads}).encode())
    if after.faults:
        _report(ports, after.faults)
    return checkpoint


def stored_checkpoints(blobs: Blobs) -> Iterator[tuple[int, bytes]]:
    """Number and content of each, in order."""
    for blob in blobs.list(INCIDENTS, CHECKPOINTS):
        number = blob.name.removeprefix(CHECKPOINTS).removesuffix(".json")
        if number.isdecimal():
            yield int(number), blobs.get(INCIDENTS, blob.name)


def saw(ports: Ports, event: Event) -> Checkpoint | None:
    """The checkpoint that vouches for a stream up to this event, its last one; None when there is none yet."""
    names = [blob.name for blob in ports.blobs.list(INCIDENTS, CHECKPOINTS)]

    def taken(name: str) -> datetime:
        return Checkpoint.from_bytes(ports.blobs.get(INCIDENTS, name)).at

    try:
        first = bisect_left(names, event.at, key=taken)
        # Signed while the event was being written, the first may have missed it.
        for name in names[first : first + 2]:
            checkpoint = _genuine(ports, ports.blobs.get(INCIDENTS, name))
            if checkpoint and checkpoint.changed.get(event.incident) == Mark(event.seq, event.hash):
                return checkpoint
    except (BrokenRecord, NoKey):
        return None  # what is wrong with checkpoints is for `log verify` to say
    return None


def _look(ports: Ports, known: Known) -> Known:
    """How far the streams have come by now, and what is wrong with them."""
    after = replace(known, marks=dict(known.marks), faults=[*known.faults], stamps=dict(known.stamps))
    gone = set(known.marks)
    for incident, stamp in ports.log.stamps():
        gone.discard(incident)
        if stamp == known.stamps.get(incident):
            continue
        after.stamps.pop(incident, None)  # a stream with a fault is looked at every time
        try:
            events = ports.log.read(incident)
        except BrokenRecord as error:
            after.faults.append(str(error))
            continue
        wrong = verify(incident, [event.line() for event in events])
        wrong += filter(None, [departure(incident, events, known.marks.get(incident), EARLIER)])
        after.faults += wrong[:1]
        if events and not wrong:
            after.marks[incident], after.stamps[incident] = Mark(events[-1].seq, events[-1].hash), stamp
    after.faults += [departure(incident, (), known.marks[incident], EARLIER) for incident in sorted(gone)]
    return after


def _known(ports: Ports) -> Known:
    known = _remembered(ports) or _replayed(ports)
    while (data := _content(ports, known.number + 1)) is not None:
        known.number += 1
        checkpoint = _genuine(ports, data)
        if checkpoint is None:
            known.faults.append(f"checkpoint {known.number}: is forged, or was changed")
            continue
        known.last = checkpoint
        known.marks.update(checkpoint.changed)
        for incident in checkpoint.changed:
            known.stamps.pop(incident, None)
    return known


def _remembered(ports: Ports) -> Known | None:
    """From the copy, which anybody who may write could have changed: it counts only under a genuine checkpoint."""
    try:
        record = json.loads(ports.blobs.get(WITNESS, HEADS))
        number = int(record["number"])
        marks = {incident: Mark(seq, sha) for incident, (seq, sha, _) in record["heads"].items()}
        stamps = {incident: stamp for incident, (_, _, stamp) in record["heads"].items()}
    except (BlobNotFound, ValueError, KeyError, TypeError, AttributeError):
        return None
    data = _content(ports, number)
    if data is None:
        known = _replayed(ports)
        known.faults.append(f"checkpoint {number}: has disappeared")
        return known
    last = _genuine(ports, data)
    if last is None or root_of(marks) != last.root:
        return None
    return Known(last, number, [], marks, stamps)


def _replayed(ports: Ports) -> Known:
    chain = read_chain(stored_checkpoints(ports.blobs), lambda checkpoint: is_genuine(ports, checkpoint))
    return Known(chain.checkpoints[-1] if chain.checkpoints else None, chain.newest, chain.faults, chain.marks)


def _content(ports: Ports, number: int) -> bytes | None:
    try:
        return ports.blobs.get(INCIDENTS, _name(number))
    except BlobNotFound:
        return None


def _genuine(ports: Ports, data: bytes) -> Checkpoint | None:
    try:
        checkpoint = Checkpoint.from_bytes(data)
    except BrokenRecord:
        return None
    return checkpoint if is_genuine(ports, checkpoint) else None


def is_genuine(ports: Ports, checkpoint: Checkpoint, keys: Sequence[str] = ()) -> bool:
    """Signed with one of `keys`, or else of our own. Raises ValueError for what is no public key."""
    return ports.seal.holds(checkpoint.signed(), checkpoint.signature, keys or ports.seal.public_keys())


def _name(number: int) -> str:
    return f"{CHECKPOINTS}{number:08d}.json"


def _report(ports: Ports, faults: list[str]) -> None:
    told = "; ".join(faults[:MOST_TOLD])
    digest = hashlib.sha256("\n".join(faults).encode()).hexdigest()[:12]
    sentence = f"the incident log is not what it was: {told}"[:2000]
    evidence: Mapping[str, object] = {"faults": faults[:MOST_TOLD]}
    finding = Finding(
        OURSELVES, "log_changed", "incident log", "faults", float(len(faults)), 0.0, "high", digest, sentence, evidence
    )
    report(ports, [finding], f"log:{digest}", "timer")
