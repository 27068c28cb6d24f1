"""Performance of a classifier before labels are in: confidence-based performance estimation (CBPE).

Scores are calibrated on labelled reference rows, one class against the others; then each row's label is known by its
probability, and every metric by its expectation (NannyML, "How CBPE works"). It answers for what the scores show: that
rows became harder. It is blind to a world in which the same row now ends differently; labels must still come.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.estimation.classified import Classified
from tidewatch.domain.estimation.expected import Expected, Rows, expected_confusion, expected_metrics
from tidewatch.domain.estimation.isotonic import AS_THEY_ARE, Calibration, calibrate, isotonic
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table

Floats = NDArray[np.float64]

FOLDS = 5  # windows are left out a fifth at a time
SURE = 1.96  # standard errors to either side: a 95 % interval


class NothingToLearn(ValueError):
    """No row of the reference data has both an answer of the model and a label."""

    def __init__(self, answer: str) -> None:
        super().__init__(f"no row of the reference data has both a {answer} and a label: nothing can be learnt")


@dataclass(frozen=True)
class Estimate:
    """A metric, and between what it will lie in 95 of 100 cases once labels are in, if scores still mean the same."""

    value: float
    low: float
    high: float

    @staticmethod
    def of(value: float, variance: float) -> "Estimate":
        half = SURE * float(np.sqrt(max(variance, 0.0)))
        return Estimate(value, value - half, value + half)


@dataclass(frozen=True)
class WindowEstimates:
    window: str
    rows: int  # that were looked at
    metrics: Mapping[str, Estimate]
    confusion: Sequence[Sequence[float]] = ()  # of a classifier: expected share of rows by label, then by decision

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "WindowEstimates":
        metrics = {name: Estimate(**estimate) for name, estimate in record["metrics"].items()}
        confusion = tuple(tuple(shares) for shares in record["confusion"])
        return WindowEstimates(record["window"], record["rows"], metrics, confusion)


@dataclass(frozen=True)
class Usual:
    """A metric on the reference data, where labels are known."""

    realised: float
    level: Level | None  # of estimates of runs of left-out windows; None where there were too few
    off: float | None  # mean |estimated - realised| of those runs

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Usual":
        level = Level(**record["level"]) if record["level"] else None
        return Usual(record["realised"], level, record["off"])


@dataclass(frozen=True)
class Estimator:
    curves: tuple[Calibration, ...]  # of the positive class, or of each of more than two
    usual: Mapping[str, Usual]  # by metric

    @staticmethod
    def learn(spec: ModelSpec, reference: Table) -> "Estimator":
        """From reference rows with scores and labels; with the window column too, also how windows vary.

        Raises NothingToLearn.
        """
        rows = Classified.of(spec, reference)
        known = rows.labels >= 0
        if not known.any():
            raise NothingToLearn("score")
        labelled = rows.where(known)
        curves = tuple(calibrate(labelled.scores[:, k], labelled.labels == k) for k in _curved(labelled))
        realised = {name: one.value for name, one in _metrics(spec, labelled, labelled.happened).items()}
        window = spec.only("window")
        windows = reference.columns[window][rows.places][known] if window in reference.columns else None
        return Estimator(curves, usual_of(spec, realised, _left_out(spec, labelled, windows, curves)))

    def estimate(self, spec: ModelSpec, window: str, table: Table) -> WindowEstimates:
        """Every metric of `spec.estimation` that is defined for these rows; rows without a score are left out.

        The interval holds what chance does to labels and how sure the calibration is (no more is known of scores that
        needed none).
        """
        rows = Classified.of(spec, table)
        chances, raw = probabilities(rows.scores, self.curves)
        made = {
            name: Estimate.of(one.value, one.variance(chances) + _doubt(rows.scores, self.curves, raw, chances, one))
            for name, one in _metrics(spec, rows, chances).items()
        }
        matrix = expected_confusion(Rows(chances, rows.scores, rows.decisions)) / max(len(chances), 1)
        return WindowEstimates(window, len(chances), made, tuple(map(tuple, matrix.tolist())))

    def as_dict(self) -> dict[str, Any]:
        return {
            "curves": [curve.as_dict() for curve in self.curves],
            "usual": {name: usual.as_dict() for name, usual in self.usual.items()},
        }

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Estimator":
        curves = tuple(Calibration.from_dict(curve) for curve in record["curves"])
        usual = {name: Usual.from_dict(one) for name, one in record["usual"].items()}
        return Estimator(curves, usual)


def probabilities(scores: Floats, curves: Sequence[Calibration]) -> tuple[Floats, Floats]:
    """(rows, classes) that sum to 1, and their sums before: calibrated one by one, they need not."""
    if len(curves) == 1:
        positive = curves[0](scores[:, 1])
        return np.column_stack([1 - positive, positive]), np.ones(len(scores))
    raw = np.column_stack([curve(scores[:, k]) for k, curve in enumerate(curves)])
    sums = raw.sum(axis=1)
    return np.divide(raw, sums[:, None], out=np.full_like(raw, 1 / raw.shape[1]), where=sums[:, None] > 0), sums


def usual_of(
    spec: ModelSpec, realised: Mapping[str, float], pairs: Sequence[tuple[Mapping[str, float], Mapping[str, float]]]
) -> dict[str, Usual]:
    """From (estimated, realised) metrics of each left-out window in order of time, over runs of windows."""
    many, usual = spec.estimation.windows, {}
    for name in realised:
        both = np.array([(a[name], b.get(name, np.nan)) for a, b in pairs if name in a]).reshape(-1, 2)
        runs = np.array([both[i : i + many].mean(axis=0) for i in range(len(both) - many + 1)]).reshape(-1, 2)
        level = Level.of(name, runs[:, 0].tolist())
        apart = np.abs(runs[:, 0] - runs[:, 1])
        off = float(np.nanmean(apart)) if level and not np.isnan(apart).all() else None
        usual[name] = Usual(realised[name], level, off)
    return usual


def left_out(windows: NDArray[Any] | None) -> Iterator[tuple[NDArray[np.bool_], dict[int, NDArray[np.int64]]]]:
    """A fifth of the windows at a time, evenly spread: a mask of the rows to learn from, and the rows of each window.

    Windows go by their place in order of time; a row without one belongs to none. Nothing with fewer than five.
    """
    named = [] if windows is None else windows.tolist()
    place = {name: k for k, name in enumerate(sorted({name for name in named if name is not None and name == name}))}
    codes = np.array([place.get(name, -1) for name in named], dtype=np.int64)
    order = np.argsort(codes, kind="stable")
    rows = np.split(order, np.searchsorted(codes[order], np.arange(len(place))))[1:]
    for fold in range(FOLDS if len(place) >= FOLDS else 0):
        yield (codes % FOLDS != fold) & (codes >= 0), {k: rows[k] for k in range(fold, len(place), FOLDS)}


def _left_out(
    spec: ModelSpec, rows: Classified, windows: NDArray[Any] | None, curves: Sequence[Calibration]
) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Estimated and realised metrics of each window by curves that did not see it."""
    made: dict[int, tuple[dict[str, float], dict[str, float]]] = {}
    for learnt, held in left_out(windows):
        seen = rows.where(learnt)
        again = [
            isotonic(seen.scores[:, k], (seen.labels == k).astype(np.float64)) if len(curve.scores) else AS_THEY_ARE
            for k, curve in zip(_curved(rows), curves, strict=True)
        ]
        for place, chosen in held.items():
            day = rows.where(chosen)
            both = (probabilities(day.scores, again)[0], day.happened)
            estimated, realised = ({n: m.value for n, m in _metrics(spec, day, c).items()} for c in both)
            made[place] = (estimated, realised)
    return [made[place] for place in sorted(made)]


def _curved(rows: Classified) -> Sequence[int]:
    return [1] if rows.classes == 2 else range(rows.classes)


def _metrics(spec: ModelSpec, rows: Classified, chances: Floats) -> dict[str, Expected]:
    return expected_metrics(Rows(chances, rows.scores, rows.decisions), spec.estimation.metrics, spec.costs)


def _doubt(scores: Floats, curves: Sequence[Calibration], sums: Floats, chances: Floats, metric: Expected) -> float:
    """Variance of a metric that comes from how few rows each step of a curve was learnt from."""
    if len(curves) == 1:
        return curves[0].doubt(scores[:, 1], metric.slopes[:, 1] - metric.slopes[:, 0])
    mean = (metric.slopes * chances).sum(axis=1)
    slopes = np.divide(metric.slopes - mean[:, None], sums[:, None], where=sums[:, None] > 0, out=np.zeros_like(scores))
    return sum(curve.doubt(scores[:, k], slopes[:, k]) for k, curve in enumerate(curves))
