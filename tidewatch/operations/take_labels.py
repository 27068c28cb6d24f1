"""Labels landed: join them with what was predicted, and judge the latest run of windows."""

from functools import partial

from tidewatch.domain.checks.performance import judge
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.outcomes import DayOutcome, join
from tidewatch.domain.table import Table
from tidewatch.operations.intake import BadInput, read, take_in
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.shelf import LABELS, Shelf
from tidewatch.ports import Ports


def take_labels(ports: Ports, name: str, via: str = "blob") -> None:
    """`name` is team/model/window.parquet in the container of labels."""
    take_in(ports, LABELS, name, via, partial(_take, via))


def _take(via: str, shelf: Shelf, spec: ModelSpec, window: str, data: bytes) -> None:
    _known(shelf, spec, data)
    judge_labels(shelf, spec, window, via)


def _known(shelf: Shelf, spec: ModelSpec, data: bytes) -> Table:
    """The labels of a file. Raises BadInput."""
    table, label = read(shelf, data), spec.only("label")
    wanted = (spec.only("id"), label)
    if missing := [f"the column {column} is missing" for column in wanted if column not in table.columns]:
        raise BadInput("schema", missing)
    if table.kinds[label] not in (spec.columns[label].type, "other"):
        raise BadInput("schema", [f"the column {label} holds {table.kinds[label]} where the spec says number"])
    return table


def judge_labels(shelf: Shelf, spec: ModelSpec, window: str, via: str) -> None:
    """Without the window's batch there is nothing to join yet: the batch comes back to it when it lands."""
    outcome = _joined(shelf, spec, window)
    if outcome is None:
        return
    shelf.keep_outcome(outcome)
    findings, judged = judge_window(shelf, spec, window)
    report(shelf.ports, findings, f"{LABELS}:{window}", via)
    if judged and not findings:
        note_good_window(shelf.ports, spec.model, window, [Signal(spec.model, "performance", "performance")], via)


def judge_window(shelf: Shelf, spec: ModelSpec, window: str) -> tuple[list[Finding], bool]:
    """The run of windows up to this one that the same version scored; judged only once the run is long enough."""
    longest = max((metric.windows for metric in spec.metrics), default=1)
    days = shelf.outcomes(window, longest)
    if not days:
        return [], False
    version = days[-1].version
    run = [day for day in days if day.version == version]
    return judge(spec, shelf.baseline(version), run)


def _joined(shelf: Shelf, spec: ModelSpec, window: str) -> DayOutcome | None:
    batch, labels = shelf.batch(window), shelf.labels(window)
    if batch is None or labels is None:
        return None
    record = shelf.window(window)
    try:
        known = _known(shelf, spec, labels)
    except BadInput:
        return None  # refused when it came; its incident is open
    predicted = shelf.table(batch, [spec.only("id"), spec.only("score")])
    return join(spec, window, record.version if record else "1", predicted, known)
