"""A window's rows against reference rows, all columns together, and how such comparisons vary when nothing is wrong.

Two methods. `pca`: the principal components of the reference rebuild the window's rows; rows whose columns hang
together differently are rebuilt worse. `classifier`: how well a classifier tells the window's rows from the
reference's. As for single columns, windows left out in turn are compared exactly as a new one will be.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.multivariate.reconstruction import (
    Components,
    Encoder,
    Matrix,
    as_numbers,
    as_texts,
    lengths,
    separability,
)
from tidewatch.domain.multivariate.row_choice import sampled
from tidewatch.domain.table import Table

FEWEST_ROWS = 30  # a smaller window is not compared
FOLDS = 5
PER_ROW = 5  # the classifier sees so many reference rows for each of the window's: more tell it little
RESTLESS = 0.6  # mean AUC of a column alone, from which it says little but which window it is in
FEWEST_TURNS = 20
TURNS = {"pca": 60, "classifier": FEWEST_TURNS}  # windows that are left out in turn, evenly spread: each costs a fit
SMALL = 1e-3  # in standard deviations; keeps the logarithm of a perfect reconstruction finite

Method = Literal["pca", "classifier"]
# (features with NaN for null, whether a row is of the second kind, folds, seed) -> probabilities of the second kind
Classify = Callable[[Matrix, NDArray[np.bool_], int, int], NDArray[np.float64]]
FEW = 10  # left-out windows; with fewer, the choice of rows alone sets the limits


@dataclass(frozen=True)
class Measured:
    """One comparison of a window's rows with reference rows."""

    method: Method
    value: float  # pca: mean reconstruction error in standard deviations; classifier: ROC AUC
    own: float  # the same of the reference itself: its own reconstruction error, or 0.5
    noise: float  # standard deviation of `departure` if nothing but the choice of rows varied
    rows: int
    columns: Mapping[str, float]  # pca: growth of the mean squared residual; classifier: AUC of the column alone

    @property
    def departure(self) -> float:
        return to_departure(self.method, self.value, self.own)


def to_departure(method: Method, value: float, own: float) -> float:
    """On this scale windows vary about normally, and 0 is the reference itself.

    pca: ln(value / own); classifier: ln(AUC / (1 - AUC)).
    """
    if method == "pca":
        return float(np.log((value + SMALL) / (own + SMALL)))
    clipped = min(max(value, 1e-4), 1 - 1e-4)
    return float(np.log(clipped / (1 - clipped)))


def from_departure(method: Method, departure: float, own: float) -> float:
    if method == "pca":
        return max(float(np.exp(departure)) * (own + SMALL) - SMALL, 0.0)
    return float(1 / (1 + np.exp(-departure)))


def candidates(spec: ModelSpec) -> list[str]:
    """The model's inputs that can be compared: a time always moves on, and scores change with the version."""
    return [
        name for name, column in spec.columns.items() if column.role in ("feature", "segment") and column.type != "time"
    ]


def kept_rows(spec: ModelSpec, training_windows: int) -> int:
    """How many rows of a window are kept for references, so that a reference comes to the spec's sample."""
    many = spec.drift.windows if spec.drift.compare_with == "trailing" else training_windows
    return -(-spec.multivariate.sample // max(many, 1))


def measure(
    spec: ModelSpec, method: Method, columns: Sequence[str], reference: Table, now: Table, classify: Classify
) -> Measured | None:
    """None where there are too few rows, or no column, to say anything."""
    if not columns or min(reference.rows, now.rows) < FEWEST_ROWS:
        return None
    if method == "pca":
        return _rebuilt(_encoder(spec, columns, reference), reference, now)
    return _told_apart(spec, columns, reference, now, classify)


def _encoder(spec: ModelSpec, columns: Sequence[str], reference: Table) -> Encoder:
    return Encoder.of(reference, [name for name in columns if spec.columns[name].type == "text"], columns)


def _rebuilt(encoder: Encoder, reference: Table, now: Table) -> Measured:
    """Mean Euclidean length of the residual of standardised rows, after projection onto the reference's components."""
    known = encoder.matrix(reference)
    components = Components.of(known)
    before, after = components.residuals(known), components.residuals(encoder.matrix(now))
    own = lengths(before)
    noise = float(own.std()) / (float(own.mean()) + SMALL) * np.sqrt(1 / now.rows + 1 / reference.rows)
    growth = (after**2).mean(axis=0) - (before**2).mean(axis=0)
    columns = dict(zip(encoder.columns, map(float, growth), strict=True))
    return Measured("pca", float(lengths(after).mean()), float(own.mean()), float(noise), now.rows, columns)


def _told_apart(
    spec: ModelSpec, columns: Sequence[str], reference: Table, now: Table, classify: Classify
) -> Measured:  # fmt: skip
    """ROC AUC of out-of-fold probabilities: 0.5 where the rows cannot be told apart, 1 where they always can."""
    features, second = _side_by_side(spec, columns, reference, now)
    value = separability(classify(features, second, FOLDS, 0), second)
    many, few = now.rows, len(second) - now.rows
    noise = 4 * np.sqrt((many + few + 1) / (12 * many * few))  # Mann and Whitney; 4: of the log odds at 0.5
    return Measured("classifier", value, 0.5, float(noise), many, _alone(columns, features, second))


def _side_by_side(
    spec: ModelSpec, columns: Sequence[str], reference: Table, now: Table
) -> tuple[Matrix, NDArray[np.bool_]]:
    before = sampled(reference, PER_ROW * now.rows, "reference")
    features = _encoder(spec, columns, reference).ranks(Table.stack([before, now]))
    return features, np.arange(len(features)) >= before.rows


def _alone(columns: Sequence[str], features: Matrix, second: NDArray[np.bool_]) -> dict[str, float]:
    aucs = [separability(features[:, index], second) for index in range(len(columns))]
    return {name: max(auc, 1 - auc) for name, auc in zip(columns, aucs, strict=True)}


# --- what is usual ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Usual:
    """How left-out windows depart from their reference."""

    level: Level  # of departures
    columns: Mapping[str, float]  # mean of `Measured.columns`


@dataclass(frozen=True)
class Learnt:
    columns: Sequence[str]  # what is looked at
    usual: Mapping[str, Usual]  # by method; a method with too few left-out windows is absent

    def as_dict(self) -> dict[str, Any]:
        usual = {
            method: [u.level.mean, u.level.sd, u.level.windows, dict(u.columns)] for method, u in self.usual.items()
        }
        return {"columns": list(self.columns), "usual": usual}

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Learnt":
        usual = {m: Usual(Level(mean, sd, n), columns) for m, (mean, sd, n, columns) in record["usual"].items()}
        return Learnt(record["columns"], usual)


def learn(spec: ModelSpec, windows: Mapping[str, Table], classify: Classify) -> Learnt:
    """From training windows in order of time, each with the rows that would be looked at of a batch."""
    small = {name: sampled(table, kept_rows(spec, len(windows)), name) for name, table in windows.items()}

    def left_out(most: int) -> Iterator[tuple[Table, Table]]:
        for others, name in _turns(spec, list(windows), most):
            yield Table.stack([small[other] for other in others]), windows[name]

    columns = _calm(spec, _varied(spec, windows), left_out(FEWEST_TURNS))
    usual: dict[str, Usual] = {}
    enough = len(_turns(spec, list(windows), FEW)) >= FEW
    for method in spec.multivariate.methods if enough else ():
        all_seen = [measure(spec, method, columns, *turn, classify) for turn in left_out(TURNS[method])]
        seen = [measured for measured in all_seen if measured]
        if len(seen) >= FEW:
            usual[method] = _usual(seen)
    return Learnt(columns, usual)


def _turns(spec: ModelSpec, names: Sequence[str], most: int) -> list[tuple[Sequence[str], str]]:
    """Windows to leave out, evenly spread, each behind the windows it would have been compared with."""
    turns: list[tuple[Sequence[str], str]]
    if spec.drift.compare_with == "training":
        turns = [([*names[:i], *names[i + 1 :]], names[i]) for i in range(len(names))]
    else:
        first = min(spec.drift.windows, len(names) // 2)
        turns = [(names[max(0, i - spec.drift.windows) : i], names[i]) for i in range(first, len(names))]
    turns = [(others, name) for others, name in turns if others]
    chosen = np.linspace(0, len(turns) - 1, min(most, len(turns))).astype(int)
    return [turns[i] for i in chosen]


def _usual(seen: Sequence[Measured]) -> Usual:
    departures = [measured.departure for measured in seen]
    level = Level(float(np.mean(departures)), float(np.std(departures, ddof=1)), len(seen))
    return Usual(level, {name: float(np.mean([m.columns[name] for m in seen])) for name in seen[0].columns})


def _varied(spec: ModelSpec, windows: Mapping[str, Table]) -> list[str]:
    """Without the columns that have one value a window, such as the day of the week: they only say which it is."""
    columns = candidates(spec)
    if len(windows) < FEW:
        return columns
    typical = {name: np.median([_distinct(table, name) for table in windows.values()]) for name in columns}
    return [name for name in columns if typical[name] > 1]


def _distinct(table: Table, name: str) -> int:
    values = table.columns[name]
    return len(set(as_texts(values))) if values.dtype == object else len(np.unique(as_numbers(values)))


def _calm(spec: ModelSpec, columns: Sequence[str], turns: Iterable[tuple[Table, Table]]) -> Sequence[str]:
    """Without the columns that differ from every reference anyway, such as the weather of a day.

    With them a window would be known by its weather, and nothing else that is wrong with it would show.
    """
    seen = [
        _alone(columns, *_side_by_side(spec, columns, reference, now))
        for reference, now in turns
        if columns and min(reference.rows, now.rows) >= FEWEST_ROWS
    ]
    if len(seen) < FEW:
        return columns
    calm = [name for name in columns if np.mean([alone[name] for alone in seen]) < RESTLESS]
    return calm or columns
