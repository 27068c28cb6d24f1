"""What chance could explain waits for the fleet: at most a minute, until the timer decides over all of a day's windows.

Every judged window leaves a blob whose name says it all, so that one listing a minute is enough; only those with
findings that wait have a body. The timer adds them up in one small record, reports what passes, writes down what is
held back, and then takes the blobs away. Whatever dies in between, the next minute does again, and nothing twice: a
report has its key, and the record knows whom it counted.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tidewatch.domain.events import BrokenRecord
from tidewatch.domain.finding import Finding
from tidewatch.domain.fleet import Arrival, Candidate, Pool, part_of, waits
from tidewatch.operations.report import open_incidents, report
from tidewatch.operations.shelf import BATCHES, Shelf
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound

FLEET = "fleet"
RECORD, ARRIVED, HELD = "day.json", "arrived/", "held/"
MOST = 5_000  # arrivals a minute takes up; the others wait for the next


@dataclass(frozen=True)
class Held:
    """A window whose findings the fleet holds back."""

    model: str
    window: str
    sentences: Sequence[str]
    q: float  # the share of false alarms, if it were reported
    windows: int  # among which it was decided


def submit(
    ports: Ports, model: str, window: str, content: str, level: float, findings: Sequence[Finding], via: str
) -> None:
    """Report what cannot wait, and leave the rest to the fleet. An open incident is told all of its signal; nobody is
    called anew for that. `level` is the chance of any false alarm that the window was allowed; the same content again
    changes nothing."""
    doubtful = [finding for finding in findings if waits(finding)]
    if doubtful:
        known = {incident.signal for incident in open_incidents(ports, model)}
        known |= {finding.signal for finding in findings if not waits(finding)}
        doubtful = [finding for finding in doubtful if finding.signal not in known]
    key = f"{BATCHES}:{window}:{content}"
    report(ports, [finding for finding in findings if finding not in doubtful], key, via)
    body = {"findings": [finding.as_dict() for finding in doubtful], "key": key, "via": via}
    name = f"{ARRIVED}{model}/{window}/{content}_{part_of(findings):.3g}_{level:.3g}"
    ports.blobs.put(FLEET, name, json.dumps(body).encode() if doubtful else b"")


def decide(ports: Ports, most: int = MOST) -> None:
    """Of the windows that wait, report those that the fleet lets pass; of two timers at once one is right.

    Raises BrokenRecord for an incident that cannot be read, once all the others are told; that window waits on.
    """
    info = ports.blobs.stat(FLEET, RECORD)
    before = _read(ports) if info else Pool()
    entries = list(islice(ports.blobs.list(FLEET, ARRIVED), most))
    if not entries and not before.waiting:
        return
    arrivals = {entry.name: _arrival(entry.name, waits=entry.size > 0) for entry in entries}
    places = {arrival.key: name for name, arrival in arrivals.items()}
    pool = before.after(list(arrivals.values()), ports.clock.now())
    told, broken = list[Candidate](), list[BrokenRecord]()
    for candidate in pool.passing():
        try:
            _report(ports, places.get(candidate.key, f"{HELD}{candidate.key}"))
            told.append(candidate)
        except BrokenRecord as error:
            broken.append(error)
    pool = pool.told(told)
    for candidate in pool.waiting:
        if candidate.key in places:
            ports.blobs.put(FLEET, f"{HELD}{candidate.key}", ports.blobs.get(FLEET, places[candidate.key]))
    try:
        data = json.dumps(pool.as_dict(), separators=(",", ":")).encode()
        ports.blobs.put(FLEET, RECORD, data, if_absent=info is None, if_match=info.etag if info else None)
    except (BlobChanged, BlobExists):
        return
    _take_away(ports, [*arrivals, *(f"{HELD}{candidate.key}" for candidate in told)])
    if broken:
        raise broken[0]


def held_back(ports: Ports, most: int = 20) -> list[Held]:
    """What the fleet held back within a day, the least likely first."""
    pool = _read(ports)
    found = []
    for candidate in sorted(pool.waiting, key=lambda c: c.part)[:most]:
        model, window, _ = candidate.key.rsplit("/", 2)
        body = _body(ports, f"{HELD}{candidate.key}")
        sentences = [str(record["sentence"]) for record in body["findings"]] if body else []
        found.append(Held(model, window, sentences, pool.q(candidate.part), pool.windows))
    return found


def _report(ports: Ports, place: str) -> None:
    """What is gone was reported by somebody who died before he could write it down; what was corrected, or accepted as
    usual, while it waited calls nobody."""
    if body := _body(ports, place):
        findings = [Finding.from_dict(record) for record in body["findings"]]
        record = Shelf(ports, findings[0].model).window(findings[0].window)
        if record is None or not record.accepted:
            report(ports, findings, body["key"], body["via"])


def _arrival(name: str, *, waits: bool) -> Arrival:
    key, part, level = name.removeprefix(ARRIVED).rsplit("_", 2)
    return Arrival(key, float(part), float(level), waits)


def _body(ports: Ports, place: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(ports.blobs.get(FLEET, place)))
    except BlobNotFound:
        return None


def _read(ports: Ports) -> Pool:
    record = _body(ports, RECORD)
    return Pool.from_dict(record) if record else Pool()


def _take_away(ports: Ports, names: Iterable[str]) -> None:
    for name in names:
        ports.blobs.delete(FLEET, name)
