"""The windows of which something did not come, as a finding about arrivals says it."""

from tidewatch.domain.arrivals import data_time, plus
from tidewatch.domain.finding import Finding
from tidewatch.domain.window_time import window_time
from tidewatch.operations.shelf import WINDOWS, Shelf
from tidewatch.operations.take_labels import known_labels

MOST = 31  # windows a run works on; the first of them first


def without_batch(shelf: Shelf, finding: Finding) -> list[str]:
    """Those a missing batch names; of a late one, those due after the newest, where windows are named by times."""
    names = list(finding.evidence.get("windows", ()))
    last, every = window_time(finding.evidence.get("last_window", "")), shelf.spec().schedules.batches_every
    if finding.check == "late_batch" and last and every:
        due = min(finding.evidence["due_batches"], MOST)
        names = [name for step in range(1, due + 1) if (name := last.name_at(last.start + every * step))]
    return [name for name in names if shelf.original(name) is None][:MOST]


def without_labels(shelf: Shelf, finding: Finding) -> list[str]:
    """Those after the newest one with labels whose labels are due; or the one whose labels do not match."""
    if finding.check == "labels_unmatched":
        return [finding.window]
    spec, now, prefix = shelf.spec(), shelf.ports.clock.now(), f"{shelf.model}/"
    names = [b.name.removeprefix(prefix).removesuffix(".json") for b in shelf.ports.blobs.list(WINDOWS, prefix)]
    waiting = [name for name in names if name > finding.evidence.get("window", "")]
    due = [name for name in waiting if plus(data_time(spec, name, now), spec.label_delay) <= now]
    return [name for name in due if known_labels(shelf, spec, name) is None][:MOST]
