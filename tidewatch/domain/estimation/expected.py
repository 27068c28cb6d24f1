"""What a performance metric is expected to be when each row's label is known by its probability alone.

A metric's formulas (`metrics`) are fed with expected counts instead of counted labels; with probabilities of 0 and 1,
that is with known labels, they give the realised metric. Besides the value there are slopes: how much the metric gains
when a row's probability of a class does, from which the spread of the realised metric follows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.model_spec import Costs
from tidewatch.domain.performance.metrics import accuracy, business_cost, f1, precision, recall, roc_auc, row_log_loss

Floats = NDArray[np.float64]

STEP = 1e-6  # of all rows; moves an expected count to see how much a metric follows


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a classifier of k classes; of two classes the second is the positive one."""

    chances: Floats  # (rows, k): the probability of each class to be the label
    scores: Floats  # (rows, k): what the model said, nearer to the truth or not
    decisions: NDArray[np.int64]  # (rows,): the class that was decided

    @property
    def classes(self) -> int:
        return int(self.chances.shape[1])

    def where(self, chosen: NDArray[np.bool_]) -> "Rows":
        return Rows(self.chances[chosen], self.scores[chosen], self.decisions[chosen])


@dataclass(frozen=True, eq=False)
class Expected:
    value: float
    slopes: Floats  # (rows, k)

    def variance(self, chances: Floats) -> float:
        """Of the realised metric around `value`, labels drawn independently: Σ over rows of Σₖ c g² - (Σₖ c g)²."""
        centre = (chances * self.slopes).sum(axis=1)
        return float((chances * self.slopes**2).sum() - (centre**2).sum())


def expected_metrics(rows: Rows, names: Iterable[str], costs: Costs) -> dict[str, Expected]:
    """Those of the named metrics that are defined for these rows."""
    made = {}
    for name in names if len(rows.decisions) else ():
        expected = _decided(rows, _OF_DECISIONS[name], costs) if name in _OF_DECISIONS else _OF_SCORES[name](rows)
        if np.isfinite(expected.value):
            made[name] = expected
    return made


def expected_confusion(rows: Rows) -> Floats:
    """Expected rows by label (first axis) and decision (second), (k, k)."""
    matrix = np.zeros((rows.classes, rows.classes))
    for decision in range(rows.classes):
        matrix[:, decision] = rows.chances[rows.decisions == decision].sum(axis=0)
    return matrix


OfMatrix = Callable[[Floats, int | None, Costs], Floats]

_OF_DECISIONS: dict[str, OfMatrix] = {
    "accuracy": lambda matrix, _positive, _costs: accuracy(matrix),
    "precision": lambda matrix, positive, _costs: precision(matrix, positive),
    "recall": lambda matrix, positive, _costs: recall(matrix, positive),
    "f1": lambda matrix, positive, _costs: f1(matrix, positive),
    "business_cost": lambda matrix, _positive, costs: business_cost(matrix, costs),
}


def _decided(rows: Rows, metric: OfMatrix, costs: Costs) -> Expected:
    matrix, k = expected_confusion(rows), rows.classes
    positive = 1 if k == 2 else None
    step = STEP * len(rows.decisions)
    moved = matrix + step * np.eye(k * k).reshape(k * k, k, k)
    value = float(metric(matrix, positive, costs))
    gains = (metric(moved, positive, costs) - value).reshape(k, k) / step
    return Expected(value, gains.T[rows.decisions])


def _roc_auc(rows: Rows) -> Expected:
    """Of the positive class; of more than two, the mean of each class against all others."""
    chosen = [1] if rows.classes == 2 else range(rows.classes)
    slopes, values = np.zeros_like(rows.chances), []
    for k in chosen:
        value, slopes[:, k] = _auc(rows.chances[:, k], rows.scores[:, k])
        values.append(value)
    return Expected(float(np.mean(values)), slopes / len(values))


def _auc(chance: Floats, score: Floats) -> tuple[float, Floats]:
    _, cell = np.unique(score, return_inverse=True)
    positives, negatives = np.bincount(cell, chance), np.bincount(cell, 1 - chance)
    value, many, few = float(roc_auc(negatives, positives)), float(positives.sum()), float(negatives.sum())
    if np.isnan(value):  # not of both kinds
        return value, np.zeros(len(score))
    below = np.cumsum(negatives) - negatives / 2
    above = many - (np.cumsum(positives) - positives / 2)
    return value, (below - above)[cell] / (many * few) - value / many + value / few


def _log_loss(rows: Rows) -> Expected:
    slopes = row_log_loss(rows.scores) / len(rows.scores)
    return Expected(float((rows.chances * slopes).sum()), slopes)


def _brier(rows: Rows) -> Expected:
    """(p - y)² of two classes, Σₖ (pₖ - yₖ)² of more."""
    of_class = (rows.scores**2).sum(axis=1, keepdims=True) - 2 * rows.scores + 1
    slopes = of_class / (len(rows.scores) * (2 if rows.classes == 2 else 1))
    return Expected(float((rows.chances * slopes).sum()), slopes)


_OF_SCORES: dict[str, Callable[[Rows], Expected]] = {"roc_auc": _roc_auc, "log_loss": _log_loss, "brier": _brier}
