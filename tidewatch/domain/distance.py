"""How far apart two profiles of a column are."""

import numpy as np

from tidewatch.domain.profile import ColumnProfile, NumberProfile, TextProfile

QUANTILES = np.linspace(0.005, 0.995, 100)


def kolmogorov(a: NumberProfile, b: NumberProfile) -> float:
    """Kolmogorov-Smirnov: sup |F_a - F_b|, 0 to 1. Kolmogorov 1933, Smirnov 1948."""
    keys = np.union1d(a.keys, b.keys)
    return float(np.abs(_cdf(a, keys) - _cdf(b, keys)).max(initial=0.0))


def shift(a: NumberProfile, b: NumberProfile) -> float:
    """Wasserstein-1 by quantiles: mean |Q_a(p) - Q_b(p)| over p = .005, .015 … .995, in spreads of the scale."""
    if not a.rows or not b.rows:
        return 0.0
    return float(np.abs(_quantiles(a) - _quantiles(b)).mean() / a.scale.spread)


def total_variation(a: TextProfile, b: TextProfile) -> float:
    """Half the sum of |share_a - share_b| over all categories, 0 to 1."""
    rows_a, rows_b = a.rows or 1, b.rows or 1
    values = a.counts.keys() | b.counts.keys()
    return 0.5 * sum(abs(a.counts.get(v, 0) / rows_a - b.counts.get(v, 0) / rows_b) for v in values)


def distances(now: ColumnProfile, usual: ColumnProfile) -> dict[str, float]:
    """The statistics that decide about a column: ks and shift for numbers, total_variation for text."""
    if isinstance(now, NumberProfile) and isinstance(usual, NumberProfile):
        return {"ks": kolmogorov(now, usual), "shift": shift(now, usual)}
    if isinstance(now, TextProfile) and isinstance(usual, TextProfile):
        return {"total_variation": total_variation(now, usual)}
    raise ValueError("a column cannot be a number in one window and text in another")


def off_grid(now: NumberProfile, usual: NumberProfile) -> float:
    """Share of rows whose value (to one key) never occurred in `usual`: 0 on the usual grid, 1 in another unit."""
    if not now.rows:
        return 0.0
    known = np.zeros(1 << 16, dtype=bool)
    for step in (-1, 0, 1):
        known[np.clip(usual.keys.astype(np.int64) + step, 0, 65535)] = True
    return float(now.counts[~known[now.keys]].sum() / now.rows)


def _cdf(profile: NumberProfile, keys: np.ndarray) -> np.ndarray:
    if not profile.rows:
        return np.zeros(len(keys))
    cumulated = np.concatenate([[0], np.cumsum(profile.counts)])
    return np.asarray(cumulated[np.searchsorted(profile.keys, keys, side="right")] / profile.rows)


def _quantiles(profile: NumberProfile) -> np.ndarray:
    cumulated = np.cumsum(profile.counts)
    return np.asarray(profile.values[np.searchsorted(cumulated, QUANTILES * cumulated[-1])])
