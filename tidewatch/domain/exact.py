"""Distances between samples and between shares, exactly as they are defined in the literature.

`kolmogorov`, `wasserstein`, `doane_edges` and `binned` take raw values (1-D, any length; NaN is left out).
`jensen_shannon`, `hellinger` and `l_infinity` take shares or counts of the same bins, (…, bins), and normalise them
over the last axis; leading axes are kept, so that all columns of a model go through at once. Where one side has
nothing to compare the distance is 0. With `doane_edges` and `binned` they are what NannyML publishes.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CONVERGED = 1e-16  # a term this small, relative to the sum, no longer changes it


def kolmogorov(a: ArrayLike, b: ArrayLike) -> float:
    """Kolmogorov-Smirnov: sup over x of |F_a(x) - F_b(x)|, 0 to 1. Smirnov 1948. Infinities are values like others."""
    first, second = np.sort(_known(a)), np.sort(_known(b))
    if not len(first) or not len(second):
        return 0.0
    at = np.concatenate([first, second])
    return float(np.abs(_cdf(first, at) - _cdf(second, at)).max())


def wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """Wasserstein-1: integral of |F_a - F_b| dx, in units of the values. Finite values only (Vallender 1974)."""
    first, second = np.sort(_finite(a)), np.sort(_finite(b))
    if not len(first) or not len(second):
        return 0.0
    at = np.sort(np.concatenate([first, second]))
    apart = np.abs(_cdf(first, at[:-1]) - _cdf(second, at[:-1]))
    widths = at[1:] / 2 - at[:-1] / 2  # halves: the widest range of doubles overflows
    return float(min(2 * float(apart @ widths), np.finfo(np.float64).max))


def doane_edges(reference: ArrayLike) -> Floats:
    """Edges of equal-width bins over the range of the finite values, as many as Doane's rule asks for.

    bins = 1 + log2 n + log2(1 + |g| / sd(g)), g the skewness and sd(g) = sqrt(6(n-2) / ((n+1)(n+3))). Doane 1976.
    """
    values = _finite(reference)
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    middle = low / 2 + high / 2
    if low == high:
        return np.array([low - 0.5, high + 0.5]) if low - 0.5 < high + 0.5 else np.array([low, high])
    spread = max(high - middle, middle - low)
    # Moments of numbers near the ends of what a double can hold overflow; the rule is about shape, not size.
    unit = (values - middle) / spread if not 1e-100 < spread < 1e100 else values
    edges = np.histogram_bin_edges(unit, bins="doane")
    return edges if unit is values else np.clip(middle + edges * spread, low, high)


def binned(values: ArrayLike, edges: Floats) -> NDArray[np.int64]:
    """Rows a bin, (len(edges),): [e0, e1), [e1, e2) … [en-1, en], and last the rows that lie outside of the edges."""
    known = _known(values)
    counts = np.histogram(known[np.isfinite(known)], bins=edges)[0]
    return np.append(counts, len(known) - counts.sum()).astype(np.int64)


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> Floats:
    """Jensen-Shannon distance, base 2: sqrt(½ KL(p‖m) + ½ KL(q‖m)) with m = (p + q) / 2, 0 to 1.

    Endres and Schindelin 2003.
    """
    first, second, comparable = _shares(p, q)
    middle = (first + second) / 2
    divergence = (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2
    return np.asarray(np.where(comparable, np.sqrt(np.clip(divergence, 0, 1)), 0.0))


def hellinger(p: ArrayLike, q: ArrayLike) -> Floats:
    """Hellinger distance: sqrt(½ Σ (√p - √q)²), 0 to 1. Hellinger 1909."""
    first, second, comparable = _shares(p, q)
    squared = ((np.sqrt(first) - np.sqrt(second)) ** 2).sum(axis=-1) / 2
    return np.asarray(np.where(comparable, np.sqrt(np.clip(squared, 0, 1)), 0.0))


def l_infinity(p: ArrayLike, q: ArrayLike) -> Floats:
    """The largest difference of any one share, 0 to 1."""
    first, second, comparable = _shares(p, q)
    return np.asarray(np.where(comparable, np.abs(first - second).max(axis=-1, initial=0.0), 0.0))


def chi_squared(counts_a: ArrayLike, counts_b: ArrayLike) -> tuple[float, float]:
    """Pearson's test that two samples of categories (counts, 1-D) come from one distribution: (statistic, p).

    Σ (observed - expected)² / expected over the 2 × k table, k - 1 degrees of freedom; with k = 2 each observed count
    is moved towards its expectation by at most ½ (Yates 1934). Categories in neither sample are left out; with fewer
    than two categories, or nothing on one side, there is nothing to tell apart: (0, 1).
    """
    table = np.array([counts_a, counts_b], dtype=np.float64)
    table = table[:, table.sum(axis=0) > 0]
    totals = table.sum(axis=1)
    if table.shape[1] < 2 or not totals.all():
        return 0.0, 1.0
    expected = np.outer(totals, table.sum(axis=0) / totals.sum())
    away = np.abs(table - expected)
    if table.shape[1] == 2:
        away -= np.minimum(0.5, away)
    statistic = float((away**2 / expected).sum())
    return statistic, chi_squared_tail(statistic, table.shape[1] - 1)


def chi_squared_tail(statistic: float, freedom: int) -> float:
    """Chance that a chi² variable of `freedom` degrees is larger: Q(freedom / 2, statistic / 2).

    The regularised incomplete gamma function, by its series below the mean and by Legendre's continued fraction
    (evaluated after Lentz 1976) above it. Abramowitz and Stegun 6.5.29, 6.5.31.
    """
    a, x = freedom / 2, statistic / 2
    if x <= 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    return 1 - front * _gamma_series(a, x) if x < a + 1 else front * _gamma_fraction(a, x)


def _gamma_series(a: float, x: float) -> float:
    term = total = 1 / a
    while term > total * CONVERGED:
        a += 1
        term *= x / a
        total += term
    return total


def _gamma_fraction(a: float, x: float) -> float:
    b, c, step = x + 1 - a, math.inf, 0
    d = value = 1 / b
    change = 0.0
    while abs(change - 1) > 4 * CONVERGED and step < 1_000_000:
        step += 1
        factor, b = step * (a - step), b + 2
        d, c = 1 / (factor * d + b), b + factor / c
        change = d * c
        value *= change
    return value


def _relative_entropy(p: Floats, q: Floats) -> Floats:
    ratio = np.divide(p, q, out=np.ones_like(p), where=(p > 0) & (q > 0))
    return np.asarray((p * np.log2(ratio)).sum(axis=-1))


def _shares(p: ArrayLike, q: ArrayLike) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    first, second = (np.asarray(side, dtype=np.float64) for side in (p, q))
    sums = [side.sum(axis=-1, keepdims=True) for side in (first, second)]
    comparable = ((sums[0] > 0) & (sums[1] > 0))[..., 0]
    return first / np.where(sums[0] > 0, sums[0], 1), second / np.where(sums[1] > 0, sums[1], 1), comparable


def _cdf(ordered: Floats, at: Floats) -> Floats:
    return np.asarray(np.searchsorted(ordered, at, side="right") / len(ordered))


def _known(values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64).ravel()
    return numbers[~np.isnan(numbers)]


def _finite(values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64).ravel()
    return numbers[np.isfinite(numbers)]
