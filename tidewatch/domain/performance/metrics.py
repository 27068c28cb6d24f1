"""What each performance metric is: formulas over counts and sums of labelled rows.

Everything takes leading axes, so that one call gives the metric of one run of windows or of a thousand resampled ones.
What is undefined (no row, or 0 divided by 0) is NaN; nothing raises and nothing warns.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.model_spec import Costs

Values = NDArray[np.float64]
Better = Literal["higher", "lower", "near zero"]
CERTAIN = 1e-6  # a probability is kept this far from 0 and 1: a row that was certain and wrong costs 13.8 nats
BINS = 10  # of the reliability table, equally wide


@dataclass(frozen=True)
class Kind:
    """A metric as people read it."""

    words: str
    better: Better
    written: Literal["share", "number", "unit", "money"] = "number"  # unit: that of the label


KINDS = {
    "accuracy": Kind("accuracy", "higher", "share"),
    "precision": Kind("precision", "higher", "share"),
    "recall": Kind("recall", "higher", "share"),
    "f1": Kind("F1 score", "higher"),
    "roc_auc": Kind("ROC AUC", "higher"),
    "log_loss": Kind("log loss", "lower"),
    "brier": Kind("Brier score", "lower"),
    "calibration_gap": Kind("calibration gap", "near zero", "share"),
    "mae": Kind("mean absolute error", "lower", "unit"),
    "rmse": Kind("root mean squared error", "lower", "unit"),
    "r2": Kind("R²", "higher"),
    "business_cost": Kind("cost", "lower", "money"),
}


def ratio(part: Values | float, whole: Values | float) -> Values:
    """part / whole, NaN where that is no finite number."""
    with np.errstate(all="ignore"):
        divided = np.asarray(np.divide(part, whole), dtype=np.float64)
        return np.where(np.isfinite(divided), divided, np.nan)


# --- decisions: from a confusion matrix of shape (…, label, decision) -----------------------------------------


def confusion_matrix(labels: NDArray[Any], decisions: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """Rows by label (first axis) and decision (second), both as class numbers below `classes`."""
    joint = labels.astype(np.int64) * classes + decisions.astype(np.int64)
    return np.bincount(joint, minlength=classes * classes).reshape(classes, classes)


def accuracy(matrix: Values) -> Values:
    """Share of rows decided rightly, Σₖ mₖₖ / Σ m. 0 to 1, higher is better."""
    return ratio(_right(matrix).sum(axis=-1), matrix.sum(axis=(-2, -1)))


def precision(matrix: Values, positive: int | None = None) -> Values:
    """Of the rows decided to be k, the share that are: mₖₖ / Σⱼ mⱼₖ. 0 to 1, higher is better.

    `positive` is k; None gives the mean over the classes that occur (macro), a class never decided counting 0.
    """
    return _of_class(ratio(_right(matrix), matrix.sum(axis=-2)), matrix, positive)


def recall(matrix: Values, positive: int | None = None) -> Values:
    """Of the rows that are k, the share decided so: mₖₖ / Σⱼ mₖⱼ. 0 to 1, higher is better. Macro as in `precision`."""
    return _of_class(ratio(_right(matrix), matrix.sum(axis=-1)), matrix, positive)


def f1(matrix: Values, positive: int | None = None) -> Values:
    """Harmonic mean of precision and recall, 2 mₖₖ / (Σⱼ mⱼₖ + Σⱼ mₖⱼ). 0 to 1, higher is better. Macro as above."""
    return _of_class(ratio(2 * _right(matrix), matrix.sum(axis=-2) + matrix.sum(axis=-1)), matrix, positive)


def business_cost(matrix: Values, costs: Costs) -> Values:
    """Mean cost of a row of a binary model, Σ c·m / Σ m, in the currency of `costs`. Lower is better, gains negative.

    A decision is the prediction that was delivered, else whether the score reaches the spec's threshold.
    """
    price = np.array([[costs.true_negative, costs.false_positive], [costs.false_negative, costs.true_positive]])
    return ratio((matrix * price).sum(axis=(-2, -1)), matrix.sum(axis=(-2, -1)))


def _right(matrix: Values) -> Values:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _of_class(each: Values, matrix: Values, positive: int | None) -> Values:
    if positive is not None:
        return each[..., positive]
    occurs = (matrix.sum(axis=-2) + matrix.sum(axis=-1)) > 0
    return ratio(np.where(occurs, np.nan_to_num(each), 0.0).sum(axis=-1), occurs.sum(axis=-1).astype(np.float64))


# --- scores ----------------------------------------------------------------------------------------------------


def roc_auc(negatives: NDArray[Any], positives: NDArray[Any]) -> Values:
    """Chance that a positive row has a higher score than a negative one, ties counting half. .5 to 1, higher is better.

    Both of shape (…, cells): rows of each kind by ascending score. With a cell for each distinct score this is exact
    (Mann-Whitney U / (n₊ n₋)); coarser cells turn pairs within a cell into ties and are off by `auc_error` at most.
    """
    below = np.cumsum(negatives, axis=-1) - negatives / 2
    return ratio((positives * below).sum(axis=-1), positives.sum(axis=-1) * negatives.sum(axis=-1))


def auc_error(negatives: NDArray[Any], positives: NDArray[Any]) -> Values:
    """The most by which cells can move `roc_auc`: half the share of pairs that lie in one cell."""
    return ratio((positives * negatives).sum(axis=-1) / 2, positives.sum(axis=-1) * negatives.sum(axis=-1))


def auc_variance(negatives: Values, positives: Values) -> Values:
    """Sampling variance of `roc_auc` for independent rows (DeLong, DeLong and Clarke-Pearson 1988).

    var(V₁₀)/n₊ + var(V₀₁)/n₋ with V the share of the other kind's rows that a row stands right to.
    """
    n, p = negatives.sum(axis=-1, keepdims=True), positives.sum(axis=-1, keepdims=True)
    of_positive = ratio(np.cumsum(negatives, axis=-1) - negatives / 2, n)
    of_negative = 1 - ratio(np.cumsum(positives, axis=-1) - positives / 2, p)
    return _spread(of_positive, positives) + _spread(of_negative, negatives)


def _spread(values: Values, counts: Values) -> Values:
    rows = counts.sum(axis=-1)
    mean = ratio((values * counts).sum(axis=-1), rows)
    return ratio((counts * (values - mean[..., None]) ** 2).sum(axis=-1), rows * np.maximum(rows - 1, 0))


def row_log_loss(probability: Values) -> Values:
    """-ln p a row, p what the model gave to the class that came true. Nats, 0 upwards, lower is better.

    p is kept within 1e-6 of 0 and 1: one certain and wrong row must not hide all others.
    """
    return -np.log(np.clip(probability, CERTAIN, 1 - CERTAIN))


def row_brier(probabilities: Values, happened: Values) -> Values:
    """Squared error of probabilities a row. Lower is better.

    Of shape (rows,): (p - y)², 0 to 1. Of shape (rows, classes): Σₖ (pₖ - yₖ)², 0 to 2 (Brier 1950).
    """
    squared = (probabilities - happened) ** 2
    return squared if squared.ndim == 1 else squared.sum(axis=-1)


def reliability(said: Values, happened: Values) -> Values:
    """What was said against what came, shape (10, 3): rows, sum said, sum happened, by tenths of the score.

    A score on an edge belongs to the bin above it, 1 to the last.
    """
    bins = np.clip((said * BINS).astype(np.int64), 0, BINS - 1)
    columns = [np.bincount(bins, weights, BINS) for weights in (np.ones(len(said)), said, happened)]
    return np.stack(columns, axis=-1)


def calibration_error(table: Values) -> Values:
    """Expected calibration error of a table from `reliability`, Σ_b |happened - said| / Σ_b rows. 0 to 1, lower better.

    The gap of each bin weighted by its rows; `calibration_gap` lets gaps of opposite sign cancel, this does not.
    """
    return ratio(np.abs(table[..., 2] - table[..., 1]).sum(axis=-1), table[..., 0].sum(axis=-1))


# --- numbers ---------------------------------------------------------------------------------------------------


def mean_absolute_error(absolute: Values, rows: Values) -> Values:
    """Σ|y - ŷ| / n, in the unit of the label. 0 upwards, lower is better."""
    return ratio(absolute, rows)


def root_mean_squared_error(squared: Values, rows: Values) -> Values:
    """√(Σ(y - ŷ)² / n), in the unit of the label. 0 upwards, lower is better."""
    return np.sqrt(ratio(squared, rows))


def r_squared(squared: Values, spread: Values) -> Values:
    """1 - Σ(y - ŷ)² / Σ(y - ȳ)². Up to 1, higher is better; 0 is what the mean would do. NaN for constant labels."""
    return 1 - ratio(squared, spread)
