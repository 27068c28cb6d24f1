"""Another unit, a moved decimal point, a sensor that reads too much, a sign turned round."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.checks.scale import POWERS, Pair, ScaleChange, known_changes
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.number_column import FITS, SURE, NumberColumn, Return, different
from tidewatch.domain.diagnosis.part_unit import part_in_another_unit
from tidewatch.domain.profile.grid import Numbers

STRANGE = 0.2  # from this share of rows with values that were never there, a transformation is looked for
FEWEST = 4  # different values; fewer prove no transformation that has no name
SYMMETRIC, TOLD_BY = 0.5, 10  # of the known values are taken to known values, of at least so many
BEYOND = 0.9  # of the rows outside of all values ever seen
LEFT = 0.4  # of the departure may be left when a transformation has been undone
VOTERS, CANDIDATES, GUESSES = 40, 400, 12  # different values now, and before; transformations most of them agree on


@dataclass(frozen=True)
class _Fit:
    change: Pair
    back: Return
    distance: float  # from the usual, once undone


def unit_or_scale(column: NumberColumn) -> Cause | None:
    result = column.situation.results[column.name]
    if result.scale is not None:
        return _certain(column, result.scale)
    return (
        part_in_another_unit(column)
        or _by_values(column)
        or _by_few_values(column)
        or _by_distribution(column)
        or _beyond(column)
    )


def sign_flip(column: NumberColumn) -> Cause | None:
    values, strange = column.values, column.values[column.strange]
    if len(strange) < STRANGE * len(values) or not len(strange):
        return None
    back = column.returned(different(-strange))
    never_below = column.seen.low >= 0 and float((values < 0).mean()) >= STRANGE
    undone = column.distance(np.where(column.strange, -values, values))
    if back.known < 0.7 * column.usually_known or not (back.surely < SURE or (never_below and column.fits(undone))):
        return None
    share = len(strange) / len(values)
    sentence = (
        f"{column.name} has the wrong sign in {share:.0%} of the rows: "
        f"turned round, {back.known:.0%} of their values are usual"
    )
    return Cause("sign_flip", column.name, 0.96, sentence, {"rows": share, "known": back.known}, columns=(column.name,))


def _certain(column: NumberColumn, change: ScaleChange) -> Cause:
    """What the check of the scale has found."""
    medians = ""
    if not column.sensitive:
        medians = f", median {change.now_median:.4g} where{column.told(change.usual_median)} is usual"
    sentence = (
        f"{column.name} arrives {change.told}{medians}; converted back, {change.restored:.0%} of the rows have usual "
        f"values again"
    )
    scale = {key: value for key, value in change.as_dict().items() if not (column.sensitive and "median" in key)}
    how = {"factor": change.factor, "offset": change.offset, "pair": change.pair, "scale": scale}
    return Cause("unit_or_scale", column.name, 0.97 if change.pair else 0.92, sentence, how, columns=(column.name,))


def _pair(change: Pair) -> str:
    """What the change is called."""
    if change.first:
        return f"{change.first} → {change.second}"
    known = any(abs(change.factor / power - 1) < 1e-9 for p in POWERS for power in (p, 1 / p)) and not change.offset
    return "decimal point moved" if known else ""


def _formula(change: Pair) -> str:
    """Of x as it should be."""
    product = "x" if change.factor == 1 else f"{change.factor:.5g} · x"
    return f"{product} {'+' if change.offset > 0 else '-'} {abs(change.offset):.5g}" if change.offset else product


def _unit(column: NumberColumn) -> str:
    return column.situation.spec.columns[column.name].unit


# --- by the values ---------------------------------------------------------------------------------------------


def _by_values(column: NumberColumn) -> Cause | None:
    """The transformation that brings values which were never there back to ones that were."""
    strange = column.values[column.strange]
    unknown = different(strange)
    if len(strange) < STRANGE * len(column.values) or len(unknown) < FEWEST:
        return None
    if float(column.knows(different(column.values)).mean()) > column.usually_known - 0.2:
        return None
    named = known_changes(_unit(column))
    fits = [fit for change in named if (fit := _fit(column, change, unknown, len(named)))]
    share = len(strange) / len(column.values)
    if not fits and (column.departed or (share > 0.9 and column.outside < 0.5)):
        # Values may simply be new, above all those beyond the ones seen so far: they alone are no reason to guess.
        guesses, tries = _guesses(unknown, column)
        guesses = [change for change in guesses if _explains(column, change)]
        fits = [fit for change in guesses if (fit := _fit(column, change, unknown, tries))]
        fits = [fit for fit in fits if column.fits(fit.distance)]
    if not fits:
        return None
    best = min(fits, key=lambda fit: (-round(fit.back.known, 1), abs(fit.change.offset), fit.distance))
    return _told(column, best, share)


def _fit(column: NumberColumn, change: Pair, unknown: Numbers, tries: int) -> _Fit | None:
    back = column.returned((unknown - change.offset) / change.factor, tries)
    if back.surely > SURE or back.known < 0.75 * column.usually_known:
        return None
    distance = column.distance(_undone(column, change))
    return _Fit(change, back, distance) if column.fits(distance) or distance < column.distance(column.values) else None


def _undone(column: NumberColumn, change: Pair) -> Numbers:
    return np.where(column.strange, (column.values - change.offset) / change.factor, column.values)


def _guesses(unknown: Numbers, column: NumberColumn) -> tuple[list[Pair], int]:
    """Offsets and factors that most pairs of a value now and a value before agree on, and out of how many."""
    filled = np.argsort(-column.seen.counts, kind="stable")[:CANDIDATES]
    before = column.seen.values[filled[column.seen.counts[filled] > 0]]
    now = different(unknown, VOTERS)
    offsets, looked_at = _agreed(np.subtract.outer(now, before).ravel(), column.seen.grid.spread / 256)
    guesses = [Pair("", "", 1.0, float(f"{offset:.5g}")) for offset in offsets if offset]
    if now[0] > 0:
        ratios, more = _agreed(np.log(np.divide.outer(now, before[before > 0]).ravel()), 5e-4)
        guesses += [Pair("", "", float(f"{np.exp(ratio):.5g}"), 0.0) for ratio in ratios if abs(ratio) > 0.02]
        looked_at += more
    return guesses, looked_at


def _symmetry(column: NumberColumn, change: Pair) -> float | None:
    """Share of known values that the change takes to known values anyway, as 9 °F does on a grid of 5 °C: then it
    explains nothing. None when it takes nearly all of them out of the range seen."""
    known = different(column.seen.values[column.seen.counts > 0])
    images = known * change.factor + change.offset
    images = images[(images >= column.seen.low) & (images <= column.seen.high)]
    return float(column.knows(images).mean()) if len(images) >= TOLD_BY else None


def _explains(column: NumberColumn, change: Pair) -> bool:
    symmetry = _symmetry(column, change)
    return change.factor != 1 if symmetry is None else symmetry <= SYMMETRIC


def _agreed(votes: Numbers, width: float) -> tuple[NDArray[np.float64], int]:
    """The middles of the fullest cells of that width, and how many cells have votes."""
    cells, place, counts = np.unique(np.round(votes / width), return_inverse=True, return_counts=True)
    fullest = np.argsort(-counts, kind="stable")[:GUESSES]
    return np.array([np.median(votes[place == cell]) for cell in fullest]), len(cells)


def _told(column: NumberColumn, fit: _Fit, share: float) -> Cause:
    pair, change = _pair(fit.change), fit.change
    what = f"in another unit ({pair})" if change.first else f"as {_formula(change)}, x what it should be"
    where = "" if share > 0.9 else f" in {share:.0%} of the rows"
    median = ""
    if not column.sensitive:
        median = f", median {column.now.quantile(0.5):.4g} where{column.told(column.usual.quantile(0.5))} is usual"
    sentence = (
        f"{column.name} arrives {what}{where}{median}; converted back, {fit.back.known:.0%} of its values are ones "
        f"seen before (by chance {fit.back.by_chance:.0%})"
    )
    trust = 0.96 if pair else 0.85 if not change.offset else 0.8
    score = trust * (0.7 + 0.3 * min(1.0, fit.back.known / max(column.usually_known, 1e-9)))
    evidence = {"rows": share, "known": fit.back.known, "by_chance": fit.back.by_chance, "after": fit.distance}
    return _cause(column, change, score, sentence, evidence)


def _cause(column: NumberColumn, change: Pair, score: float, sentence: str, evidence: dict[str, float]) -> Cause:
    how = {"factor": change.factor, "offset": change.offset, "pair": _pair(change)}
    return Cause("unit_or_scale", column.name, score, sentence, how | evidence, columns=(column.name,))


def _by_few_values(column: NumberColumn) -> Cause | None:
    """A column of hardly more than one value in another unit of the same dimension: the common value, converted."""
    distinct, share = different(column.values[column.strange]), float(column.strange.sum()) / max(len(column.values), 1)
    if not 1 <= len(distinct) < FEWEST or share < STRANGE:
        return None
    for change in known_changes(_unit(column)):
        back = (distinct - change.offset) / change.factor
        bins = column.usual.grid.index(back)
        common = float(column.usual.shares[np.unique(bins[bins < column.usual.grid.bins])].sum())
        fits = common > 0.3 and column.knows(back).all() and column.fits(column.distance(_undone(column, change)))
        if _unit(column) and change.first and fits:
            return _told(column, _Fit(change, Return(0.8, 0.0, 0.0), 0.0), share)
    return None


# --- by the distribution ---------------------------------------------------------------------------------------


def _by_distribution(column: NumberColumn) -> Cause | None:
    """For values that live on no grid: the transformation of all rows that makes the distribution usual again."""
    if len(np.unique(column.values)) < FEWEST or not column.departed or column.is_itself:
        return None
    before, best = column.distance(column.values), None
    for change in [*known_changes(_unit(column)), *_straight(column)]:
        undone = (column.values - change.offset) / change.factor
        after = column.distance(undone)
        left = column.situation.excess(column.name, after) / max(column.situation.excess(column.name, before), 1e-9)
        score = (0.85 if change.first and _unit(column) else 0.75 if _pair(change) else 0.6) * (1 - left)
        inside = float(((undone >= column.seen.low) & (undone <= column.seen.high)).mean())
        better = left < LEFT and inside > 0.95 and (best is None or score > best[0])
        if better and column.chance(undone) > FITS:
            best = score, after, change
    if best is None:
        return None
    score, after, change = best
    pair = f" ({_pair(change)})" if _pair(change) else ""
    sentence = (
        f"{column.name} arrives as {_formula(change)}{pair}, x what is usual: converted back, its Kolmogorov-Smirnov "
        f"distance from the windows before falls from {before:.2f} to {after:.2f}"
    )
    return _cause(column, change, score, sentence, {"before": before, "after": after})


def _straight(column: NumberColumn) -> list[Pair]:
    """The straight line through the quantiles now against the usual ones, if they lie on one."""
    usual, now = column.usual.hundred, column.counted(column.values).hundred
    if np.ptp(usual) <= 0 or np.ptp(now) <= 0:
        return []
    factor, offset = (float(v) for v in np.polyfit(usual, now, 1))
    if factor <= 0 or float(np.corrcoef(usual, now)[0, 1]) < 0.998:
        return []
    return [Pair("", "", factor, offset)]


def _beyond(column: NumberColumn) -> Cause | None:
    """Everything lies beyond all that was ever seen: moved, if it is spread as it always was, else multiplied."""
    usual = [window.sd for window in column.windows if window.sd > 0]
    if column.outside < BEYOND or len(usual) < 10 or _goes_on(column):
        return None
    spread, now, before = float(np.std(column.values)), float(np.median(column.values)), column.usual.quantile(0.5)
    if min(usual) <= spread <= max(usual):
        change = Pair("", "", 1.0, float(f"{now - before:.2g}"))
    elif before * now > 0 and min(usual) <= spread * before / now <= max(usual):
        change = Pair("", "", float(f"{now / before:.2g}"))
    else:
        return None
    told = f", median{column.told(now)} where{column.told(before)} is usual" if not column.sensitive else ""
    sentence = (
        f"{column.name} lies beyond everything seen before in {column.outside:.0%} of the rows{told}: "
        f"roughly {_formula(change)}, x what is usual"
    )
    return _cause(column, change, 0.6, sentence, {"outside": column.outside})


def _goes_on(column: NumberColumn) -> bool:
    """Whether the grid of the known values goes on where the new ones are: then they are new, not moved."""
    unknown = different(column.values[column.strange])
    guesses, tries = _guesses(unknown, column)
    return any(
        column.returned(unknown - guess.offset, tries).surely < SURE
        for guess in guesses
        if guess.factor == 1 and (_symmetry(column, guess) or 0.0) > SYMMETRIC
    )
