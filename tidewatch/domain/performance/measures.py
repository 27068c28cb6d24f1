"""A metric of a run of windows, out of what each window kept.

Every window counts once, because rows of one day share their weather and are not independent: what is summed a row is
averaged over windows, and a ratio such as precision is taken of the averages. A window with fewer than 10 labelled rows
counts by its rows.
"""

from collections.abc import Callable, Mapping

import numpy as np

from tidewatch.domain.model_spec import Costs
from tidewatch.domain.performance import metrics
from tidewatch.domain.performance.metrics import Values, ratio
from tidewatch.domain.performance.tallies import Stack

FULL = 10  # labelled rows from which on a window counts as one

Known = Callable[[Stack, Values, Costs], Values | None]


def row_weights(stack: Stack) -> Values:
    """What a row of each window counts, shape (windows,)."""
    return ratio(np.minimum(stack.rows, FULL) / FULL, stack.rows)


def measured(name: str, stack: Stack, weights: Values, costs: Costs) -> Values | None:
    """The metric for weights of shape (…, windows); None where the windows did not keep what it needs."""
    return _MEASURES[name](stack, weights, costs)


def mean(sums: Values, stack: Stack, weights: Values) -> Values:
    """Mean a row of what was summed by window."""
    return ratio(weights @ sums, weights @ stack.rows)


def matrix_of(stack: Stack, weights: Values) -> Values | None:
    """The confusion matrix of all windows together."""
    return None if stack.confusion is None else np.tensordot(weights, stack.confusion, axes=1)


def positive_of(stack: Stack) -> int | None:
    """The class that precision and recall are about; None: macro."""
    return 1 if set(stack.cells) == {"1"} and stack.classes == ("0", "1") else None


def _gap(stack: Stack, weights: Values, _: Costs) -> Values | None:
    known = not stack.whole or "gap_squares" in stack.sums
    return mean(stack.happened - stack.said, stack, weights) if known else None


def _log_loss(stack: Stack, weights: Values, _: Costs) -> Values | None:
    known = not stack.whole or "log_loss_squares" in stack.sums
    return mean(stack.log_loss, stack, weights) if known else None


def _mean_of(name: str) -> Known:
    return lambda stack, weights, _: mean(stack.sums[name], stack, weights) if name in stack.sums else None


def _rmse(stack: Stack, weights: Values, _: Costs) -> Values | None:
    if "squared" not in stack.sums:
        return None
    return metrics.root_mean_squared_error(weights @ stack.sums["squared"], weights @ stack.rows)


def _r2(stack: Stack, weights: Values, _: Costs) -> Values | None:
    """Spread about the mean of all windows, by the parallel-axis theorem, from each window's about its own."""
    if "spread" not in stack.sums:
        return None
    own = ratio(stack.happened, stack.rows)
    off = np.nan_to_num(own - np.mean(own))  # about a point in their middle: large means must not cancel
    centre = mean(off * stack.rows, stack, weights)
    spread = weights @ (stack.sums["spread"] + stack.rows * off**2) - weights @ stack.rows * centre**2
    return metrics.r_squared(weights @ stack.sums["squared"], spread)


def _of_matrix(formula: Callable[[Values, int | None], Values]) -> Known:
    def known(stack: Stack, weights: Values, _: Costs) -> Values | None:
        matrix = matrix_of(stack, weights)
        return None if matrix is None else formula(matrix, positive_of(stack))

    return known


def _cost(stack: Stack, weights: Values, costs: Costs) -> Values | None:
    matrix = matrix_of(stack, weights)
    return None if matrix is None or positive_of(stack) is None else metrics.business_cost(matrix, costs)


def _auc(stack: Stack, weights: Values, _: Costs) -> Values | None:
    """One against the rest, mean over the classes that have both kinds of rows."""
    if not stack.cells:
        return None
    each = np.stack([metrics.roc_auc(weights @ no, weights @ yes) for no, yes in stack.cells.values()])
    return ratio(np.nansum(each, axis=0), np.isfinite(each).sum(axis=0).astype(np.float64))


FORMULAS: Mapping[str, Callable[[Values, int | None], Values]] = {
    "accuracy": lambda matrix, _: metrics.accuracy(matrix),
    "precision": metrics.precision,
    "recall": metrics.recall,
    "f1": metrics.f1,
}
_MEASURES: Mapping[str, Known] = {
    "calibration_gap": _gap,
    "log_loss": _log_loss,
    "brier": _mean_of("brier"),
    "mae": _mean_of("absolute"),
    "rmse": _rmse,
    "r2": _r2,
    "roc_auc": _auc,
    "business_cost": _cost,
    **{name: _of_matrix(formula) for name, formula in FORMULAS.items()},
}
