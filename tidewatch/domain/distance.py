"""How far apart two profiles of a column are: every statistic from one pass over their counts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.exact import chi_squared, hellinger, jensen_shannon, l_infinity
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.grid import FARTHEST, Numbers
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.rank_tests import combined_p_values

LEAST = 1e-4  # an empty bin counts as this share in PSI, so that it stays finite

# What a column's findings are told by, and its name for people.
LEADING = {"ks": "Kolmogorov-Smirnov distance", "total_variation": "total variation"}
EFFECT = "effect"
UNLIKE = "a column cannot be a number in one window and text in another"


def statistics(now: ColumnProfile, usual: ColumnProfile) -> dict[str, float]:
    """Of a number column:

    ks                 Kolmogorov-Smirnov, sup |F - G|, 0 to 1 (Smirnov 1948)
    wasserstein        Wasserstein-1, integral of |F - G| dx, in the column's unit (Vallender 1974)
    effect             mean |Q_F(p) - Q_G(p)| over p = .005 … .995, in interquartile ranges of the baseline
    cramer_von_mises   integral of (F - G)² dH, H both together, 0 to 1/3 (Anderson 1962)
    psi                population stability index, sum of (p - q) ln(p / q) over the deciles of the reference
    jensen_shannon     distance, base 2, over the same bins, 0 to 1 (Endres and Schindelin 2003)
    hellinger          distance over the same bins, 0 to 1
    chi2               Pearson's statistic over the same bins, counts against counts
    p_value            combined test for independent rows, see rank_tests

    Of a text column: total_variation (half the sum of |p - q|; also the effect), l_infinity (the largest |p - q|),
    psi, jensen_shannon, hellinger, chi2 over the categories, and p_value of chi².

    Raises ValueError when the two are of different types. Nothing on one side: all zero, p_value 1.
    """
    return statistics_of({"": (now, usual)})[""]


def statistics_of(pairs: Mapping[str, tuple[ColumnProfile, ColumnProfile]]) -> dict[str, dict[str, float]]:
    """The same for many columns, now and usual by name: small arrays are worked on together."""
    numbers, texts = dict[str, tuple[NumberProfile, NumberProfile]](), dict[str, tuple[TextProfile, TextProfile]]()
    for name, (now, usual) in pairs.items():
        if isinstance(now, NumberProfile) and isinstance(usual, NumberProfile):
            numbers[name] = now, usual
        elif isinstance(now, TextProfile) and isinstance(usual, TextProfile):
            texts[name] = now, usual
        else:
            raise ValueError(UNLIKE)
    found = _numbers(numbers) | _texts(texts)
    return {name: found[name] for name in pairs}


def deciding(now: ColumnProfile, usual: ColumnProfile) -> dict[str, float]:
    """The same as `levelled(statistics(now, usual))`, and several times faster. Neither may be empty."""
    if isinstance(now, NumberProfile) and isinstance(usual, NumberProfile):
        ks = np.abs(now.distribution - usual.distribution).max()
        return {"ks": float(ks), EFFECT: float(_effects([(now, usual)])[0])}
    if isinstance(now, TextProfile) and isinstance(usual, TextProfile):
        return {"total_variation": float(_total_variation(*_aligned(now, usual)))}
    raise ValueError(UNLIKE)


def wasserstein(now: NumberProfile, usual: NumberProfile, apart: Numbers) -> float:
    """`apart`: |F - G| at the upper end of each bin. Between two boundaries F - G is taken to be straight; before the
    first and after the last it ends at the smallest and the largest value seen. No less than the means differ, which
    is exact where one side lies above the other, however far beyond the baseline (Kantorovich 1942)."""
    low, high = max(min(now.low, usual.low), -FARTHEST), min(max(now.high, usual.high), FARTHEST)
    if high <= low or not now.finite or not usual.finite:
        return 0.0
    bounds = np.minimum(np.maximum(now.grid.boundaries, low), high)
    # Half of both bins beside it is what each end counts for; at the last end nothing is apart.
    area = float((apart[:-1] * (bounds[2:] - bounds[:-2])).sum()) / 2
    return max(area, abs(now.mean - usual.mean))


def off_grid(now: NumberProfile, usual: NumberProfile) -> float:
    """Share of rows in bins where `usual` has no row: 0 on the usual grid of values, 1 in another unit."""
    return float(now.counts[usual.counts == 0].sum() / now.rows) if now.rows else 0.0


_NUMBER = ("ks", "wasserstein", "cramer_von_mises", "effect", "psi", "jensen_shannon", "hellinger", "chi2", "p_value")
_TEXT = ("total_variation", "effect", "l_infinity", "psi", "jensen_shannon", "hellinger", "chi2", "p_value")


def _numbers(pairs: Mapping[str, tuple[NumberProfile, NumberProfile]]) -> dict[str, dict[str, float]]:
    known = {name: pair for name, pair in pairs.items() if pair[0].rows and pair[1].rows}
    nothing = dict.fromkeys(_NUMBER, 0.0) | {"p_value": 1.0}
    found = {name: dict(nothing) for name in pairs}
    if not known:
        return found
    whole = np.array([_of_all_bins(now, usual) for now, usual in known.values()]).T
    effect = _effects([*known.values()])
    mine = _stacked([usual.in_groups(now.counts) for now, usual in known.values()])
    binned = _binned(mine, _stacked([usual.grouped for _, usual in known.values()]))
    steps = _stacked([np.add.reduceat(now.counts, usual.steps) for now, usual in known.values()])
    chances = combined_p_values(steps, _stacked([usual.stepped for _, usual in known.values()]), whole[0].tolist())
    for name, *values in zip(known, *whole, effect, *binned, chances, strict=True):
        found[name] = {statistic: float(value) for statistic, value in zip(_NUMBER, values, strict=True)}
    return found


def _effects(pairs: Sequence[tuple[NumberProfile, NumberProfile]]) -> Numbers:
    spreads = np.array([[usual.grid.spread] for _, usual in pairs])
    with np.errstate(over="ignore"):
        away = NumberProfile.hundreds([now for now, _ in pairs]) - [usual.hundred for _, usual in pairs]
        away = np.abs(away) / spreads
    return np.asarray(np.minimum(away, FARTHEST).mean(axis=1))


def _of_all_bins(now: NumberProfile, usual: NumberProfile) -> tuple[float, float, float]:
    """ks, wasserstein, cramer_von_mises."""
    apart = now.distribution - usual.distribution
    squares = apart * apart * (now.counts + usual.counts)
    np.abs(apart, out=apart)
    return float(apart.max()), wasserstein(now, usual, apart), float(squares.sum() / (now.rows + usual.rows))


def _texts(pairs: Mapping[str, tuple[TextProfile, TextProfile]]) -> dict[str, dict[str, float]]:
    nothing = dict.fromkeys(_TEXT, 0.0) | {"p_value": 1.0}
    found = {name: dict(nothing) for name in pairs}
    known = {name: _aligned(*pair) for name, pair in pairs.items() if pair[0].rows and pair[1].rows}
    if not known:
        return found
    mine, theirs = (_stacked([sides[side] for sides in known.values()]) for side in (0, 1))
    apart = _total_variation(mine, theirs)
    chances = [chi_squared(*_common(*sides))[1] for sides in known.values()]
    for name, *values in zip(
        known, apart, apart, l_infinity(mine, theirs), *_binned(mine, theirs), chances, strict=True
    ):
        found[name] = {statistic: float(value) for statistic, value in zip(_TEXT, values, strict=True)}
    return found


def _total_variation(mine: Numbers, theirs: Numbers) -> Numbers:
    """Of counts, categories last."""
    apart = mine / mine.sum(axis=-1, keepdims=True) - theirs / theirs.sum(axis=-1, keepdims=True)
    return np.asarray(np.abs(apart).sum(axis=-1) / 2)


def _stacked(rows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """One below the other, shorter ones filled up with zeros."""
    stacked = np.zeros((len(rows), max(len(row) for row in rows)), dtype=rows[0].dtype)
    for place, row in enumerate(rows):
        stacked[place, : len(row)] = row
    return stacked


def _binned(mine: Numbers, theirs: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """psi, jensen_shannon, hellinger, chi2 of counts, (columns, bins), none of them empty."""
    p, q = mine / mine.sum(axis=1, keepdims=True), theirs / theirs.sum(axis=1, keepdims=True)
    bounded_p, bounded_q = np.maximum(p, LEAST), np.maximum(q, LEAST)
    psi = ((bounded_p - bounded_q) * np.log(bounded_p / bounded_q)).sum(axis=1)
    both = mine + theirs
    part = (mine.sum(axis=1) / both.sum(axis=1))[:, None]
    off = np.abs(mine - both * part)
    two = (both > 0).sum(axis=1, keepdims=True) == 2
    off = np.where(two, np.maximum(off - 0.5, 0.0), off)  # Yates 1934
    chi2 = (off * off / np.where(both > 0, both * part * (1 - part), 1.0)).sum(axis=1)
    return psi, jensen_shannon(p, q), hellinger(p, q), chi2


def _aligned(now: TextProfile, usual: TextProfile) -> tuple[Numbers, Numbers]:
    """Counts by category in one order, those without a name together at the end."""
    names = [*dict.fromkeys((*usual.counts, *now.counts))]  # in an order: sums are the same in every run
    for side in (now, usual):  # a name that one side may have among its rows without a name cannot be compared
        if side.other:
            names = [name for name in names if name in side.counts or name in side.known]
    mine = [now.counts.get(name, 0) for name in names]
    theirs = [usual.counts.get(name, 0) for name in names]
    mine.append(now.rows - sum(mine))
    theirs.append(usual.rows - sum(theirs))
    return np.array(mine, dtype=np.float64), np.array(theirs, dtype=np.float64)


def _common(mine: Numbers, theirs: Numbers) -> tuple[Numbers, Numbers]:
    """With the rare categories (fewer than five rows expected on either side) put together: chi² is not valid there."""
    rows = mine + theirs
    smaller = min(mine.sum(), theirs.sum()) / max(rows.sum(), 1)
    rare = rows * smaller < 5
    return np.append(mine[~rare], mine[rare].sum()), np.append(theirs[~rare], theirs[rare].sum())


def levelled(values: Mapping[str, float]) -> dict[str, float]:
    """Those statistics whose usual variation is learnt, and which decide together."""
    return {name: values[name] for name in (*LEADING, EFFECT) if name in values and not _same(name, values)}


def _same(name: str, values: Mapping[str, float]) -> bool:
    return name == EFFECT and "total_variation" in values
