"""How predictions turned out: joined with labels by id, kept as sums per window that add up over windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.model_spec import Costs, ModelSpec
from tidewatch.domain.performance.answers import Mask, answer_columns, answers, names_of, null, numbers_of
from tidewatch.domain.performance.measures import measured, row_weights
from tidewatch.domain.performance.metrics import KINDS, Values
from tidewatch.domain.performance.tallies import MOST_CELLS, SEGMENT_CELLS, Stack, Tallied, Tally, tally_binary
from tidewatch.domain.table import Table

FORMAT = 2  # of a stored outcome; 1 had no tally and is read as it is
Segments = Mapping[str, Mapping[str, "DayOutcome"]]  # column -> value


@dataclass(frozen=True)
class DayOutcome:
    """Sums are over labelled rows: rows with a finite score or prediction, and a label by now."""

    window: str
    version: str  # of the model that scored
    rows: int  # predictions made; of one id only the last counts
    labelled: int
    labels: float  # sum of labels; multiclass: of right answers
    scores: float  # sum of scores or predictions; multiclass: of the probability of the predicted class
    log_loss: float  # sum, in nats
    tally: Tally | None = None  # what all other metrics need; None without labels, and in format 1
    segments: Segments = field(default_factory=dict)
    unmatched: int = 0  # labels whose id no prediction has
    verdicts: Sequence[Mapping[str, Any]] = ()  # of the run of windows that ends here, one a metric

    @staticmethod
    def of(window: str, version: str, scores: Values, labels: Values, threshold: float = 0.5) -> "DayOutcome":
        """`scores` are probabilities, `labels` 0 or 1 with NaN where there is none yet."""
        known = np.isfinite(scores) & ((labels == 0) | (labels == 1))
        decided = (scores[known] >= threshold).astype(np.float64)
        return _outcome(window, version, len(scores), tally_binary(labels[known], scores[known], decided))

    @property
    def loss(self) -> float:
        """What training makes small, a row: log loss in nats, squared error of numbers, share of wrong answers."""
        sums = self.tally.sums if self.tally else None
        if sums and "squared" in sums:
            return sums["squared"] / self.labelled
        if sums is None or "log_loss_squares" in sums:
            return self.log_loss / self.labelled
        return 1 - self.labels / self.labelled

    def as_dict(self) -> dict[str, Any]:
        segments = {
            column: {value: outcome._sums() for value, outcome in of.items()} for column, of in self.segments.items()
        }
        record = {"format": FORMAT, "window": self.window, "version": self.version} | self._sums()
        return record | {"segments": segments, "unmatched": self.unmatched, "verdicts": list(self.verdicts)}

    def _sums(self) -> dict[str, Any]:
        names = ("rows", "labelled", "labels", "scores", "log_loss")
        return {name: getattr(self, name) for name in names} | {"tally": self.tally.as_dict() if self.tally else None}

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "DayOutcome":
        """Raises ValueError for an outcome that a later Tidewatch kept."""
        fields = dict(record)
        if (written := fields.pop("format", 1)) > FORMAT:
            raise ValueError(f"an outcome of format {written}, and this Tidewatch reads up to {FORMAT}: update it")
        segments = {
            column: {
                value: DayOutcome(fields["window"], fields["version"], **_with_tally(sums))
                for value, sums in of.items()
            }
            for column, of in fields.pop("segments", {}).items()
        }
        verdicts = tuple(fields.pop("verdicts", ()))
        return DayOutcome(**_with_tally(fields), segments=segments, verdicts=verdicts)


def _with_tally(fields: Mapping[str, Any]) -> dict[str, Any]:
    tally = fields.get("tally")
    return {**fields, "tally": Tally.from_dict(tally) if tally else None}


def _outcome(window: str, version: str, rows: int, of: Tallied) -> DayOutcome:
    return DayOutcome(window, version, rows, of.rows, of.happened, of.said, of.log_loss, of.tally)


# --- joining ---------------------------------------------------------------------------------------------------


def labels_by_id(spec: ModelSpec, known: Table) -> dict[Any, Any]:
    """The last label of each id; a row without an id or without a label says nothing."""
    pairs = zip(known.columns[spec.only("id")].tolist(), known.columns[spec.only("label")].tolist(), strict=True)
    return {key: label for key, label in pairs if not (null(key) or null(label))}


def matched(spec: ModelSpec, predicted: Table, known: Table) -> tuple[NDArray[Any], int]:
    """The label of each prediction (None: none yet), and how many labelled ids no prediction has."""
    of_id, ids = labels_by_id(spec, known), predicted.columns[spec.only("id")].tolist()
    labels = np.empty(len(ids), dtype=object)
    labels[:] = [of_id.get(key) for key in ids]
    return labels, len(of_id.keys() - set(ids))


def labelled(spec: ModelSpec, predicted: Table, known: Table) -> Table:
    """The predictions with a column of labels, null where there is none yet."""
    labels, name = matched(spec, predicted, known)[0], spec.only("label")
    if spec.columns[name].type == "text":
        return Table({**predicted.columns, name: labels}, {**predicted.kinds, name: "text"})
    return Table({**predicted.columns, name: numbers_of(labels)}, {**predicted.kinds, name: "number"})


def join(spec: ModelSpec, window: str, version: str, predicted: Table, known: Table) -> DayOutcome:
    """Predictions with the labels known by now, matched by id; a prediction without a label waits.

    Ids that are null match nothing. Of an id that was predicted twice the last prediction counts, of one that was
    labelled twice the last label.
    """
    labels, unmatched = matched(spec, predicted, known)
    ids = predicted.columns[spec.only("id")].tolist()
    last = {key: row for row, key in enumerate(ids)}
    counted = np.array([null(key) or last[key] == row for row, key in enumerate(ids)], dtype=bool)
    return outcome_of(spec, window, version, predicted.where(counted), labels[counted], unmatched)


def outcomes_by_window(table: Table, spec: ModelSpec, version: str) -> list[DayOutcome]:
    """One outcome a window, in order of time, from rows that carry window, answers and label; without, none."""
    if not {*answer_columns(spec), spec.only("window"), spec.only("label")} <= table.columns.keys():
        return []
    labels = table.columns[spec.only("label")]
    names = table.columns[spec.only("window")]
    chosen = [(name, _within(np.ones(table.rows, dtype=bool), rows)) for name, rows in sorted(_groups(names).items())]
    return [outcome_of(spec, name, version, table.where(rows), labels[rows]) for name, rows in chosen]


def outcome_of(
    spec: ModelSpec, window: str, version: str, table: Table, labels: NDArray[Any], unmatched: int = 0
) -> DayOutcome:
    """Of a window's rows with the label of each, for all of them and for the largest segments."""
    known, tally = answers(spec, table, labels)
    whole = tally(known, MOST_CELLS)
    segments: dict[str, dict[str, DayOutcome]] = {}
    for column in spec.segmented:
        groups = _groups(table.columns[column]) if column in table.columns else {}
        largest = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))[: spec.segments.most]
        segments[column] = {
            value: _outcome(window, version, len(rows), tally(_within(known, rows), SEGMENT_CELLS).brief())
            for value, rows in largest
        }
    outcome = _outcome(window, version, table.rows, whole)
    return replace(outcome, segments=segments, unmatched=unmatched)


def _groups(values: NDArray[Any]) -> dict[str, NDArray[np.intp]]:
    """The rows of each value in one pass; nulls belong to none."""
    names = names_of(values)
    number: dict[str, int] = {}
    codes = np.array([number.setdefault(name, len(number)) for name in names.tolist()], dtype=np.intp)
    rows = np.argsort(codes, kind="stable")
    parts = np.split(rows, np.cumsum(np.bincount(codes, minlength=len(number)))[:-1]) if number else []
    return {name: part for name, part in zip(number, parts, strict=True) if name}


def _within(known: Mask, rows: NDArray[np.intp]) -> Mask:
    chosen = np.zeros(len(known), dtype=bool)
    chosen[rows] = True
    return known & chosen


# --- over a run of windows -------------------------------------------------------------------------------------


def stacked(days: Sequence[DayOutcome]) -> Stack:
    """Of the windows that have labels."""
    return Stack.of([Tallied(d.labelled, d.labels, d.scores, d.log_loss, d.tally) for d in days if d.labelled])


def level_key(metric: str, column: str = "", value: str = "") -> str:
    """Under what a baseline keeps how the metric varies: of all rows, or of a segment."""
    return f"{metric} where {column} is {value}" if column else metric


def series(metric: str, days: Sequence[DayOutcome]) -> dict[str, list[DayOutcome]]:
    """By level key: the windows of all rows, and those of each segment that were followed."""
    found = {level_key(metric): list(days)}
    for day in days:
        for column, of in day.segments.items():
            for value, outcome in of.items():
                found.setdefault(level_key(metric, column, value), []).append(outcome)
    return found


def rolling(metric: str, days: Sequence[DayOutcome], windows: int, costs: Costs, labels: int = 1) -> Values:
    """The metric of every run of so many consecutive windows; NaN where it has fewer labels or is not known.

    Shape (runs,), the first run ending with the window number `windows`.
    """
    runs = max(len(days) - windows + 1, 0)
    labelled = np.array([bool(day.labelled) for day in days], dtype=bool)
    if not runs or not labelled.any():
        return np.full(runs, np.nan)
    band = np.arange(len(days)) - np.arange(runs)[:, None]
    inside = ((band >= 0) & (band < windows))[:, labelled].astype(np.float64)
    stack = stacked(days)
    values = measured(metric, stack, inside * row_weights(stack), costs)
    if values is None:
        return np.full(runs, np.nan)
    return np.where(inside @ stack.rows >= labels, values, np.nan)


def metric_values(days: Sequence[DayOutcome], costs: Costs | None = None) -> dict[str, float]:
    """Every metric that the windows together allow, each window counting once; empty without a label.

    Beside them `observed` and `predicted`: the mean of what happened and of what was said. business_cost needs costs.
    """
    stack, costs = stacked(days), costs or Costs()
    priced = costs.model_dump(exclude={"currency"}) != Costs().model_dump(exclude={"currency"})
    if not len(stack.rows):
        return {}
    weights, values = row_weights(stack), {}
    for name in KINDS:
        value = measured(name, stack, weights, costs)
        if value is not None and np.isfinite(value) and (priced or name != "business_cost"):
            values[name] = float(value)
    for name, sums in (("observed", stack.happened), ("predicted", stack.said)):
        if "calibration_gap" in values:
            values[name] = float(weights @ sums / (weights @ stack.rows))
    return values
