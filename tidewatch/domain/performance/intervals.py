"""How sure is the value of a metric?

Two answers, and the wider one counts. By windows: rows of one day are not independent, so whole windows are resampled
(block bootstrap; Künsch 1989), the standard error multiplied by √(n / (n - 1)) and Student's t of n - 1 degrees,
because few windows resampled vary too little (Hesterberg 2015). By rows: what so few labels alone leave open, from
formulas and, for decisions, from a posterior of the confusion matrix that is never certain after two rows.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from tidewatch.domain.levels import t_quantile
from tidewatch.domain.model_spec import Costs
from tidewatch.domain.performance import metrics
from tidewatch.domain.performance.measures import FORMULAS, mean, measured, positive_of, row_weights
from tidewatch.domain.performance.metrics import Values, ratio
from tidewatch.domain.performance.outcomes import DayOutcome, stacked
from tidewatch.domain.performance.tallies import Stack

CONFIDENCE = 0.9  # so that a limit beyond the near end is beyond it at the one-sided 5 % level
ENOUGH_WINDOWS = 5  # to resample them
ENOUGH_LABELS = 30
ENOUGH_OF_A_KIND = 10  # positives, and negatives, for a ROC AUC
RESAMPLES = 500
DRAWS = 2000
SEED = 20130422  # any number: the interval must be the same whenever it is computed again
LOWEST = {"r2": -math.inf, "calibration_gap": -math.inf, "business_cost": -math.inf}  # of the others 0
HIGHEST = {"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0, "roc_auc": 1.0, "r2": 1.0}

Interval = tuple[float, float]


@dataclass(frozen=True)
class Measured:
    """A metric over a run of windows."""

    value: float
    interval: Interval | None  # None: nothing is known of how sure it is
    by_rows: Interval | None  # what the number of labels alone leaves open
    how: Literal["windows", "rows", "unknown"]  # what the interval is taken from
    labelled: int
    enough: bool  # labels to judge by
    worst_error: float = 0.0  # of value, from counting scores in cells: at most


def measure(
    name: str, days: Sequence[DayOutcome], costs: Costs, confidence: float = CONFIDENCE, labels: int = ENOUGH_LABELS
) -> Measured | None:
    """None where the windows have no label, or did not keep what the metric needs, or it is undefined."""
    stack = stacked(days)
    weights = row_weights(stack)
    found = measured(name, stack, weights, costs) if len(stack.rows) else None
    if found is None or not np.isfinite(found):
        return None
    value, labelled = float(found), int(stack.rows.sum())
    by_rows = _bounded(name, _by_rows(name, stack, weights, costs, confidence))
    by_windows = _bounded(name, _by_windows(name, stack, weights, value, costs, confidence))
    known = [interval for interval in (by_rows, by_windows) if interval]
    interval = (min(low for low, _ in known), max(high for _, high in known)) if known else None
    how: Literal["windows", "rows", "unknown"] = "windows" if by_windows else "rows" if by_rows else "unknown"
    enough = labelled >= labels and (name != "roc_auc" or _both_kinds(stack))
    return Measured(value, interval, by_rows, how, labelled, enough, _auc_error(name, stack, weights))


def _by_windows(
    name: str, stack: Stack, weights: Values, value: float, costs: Costs, confidence: float
) -> Interval | None:
    windows = len(stack.rows)
    if windows < ENOUGH_WINDOWS:
        return None
    chosen = np.random.default_rng(SEED).multinomial(windows, np.full(windows, 1 / windows), RESAMPLES)
    values = measured(name, stack, chosen * weights, costs)
    if values is None or np.isfinite(values).mean() < 0.9:
        return None
    deviation = float(np.nanstd(values)) * math.sqrt(windows / (windows - 1))
    off = t_quantile((1 - confidence) / 2, windows - 1) * deviation
    return value - off, value + off


def _by_rows(name: str, stack: Stack, weights: Values, costs: Costs, confidence: float) -> Interval | None:
    if name in FORMULAS or name == "business_cost":
        return _of_decisions(name, stack, weights, costs, confidence)
    if name == "rmse":
        squared = _normal(_variance("squared", stack, weights), stack, weights, stack.sums["squared"], confidence)
        return (math.sqrt(max(squared[0], 0.0)), math.sqrt(max(squared[1], 0.0))) if squared else None
    found = measured(name, stack, weights, costs)
    variance = _variances[name](stack, weights)
    if found is None or not np.isfinite(variance):
        return None
    off = _z(confidence) * math.sqrt(max(variance, 0.0))
    return float(found) - off, float(found) + off


def _normal(variance: float, stack: Stack, weights: Values, sums: Values, confidence: float) -> Interval | None:
    if not np.isfinite(variance):
        return None
    centre, off = float(mean(sums, stack, weights)), _z(confidence) * math.sqrt(max(variance, 0.0))
    return centre - off, centre + off


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _variance(name: str, stack: Stack, weights: Values, sums: Values | None = None) -> float:
    """Of the weighted mean of a row's value, Σ w² n s² / (Σ w n)², each window's rows varying about its own mean."""
    squares = stack.sums.get(f"{name}_squares")
    if squares is None:
        return math.nan
    sums = stack.sums[name] if sums is None else sums
    own = np.maximum(squares - ratio(sums**2, stack.rows), 0.0)
    return float(ratio(weights**2 @ own, (weights @ stack.rows) ** 2))


def _gap_variance(stack: Stack, weights: Values) -> float:
    """Without the squares, that of the labels: scores that know anything make it smaller."""
    if "gap_squares" in stack.sums:
        return _variance("gap", stack, weights, stack.happened - stack.said)
    share = np.clip(ratio(stack.happened, stack.rows), 0.0, 1.0)
    return float(ratio(weights**2 @ (stack.rows * share * (1 - share)), (weights @ stack.rows) ** 2))


def _auc_variance(stack: Stack, weights: Values) -> float:
    """DeLong's, of the weighted rows; of several classes that of their mean, had they all the same errors."""
    deviations = []
    for negatives, positives in stack.cells.values():
        scaled = [_effective(kind, weights) for kind in (negatives, positives)]
        if min(kind.sum() for kind in scaled) > 1:
            deviations.append(math.sqrt(float(metrics.auc_variance(scaled[0], scaled[1]))))
    return float(np.mean(deviations)) ** 2 if deviations else math.nan


def _effective(counts: Values, weights: Values) -> Values:
    """Weighted counts of shape (windows, …), scaled to the number of equally weighted rows that say as much."""
    rows = counts.reshape(len(counts), -1).sum(axis=-1)
    pooled = np.tensordot(weights, counts, axes=1)
    worth = ratio((weights @ rows) ** 2, weights**2 @ rows)
    return np.asarray(np.nan_to_num(ratio(pooled * worth, weights @ rows)))


def _r2_variance(stack: Stack, weights: Values) -> float:
    """Of the residuals, the spread of the labels taken as known."""
    residual, score = _variance("squared", stack, weights), measured("r2", stack, weights, Costs())
    if score is None:
        return math.nan
    spread = ratio(mean(stack.sums["squared"], stack, weights), 1 - score)
    return float(ratio(residual, spread**2))


_variances: Mapping[str, Callable[[Stack, Values], float]] = {
    "calibration_gap": _gap_variance,
    "log_loss": lambda stack, weights: _variance("log_loss", stack, weights, stack.log_loss),
    "brier": lambda stack, weights: _variance("brier", stack, weights),
    "mae": lambda stack, weights: _variance("absolute", stack, weights),
    "roc_auc": _auc_variance,
    "r2": _r2_variance,
}


def _of_decisions(name: str, stack: Stack, weights: Values, costs: Costs, confidence: float) -> Interval | None:
    """From the Dirichlet posterior of the matrix's shares, prior ½ a cell for two classes and 2 rows in all for more.

    Of a share this is Jeffreys' interval: no zero width after two decisions that were both wrong.
    """
    if stack.confusion is None:
        return None
    counts = _effective(stack.confusion, weights)
    classes = counts.shape[-1]
    draws = DRAWS if classes <= 4 else max(DRAWS * 16 // classes**2, 200)
    shares = np.random.default_rng(SEED).standard_gamma(counts + 2 / classes**2, (draws, classes, classes))
    positive = positive_of(stack)
    values = metrics.business_cost(shares, costs) if name == "business_cost" else FORMULAS[name](shares, positive)
    low, high = np.nanquantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _bounded(name: str, interval: Interval | None) -> Interval | None:
    if interval is None:
        return None
    return max(interval[0], LOWEST.get(name, 0.0)), min(interval[1], HIGHEST.get(name, math.inf))


def _both_kinds(stack: Stack) -> bool:
    return all(min(no.sum(), yes.sum()) >= ENOUGH_OF_A_KIND for no, yes in stack.cells.values())


def _auc_error(name: str, stack: Stack, weights: Values) -> float:
    if name != "roc_auc":
        return 0.0
    errors = [float(metrics.auc_error(weights @ no, weights @ yes)) for no, yes in stack.cells.values()]
    return max((error for error in errors if np.isfinite(error)), default=0.0)
