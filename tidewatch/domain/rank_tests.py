"""Do two samples of independent rows come from one distribution? One p-value out of four tests, from binned counts.

Every test is of ranks, so the shape of the distribution and its ties do not matter:

    location   mean score ln(u / (1 - u)), u the mid-rank of the row among all (between Wilcoxon's and normal scores)
    spread     mean squared score about the middle, capped (after Mood 1954 and Klotz 1962)
    shape      chi² over twenty groups of equal size
    anywhere   Kolmogorov-Smirnov with the asymptotic distribution (conservative with ties)

The two means are compared with their permutation mean, variance and skewness (Wilson-Hilferty); the four p-values are
combined after Cauchy (Liu and Xie 2020), each kept below .99, so that one p = 1 cannot hide the others.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.exact import chi_squared_tail
from tidewatch.domain.profile.grid import Numbers

GROUPS = 20
FEWEST = 5.0  # rows expected in a group on the smaller side, for chi² to be valid
CAP = 16.0  # of the squared score: u beyond .982 counts alike, which keeps the tails of the test right


def combined_p_value(now: NDArray[np.int64], usual: NDArray[np.int64], ks: float | None = None) -> float:
    """`now` and `usual`: rows by bin, (bins,), bins in the order of the values. 1.0 with nothing to compare."""
    if ks is None:
        shares = now / max(now.sum(), 1) - usual / max(usual.sum(), 1)
        ks = float(np.abs(np.cumsum(shares)).max(initial=0.0))
    return combined_p_values(now[None, :], usual[None, :], [ks])[0]


def combined_p_values(now: NDArray[np.int64], usual: NDArray[np.int64], ks: Sequence[float]) -> list[float]:
    """For many columns at once, (columns, bins), shorter ones filled up with zeros; `ks`: their Kolmogorov-Smirnov
    distances."""
    mine, both = now.astype(np.float64), (now + usual).astype(np.float64)
    rows, all_rows = mine.sum(axis=1), both.sum(axis=1)
    rank = (np.cumsum(both, axis=1) - both / 2) / np.maximum(all_rows, 1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(both > 0, np.log(rank / (1 - rank)), 0.0)
    tests = (
        mean_p_values(score, mine, both),
        mean_p_values(np.minimum(score * score, CAP), mine, both),
        _groups_p_values(rank, mine, both),
        [kolmogorov_p_value(d, int(n), int(m)) for d, n, m in zip(ks, rows, all_rows - rows, strict=True)],
    )
    compared = ((rows > 0) & (rows < all_rows) & ((both > 0).sum(axis=1) > 1)).tolist()
    return [cauchy(values) if known else 1.0 for known, *values in zip(compared, *tests, strict=True)]


def cauchy(values: Sequence[float]) -> float:
    """One p-value out of several, however they depend on each other: Liu and Xie 2020."""
    bounded = [min(max(value, 1e-300), 0.99) for value in values]
    if min(bounded) < 1e-15:  # the tangent has no digits left
        return min(1.0, min(bounded) * len(bounded))
    mean = sum(math.tan((0.5 - value) * math.pi) for value in bounded) / len(bounded)
    return 0.5 - math.atan(mean) / math.pi if mean < 1e8 else 1 / (mean * math.pi)


def mean_p_values(score: Numbers, mine: Numbers, both: Numbers) -> list[float]:
    """Two-sided, (columns,), for the mean score of `mine` drawn without replacement from `both`, (columns, bins)."""
    rows, all_rows = np.maximum(mine.sum(axis=-1), 1), np.maximum(both.sum(axis=-1), 2)
    off = score - ((score * both).sum(axis=-1) / all_rows)[:, None]
    weighted = off * off * both
    variance = weighted.sum(axis=-1) / (all_rows - 1)
    part = np.minimum(rows / all_rows, 1 - 1e-12)
    varied = np.where(variance > 0, variance, 1.0)
    z = (off * mine).sum(axis=-1) / rows / np.sqrt(varied / rows * (1 - part))
    skewness = (off * weighted).sum(axis=-1) / all_rows / varied**1.5
    skewness *= (1 - 2 * part) / np.sqrt(rows * (1 - part))
    tails = [
        math.erfc(abs(_unskewed(*pair)) / math.sqrt(2)) for pair in zip(z.tolist(), skewness.tolist(), strict=True)
    ]
    return [tail if known else 1.0 for tail, known in zip(tails, variance > 0, strict=True)]


def _unskewed(z: float, skewness: float) -> float:
    """The normal deviate as far in the tail as `z` is in that of a gamma distribution of this skewness (Wilson and
    Hilferty 1931): like Cornish and Fisher's z - skewness · (z² - 1) / 6, but it never turns back."""
    if abs(skewness) < 1e-6:
        return z
    share = math.cbrt(max(1 + skewness * z / 2, 0.0))
    return 6 / skewness * (share - 1) + skewness / 6


def kolmogorov_p_value(distance: float, rows: int, others: int) -> float:
    """Asymptotic, with Stephens' correction for small samples (1970)."""
    if not rows or not others:
        return 1.0
    root = math.sqrt(rows * others / (rows + others))
    t = (root + 0.12 + 0.11 / root) * distance
    if t < 0.3:
        return 1.0
    last = min(30, 2 + int(4.3 / t))  # later terms are below 1e-15
    terms = ((-1) ** (k - 1) * math.exp(-2 * k * k * t * t) for k in range(1, last + 1))
    return min(1.0, max(0.0, 2 * math.fsum(terms)))


def _groups_p_values(rank: Numbers, mine: Numbers, both: Numbers) -> list[float]:
    """Pearson's chi² over up to GROUPS groups of equal size, fewer where the smaller side has few rows."""
    rows, all_rows = mine.sum(axis=1), both.sum(axis=1)
    smaller = np.minimum(rows, all_rows - rows)
    groups = np.clip(smaller // FEWEST, 1, GROUPS)
    place = np.minimum(rank * groups[:, None], GROUPS - 1).astype(np.intp) + np.arange(len(rank))[:, None] * GROUPS
    shape = (len(rank), GROUPS)
    first, together = (
        np.bincount(place.ravel(), side.ravel(), len(rank) * GROUPS).reshape(shape) for side in (mine, both)
    )
    full = together * (smaller / np.maximum(all_rows, 1))[:, None] >= FEWEST
    first, together = first * full, together * full
    part = (first.sum(axis=1) / np.maximum(together.sum(axis=1), 1))[:, None]
    expected = together * part
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(full, (first - expected) ** 2 / (expected * (1 - part)), 0.0)
    freedom = full.sum(axis=1) - 1
    statistics = np.nan_to_num(terms.sum(axis=1))
    return [chi_squared_tail(float(x), int(k)) if k > 0 else 1.0 for x, k in zip(statistics, freedom, strict=True)]
