"""Asking the scoring endpoints known questions, each probe at its own pace.

Which probes there are is kept in the names of small blobs, so that the minute timer reads no spec: it only sends a job
for each probe that is due. The job asks; one slow endpoint holds up nobody else's.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tidewatch.domain.answer import Answer
from tidewatch.domain.checks import probe as check
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.model_spec import ModelSpec, Probe
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.shelf import Shelf
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound

PROBES = "probes"  # the container of runs, and the queue of those that are due
INDEX = "probe-index"  # team/model/probe/MINUTES: empty blobs, their names say it all
TICKS, TICK = "ticks", "probes"  # until when due probes were sent
MINUTE = timedelta(minutes=1)
NEVER = datetime.fromtimestamp(0, UTC)
STALE = timedelta(minutes=10)  # a job this late makes room for the next, unless its probe is slower than that


@dataclass(frozen=True)
class Pace:
    """A probe runs every so many minutes, shifted by its own offset so that thousands never start together."""

    model: str
    probe: str
    minutes: int

    @staticmethod
    def of(model: str, probe: Probe) -> "Pace":
        return Pace(model, probe.name, max(1, math.ceil(probe.every / MINUTE)))

    @property
    def name(self) -> str:
        return f"{self.model}/{self.probe}/{self.minutes}"

    def latest(self, now: datetime) -> datetime:
        """When it was due last, now included: the run a late timer makes up for, however many it missed."""
        offset = int(hashlib.sha256(f"{self.model}/{self.probe}".encode()).hexdigest()[:12], 16) % self.minutes
        minute = int(now.timestamp() // 60)
        return datetime.fromtimestamp(((minute - offset) // self.minutes * self.minutes + offset) * 60, UTC)


def follow_probes(ports: Ports, spec: ModelSpec) -> None:
    """From now on these are the model's probes; each runs for the first time at once."""
    paces = [Pace.of(spec.model, probe) for probe in spec.probes]
    names = {pace.name for pace in paces}
    for blob in list(ports.blobs.list(INDEX, f"{spec.model}/")):
        if blob.name not in names:
            ports.blobs.delete(INDEX, blob.name)
    for pace in paces:
        ports.blobs.put(INDEX, pace.name, b"")
        _send(ports, pace, pace.latest(ports.clock.now()))


def send_due(ports: Ports) -> int:
    """Send a job for each probe that became due since the last time; says how many. Late, a probe runs once."""
    now = _minute(ports.clock.now())
    since, etag = _sent_until(ports)
    since = min(since or NEVER, now - MINUTE)
    sent = 0
    for pace in _paces(ports):
        if since < (due := pace.latest(now)):
            _send(ports, pace, due)
            sent += 1
    _keep_sent_until(ports, now, etag)
    return sent


def run_probe(ports: Ports, model: str, name: str, run: str, via: str = "timer") -> None:
    """The run's answers are kept once; asked for the same run again, it only reports what they came to."""
    shelf = Shelf(ports, model)
    spec = shelf.spec()
    probe = next((probe for probe in spec.probes if probe.name == name), None)
    if probe is None:
        return  # handed over again without it, since the job was sent
    place = f"{model}/{name}/{run}.json"
    record = _kept(ports, place)
    if record is None:
        if ports.clock.now() - datetime.fromisoformat(run) > max(STALE, probe.every):
            return
        record = _keep(ports, place, _asked(ports, spec, probe, run))
    findings = [Finding.from_dict(finding) for finding in record["findings"]]
    report(ports, findings, f"{PROBES}:{name}:{run}", via)
    if not findings:
        note_good_window(ports, model, run, [Signal(model, "endpoint", name)], via)


def ask_now(ports: Ports, spec: ModelSpec, name: str) -> list[Finding] | None:
    """What the probe finds at this moment; nothing is kept. None when there is no such probe."""
    probe = next((probe for probe in spec.probes if probe.name == name), None)
    if probe is None:
        return None
    return check.findings(spec, probe, _spelled(ports.clock.now()), _replies(ports, spec, probe))


def _asked(ports: Ports, spec: ModelSpec, probe: Probe, run: str) -> dict[str, object]:
    replies = _replies(ports, spec, probe)
    findings = check.findings(spec, probe, run, replies)
    return {
        "run": run,
        "asked_at": ports.clock.now().isoformat(),
        "endpoint": check.place(probe.url),
        "replies": [reply.as_dict() for reply in replies],
        "findings": [finding.as_dict() for finding in findings],
    }


def _replies(ports: Ports, spec: ModelSpec, probe: Probe) -> list[check.Reply]:
    """One question after the other: the next would only add to what an endpoint that is slow has to do."""
    answers: list[Answer] = []
    replies = []
    for number in range(1, len(probe.questions) + 1):
        answer, times = _ask(ports, spec, probe, number), 1
        if check.worth_asking_again(probe, answer):
            answer, times = _ask(ports, spec, probe, number), 2
        answers.append(answer)
        replies.append(check.reply(spec, probe, number, answer, times))
        if check.is_dead(answers):
            break
    return replies


def _ask(ports: Ports, spec: ModelSpec, probe: Probe, number: int) -> Answer:
    secret = f"{spec.model.partition('/')[0]}/{probe.secret}" if probe.secret else ""  # of the model's team, only
    return ports.endpoints.ask(probe.url, probe.questions[number - 1].send, probe.timeout, secret)


def _kept(ports: Ports, place: str) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(ports.blobs.get(PROBES, place))
    except BlobNotFound:
        return None
    return record


def _keep(ports: Ports, place: str, record: dict[str, Any]) -> dict[str, Any]:
    """Of two jobs for one run the first to end is believed."""
    try:
        ports.blobs.put(PROBES, place, json.dumps(record).encode(), if_absent=True)
    except BlobExists:
        return _kept(ports, place) or record
    return record


def _paces(ports: Ports) -> Iterator[Pace]:
    for blob in ports.blobs.list(INDEX):
        model, probe, minutes = blob.name.rsplit("/", 2)
        yield Pace(model, probe, int(minutes))


def _send(ports: Ports, pace: Pace, due: datetime) -> None:
    job = {"do": "probe", "model": pace.model, "probe": pace.probe, "run": _spelled(due)}
    ports.queue.send(PROBES, json.dumps(job))


def _sent_until(ports: Ports) -> tuple[datetime | None, str | None]:
    info = ports.blobs.stat(TICKS, TICK)
    try:
        return (datetime.fromisoformat(ports.blobs.get(TICKS, TICK).decode()), info.etag) if info else (None, None)
    except BlobNotFound:
        return None, None


def _keep_sent_until(ports: Ports, now: datetime, etag: str | None) -> None:
    try:
        ports.blobs.put(TICKS, TICK, now.isoformat().encode(), if_match=etag, if_absent=etag is None)
    except (BlobChanged, BlobExists):
        return  # another timer at the same minute: what it sent twice is run once


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _spelled(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"
