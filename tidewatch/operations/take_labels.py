"""Labels landed: join them with what was predicted, and judge the latest run of windows.

Labels of a window may come in any number of files. A file completes what is known already: joined by id, the last value
wins, and an empty label never erases one. Rows that name another window (in the spec's window column) are taken for it.
"""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tidewatch.domain.checks.labels import label_faults, unmatched_labels, windows_of
from tidewatch.domain.checks.performance import Judged, findings, judge_metrics, was_judged
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.model_spec import Metric, ModelSpec
from tidewatch.domain.performance.answers import joined_columns
from tidewatch.domain.performance.outcomes import DayOutcome, join, labels_by_id
from tidewatch.domain.table import Table
from tidewatch.operations.intake import BadInput, read, take_in
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.shelf import LABELS, Shelf
from tidewatch.operations.timeliness import note_labels
from tidewatch.ports import Ports

WINDOW_NAME = re.compile(r"[\w+-][\w.:+-]{0,100}")  # it becomes part of a blob's name
EARLIER = 20  # runs that concept drift looks back on at most


def take_labels(ports: Ports, name: str, via: str = "blob") -> None:
    """`name` is team/model/window.parquet in the container of labels."""
    take_in(ports, LABELS, name, via, partial(_take, via))


def _take(via: str, shelf: Shelf, spec: ModelSpec, window: str, data: bytes) -> None:
    parts = windows_of(spec, window, _checked(shelf, spec, data))
    if strange := [name for name in parts if not WINDOW_NAME.fullmatch(name)]:
        raise BadInput("schema", [f"the column {spec.only('window')} holds {strange[0][:40]!r}, which names no window"])
    for name, part in parts.items():
        came = _digest(data) if name == window else None
        shelf.complete_labels(name, partial(_completed, shelf, spec, part, came))
        judge_labels(shelf, spec, name, via, part)


def _checked(shelf: Shelf, spec: ModelSpec, data: bytes) -> Table:
    """The labels of a file. Raises BadInput."""
    table = read(shelf, data)
    if faults := label_faults(spec, table):
        raise BadInput("schema", faults)
    return table


# --- what is known ---------------------------------------------------------------------------------------------


def known_labels(shelf: Shelf, spec: ModelSpec, window: str) -> bytes | None:
    """Every file of the window together, as parquet; the file that lies there by now included, if it can be read.

    None when the window's own file was withdrawn.
    """
    kept, came = shelf.known_labels(window), shelf.labels(window)
    if came is None:
        return kept if kept and not _of(shelf, kept) else None
    if kept and _of(shelf, kept) == _digest(came):
        return kept
    try:
        return _completed(shelf, spec, _checked(shelf, spec, came), _digest(came), kept)
    except BadInput:
        return kept  # refused when it came; its incident is open


def _completed(shelf: Shelf, spec: ModelSpec, part: Table, came: str | None, kept: bytes | None) -> bytes:
    """`came` is the digest of the window's own file; of another window's None."""
    before = labels_by_id(spec, shelf.table(kept)) if kept else {}
    known = before | labels_by_id(spec, part)
    columns, kinds = {}, {}
    for role, values in (("id", list(known)), ("label", list(known.values()))):
        name = spec.only(role)
        kinds[name] = "text" if spec.columns[name].type == "text" else "number"
        columns[name] = np.array(values, dtype=object if kinds[name] == "text" else np.float64)
    of = came or (_of(shelf, kept) if kept else "")
    return shelf.ports.tables.write(Table(columns, kinds), {"of": of})


def _of(shelf: Shelf, kept: bytes) -> str:
    """The window's own file, as it was when it was last taken into `kept`."""
    return shelf.ports.tables.metadata(kept, "labels.parquet").get("of", "")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- what they say ---------------------------------------------------------------------------------------------


def judge_labels(shelf: Shelf, spec: ModelSpec, window: str, via: str, sent: Table | None = None) -> None:
    """Without the window's batch there is nothing to join yet: the batch comes back to it when it lands.

    `sent` are the labels that came just now; without, all that are known are looked at for ids without a prediction.
    """
    data = known_labels(shelf, spec, window)
    batch = shelf.batch(window) if data else None
    if data is None or batch is None:
        return
    known = shelf.table(data)
    predicted = shelf.table(batch, [spec.only("id"), *joined_columns(spec)])
    record = shelf.window(window)
    outcome = join(spec, window, record.version if record else "1", predicted, known)
    content = _digest(json.dumps(outcome.as_dict()).encode())[:12]  # more or other labels are news
    shelf.keep_outcome(outcome)
    if outcome.labelled:
        note_labels(shelf, spec, window, via)
    look = _look(shelf, spec, window)
    shelf.keep_outcome(replace(outcome, verdicts=[judged.whole.as_dict() for judged in look.metrics]))
    good = [Signal(spec.model, "performance", "performance")] if look.judged and not look.findings else []
    of_sent = labels_by_id(spec, known if sent is None else sent)
    unmatched = len(of_sent.keys() - set(predicted.columns[spec.only("id")].tolist()))
    strangers = unmatched_labels(spec, window, len(of_sent), unmatched)
    if of_sent and not strangers:
        good.append(Signal(spec.model, "intake", "labels_unmatched"))
    report(shelf.ports, [*look.findings, *strangers], f"{LABELS}:{window}:{content}", via)
    note_good_window(shelf.ports, spec.model, window, good, via)


def judge_window(shelf: Shelf, spec: ModelSpec, window: str) -> tuple[list[Finding], bool]:
    """The run of windows up to this one that the same version scored; judged only once the run is long enough."""
    look = _look(shelf, spec, window)
    return look.findings, look.judged


@dataclass(frozen=True)
class Look:
    metrics: list[Judged]
    findings: list[Finding]

    @property
    def judged(self) -> bool:
        return was_judged(self.metrics)


def _look(shelf: Shelf, spec: ModelSpec, window: str) -> Look:
    longest = max((metric.windows for metric in spec.metrics), default=1)
    days = shelf.outcomes(window, longest)
    if not days:
        return Look([], [])
    version = days[-1].version
    run = [day for day in days if day.version == version]
    metrics = judge_metrics(spec, shelf.baseline(version), run)
    return Look(metrics, findings(spec, run, metrics, partial(_strange, shelf), partial(_earlier, shelf, run[-1])))


def _strange(shelf: Shelf, window: str) -> list[str] | None:
    record = shelf.window(window)
    return record.strange if record else None


def _earlier(shelf: Shelf, last: DayOutcome, metric: Metric) -> list[float]:
    """What the metric was over the runs before the one that ends with `last`, none sharing a window with another."""
    names = [name for name in shelf.label_windows() if name <= last.window]
    ends = names[: -metric.windows][:: -metric.windows][:EARLIER]
    outcomes = [outcome for name in ends if (outcome := shelf.outcome(name)) and outcome.version == last.version]
    same = {"metric": metric.name, "run": metric.windows}
    said = [verdict for outcome in outcomes for verdict in outcome.verdicts if same.items() <= verdict.items()]
    return [verdict["value"] for verdict in said if verdict["value"] is not None]
