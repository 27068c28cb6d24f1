"""Finding what did not come: batches, labels and versions that are late or stale.

What came is noted in one small record a model. When there will be something to tell about it stands in the name of an
empty blob, MINUTE_TEAM_MODEL, so that the timer lists those that are due and reads nothing of all the others. An entry
is written before the record that names it and deleted after the record has left it, and only if nobody has written it
again (etag): there is always one that is early enough, and one too many is taken away when it is due.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tidewatch.domain import arrivals as arrived
from tidewatch.domain.arrivals import Arrivals, is_followed
from tidewatch.domain.checks.timeliness import Overdue, after_telling, deadlines, in_order, next_look, overdue
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.window_time import window_time
from tidewatch.operations.intake import split
from tidewatch.operations.receipts import RECEIPTS, receipt_name
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.shelf import BATCHES, LABELS, QUARANTINE, WINDOWS, Shelf, UnknownModel
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound

ARRIVALS = "arrivals"  # team/model.json
INDEX = "arrivals-due"  # 2026-03-02T03:15Z_team_model: empty blobs, in order of time
QUEUE = "timeliness"
MOST = 5_000  # models a tick sends; those that are due first go first
OF_BATCHES = ("late_batch", "missing_batch", "stale_data")
AGAIN = {
    "late_batch": "no batch is late any more",
    "stale_data": "the newest batch is new enough again",
    "stale_labels": "the newest labels are new enough again",
    "stale_model": "the version in service is new enough again",
}
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class _Record:
    arrivals: Arrivals
    entry: str = ""  # its name in the index
    entry_etag: str = ""
    etag: str | None = None  # of the record; None before it was written


# --- what came -------------------------------------------------------------------------------------------------


def follow_arrivals(ports: Ports, spec: ModelSpec) -> None:
    """From now on these are the model's limits. What came before, and how long its version has served, stays known."""
    champion = ports.registry.champion(spec.model)
    if champion is not None:
        _change(ports, spec, partial(arrived.version_came, version=champion.version, now=ports.clock.now()))


def note_batch(shelf: Shelf, spec: ModelSpec, window: str, via: str) -> None:
    """A batch of this window came and can be read. To be called before its window is kept."""
    ports, now = shelf.ports, shelf.ports.clock.now()
    if not is_followed(spec):
        return
    unseen = shelf.window(window) is None

    def come(known: Arrivals) -> Arrivals:
        missing = _absent(ports, spec.model, arrived.expected_between(spec, known, window))
        return arrived.batch_came(spec, known, window, now, unseen=unseen, missing=missing)

    after = _change(ports, spec, come)
    checks = ("late_batch", "missing_batch", "early_batch", "stale_data", "stale_model")
    note_good_window(ports, spec.model, window, in_order(spec, after, now, checks), via)


def note_labels(shelf: Shelf, spec: ModelSpec, window: str, via: str) -> None:
    """Labels of this window were joined with its batch."""
    ports, now = shelf.ports, shelf.ports.clock.now()
    if is_followed(spec):
        after = _change(ports, spec, lambda known: arrived.labels_came(spec, known, window, now))
        note_good_window(ports, spec.model, window, in_order(spec, after, now, ("stale_labels",)), via)


def note_version(ports: Ports, model: str, version: str) -> None:
    """This version is in service now."""
    now = ports.clock.now()
    _change(ports, Shelf(ports, model).spec(), lambda known: arrived.version_came(known, version, now))


def _absent(ports: Ports, model: str, windows: Sequence[str]) -> list[str]:
    """Those of which there is no file, taken or not, refused or not."""
    if not windows:
        return []
    there = {split(blob.name)[1] for blob in ports.blobs.list(BATCHES, f"{model}/")}
    return [window for window in windows if window not in there]


# --- what did not come -----------------------------------------------------------------------------------------


def send_overdue(ports: Ports, most: int = MOST) -> int:
    """Send a job for each model of which there may be something to tell by now; says how many."""
    now, sent = _spelled(ports.clock.now()), 0
    for blob in ports.blobs.list(INDEX):
        due, team, name = blob.name.split("_")
        if due > now or sent >= most:
            break
        job = {"do": "timeliness", "model": f"{team}/{name}", "entry": blob.name, "etag": blob.etag}
        ports.queue.send(QUEUE, json.dumps(job))
        sent += 1
    return sent


def tell_overdue(ports: Ports, model: str, entry: str, etag: str) -> None:
    """Report what is late or stale by now and was not told. Files that nobody has taken yet hold it back."""
    now, after = ports.clock.now(), None
    try:
        spec = Shelf(ports, model).spec()
    except UnknownModel:
        spec = None
    while spec and (known := _read(ports, model)):
        found = overdue(spec, known.arrivals, now, _refused(ports, model, known.arrivals))
        ready = _ready(ports, model, found)
        if found and not ready:
            return
        for each in ready:
            report(ports, [each.finding], each.key, "timer")
        after = _keep(ports, spec, known, after_telling(known.arrivals, ready), now)
        if after:
            break
    if after is None or after.entry != entry:
        _drop(ports, entry, etag)


def timely_again(ports: Ports, spec: ModelSpec, finding: Finding) -> str:
    """A sentence when what was late, missing, early or stale is so no more. Else empty."""
    known, now = _read(ports, spec.model), ports.clock.now()
    if finding.check == "missing_batch":
        absent = _absent(ports, spec.model, finding.evidence["windows"])
        return "" if absent else "every batch that was missing has come"
    late = {deadline.check for deadline in deadlines(spec, known.arrivals) if deadline.level(now)} if known else set()
    if known is None or finding.check in late:
        return ""
    if finding.check == "early_batch":
        named = window_time(finding.window)
        return "" if named and named.start > now else f"the time of the batch {finding.window} has come"
    return AGAIN[finding.check]


def _ready(ports: Ports, model: str, found: Sequence[Overdue]) -> list[Overdue]:
    """A file that lies there is not late: whoever takes it is behind."""
    held = set[str]()
    checks = {each.finding.check for each in found}
    if checks & {*OF_BATCHES} and _untaken(ports, BATCHES, model):
        held |= {*OF_BATCHES}
    if "stale_labels" in checks and _untaken(ports, LABELS, model):
        held |= {"stale_labels"}
    return [each for each in found if each.finding.check not in held]


def _untaken(ports: Ports, container: str, model: str) -> bool:
    receipts = {blob.name for blob in ports.blobs.list(RECEIPTS, f"{container}/{model}/")}
    blobs = ports.blobs.list(container, f"{model}/")
    return any(receipt_name(container, blob.name, blob.etag) not in receipts for blob in blobs)


def _refused(ports: Ports, model: str, known: Arrivals) -> list[str]:
    """Windows after the newest whose files were refused; without times, only before the first batch."""
    kept = ports.blobs.list(QUARANTINE, f"{BATCHES}/{model}/")
    windows = [split(blob.name.removeprefix(f"{BATCHES}/"))[1] for blob in kept]
    return [window for window in windows if arrived.is_newer(known, window, unseen=not known.window)]


# --- the record and its entry in the index ---------------------------------------------------------------------


def _change(ports: Ports, spec: ModelSpec, change: Callable[[Arrivals], Arrivals]) -> Arrivals:
    """Of several writers one wins; the others change what it wrote."""
    now = ports.clock.now()
    while True:
        known = _read(ports, spec.model)
        if known is None and not is_followed(spec):
            return change(Arrivals(now))
        before = known or _Record(_as_shelved(ports, spec, now))
        after = change(before.arrivals)
        if known and after == known.arrivals and _entry(spec, after, now) == known.entry:
            return after
        if _keep(ports, spec, before, after, now):
            return after


def _as_shelved(ports: Ports, spec: ModelSpec, now: datetime) -> Arrivals:
    """The start of a model that was there before it was followed."""
    shelf = Shelf(ports, spec.model)
    prefix = f"{spec.model}/"
    taken = [blob.name.removeprefix(prefix).removesuffix(".json") for blob in ports.blobs.list(WINDOWS, prefix)]
    window, labelled = arrived.newest(taken), arrived.newest(shelf.label_windows())
    unlabelled = arrived.data_time(spec, window, now) if window != labelled else None
    came = now if window else None
    return Arrivals(now, window, came, labelled, now if labelled else None, unlabelled)


def _read(ports: Ports, model: str) -> _Record | None:
    info = ports.blobs.stat(ARRIVALS, f"{model}.json")
    if info is None:
        return None
    try:
        record: dict[str, Any] = json.loads(ports.blobs.get(ARRIVALS, f"{model}.json"))
    except BlobNotFound:
        return None
    return _Record(Arrivals.from_dict(record["arrivals"]), record["entry"], record["entry_etag"], info.etag)


def _keep(ports: Ports, spec: ModelSpec, before: _Record, arrivals: Arrivals, now: datetime) -> _Record | None:
    """None when somebody else was faster."""
    entry, etag = _entry(spec, arrivals, now), before.entry_etag
    if entry != before.entry:
        etag = ports.blobs.put(INDEX, entry, b"") if entry else ""
    record = {"arrivals": arrivals.as_dict(), "entry": entry, "entry_etag": etag}
    try:
        ports.blobs.put(
            ARRIVALS, f"{spec.model}.json", json.dumps(record).encode(),
            if_absent=before.etag is None, if_match=before.etag,
        )  # fmt: skip
    except (BlobExists, BlobChanged):
        return None
    if before.entry and before.entry != entry:
        _drop(ports, before.entry, before.entry_etag)
    return _Record(arrivals, entry, etag)


def _drop(ports: Ports, entry: str, etag: str) -> None:
    with suppress(BlobChanged):  # it was written again, and is somebody's
        ports.blobs.delete(INDEX, entry, if_match=etag)


def _entry(spec: ModelSpec, arrivals: Arrivals, now: datetime) -> str:
    at = next_look(spec, arrivals, now)
    if at is None:
        return ""
    whole = at.replace(second=0, microsecond=0)
    return f"{_spelled(whole if whole == at else whole + MINUTE)}_{spec.model.replace('/', '_')}"


def _spelled(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"
