"""One column of numbers: what it holds now, what it held before, and how surely strange values are brought back.

Measured values live on a grid: whole minutes, tenths of a degree, the lengths of routes. Values that were transformed
fall off it, and only the right inverse puts them back. How often chance would is measured on placebos: the same values
moved a little.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.checks.scale import snapped
from tidewatch.domain.diagnosis.situation import RARE, Situation
from tidewatch.domain.profile.counting import NumberCounter
from tidewatch.domain.profile.grid import FARTHEST, Numbers
from tidewatch.domain.profile.number import NumberProfile

MOST_DISTINCT = 200  # different values looked at, evenly spread
PLACEBOS = (0.0031, -0.0047, 0.0113, -0.0171, 0.0293, -0.0371, 0.0531, -0.0617)  # in spreads
SURE = 1e-4  # chance that so many values fall among the known ones by accident
WINDOWS = 30  # the latest ones that show what is usual
LEAST_KNOWN = 0.05
FITS = 0.02  # chance of a window so far away, above which it is as usual


@dataclass(frozen=True)
class Return:
    """How many of some different values are known after a transformation."""

    known: float  # share
    by_chance: float  # share that placebos reach
    surely: float  # chance that placebos reach as many


@dataclass(frozen=True, eq=False)
class NumberColumn:
    situation: Situation
    name: str

    @cached_property
    def now(self) -> NumberProfile:
        return self._profile(self.situation.now.columns[self.name])

    @cached_property
    def usual(self) -> NumberProfile:
        return self._profile(self.situation.usual.columns[self.name])

    @cached_property
    def seen(self) -> NumberProfile:
        """Everything accepted before."""
        merged = self.situation.seen(self.name)
        return merged if isinstance(merged, NumberProfile) and merged.grid is self.usual.grid else self.usual

    @cached_property
    def windows(self) -> list[NumberProfile]:
        """The latest accepted ones."""
        found = (window.columns.get(self.name) for window in [*self.situation.all_windows.values()][-WINDOWS:])
        return [w for w in found if isinstance(w, NumberProfile) and w.finite and w.grid is self.usual.grid]

    @cached_property
    def ordered(self) -> Numbers:
        """The values of the rows in their order, NaN for null."""
        values = self.situation.rows.columns.get(self.name)
        return np.empty(0) if values is None or values.dtype == object else values

    @cached_property
    def values(self) -> Numbers:
        """Those that are finite, and no farther out than can be reckoned with."""
        return np.clip(self.ordered[np.isfinite(self.ordered)], -FARTHEST, FARTHEST)

    @cached_property
    def strange(self) -> NDArray[np.bool_]:
        """Which of the values were never there before."""
        return ~self.knows(self.values)

    @property
    def unit(self) -> str:
        unit = self.situation.spec.columns[self.name].unit
        return f" {unit}" if unit else ""

    @property
    def sensitive(self) -> bool:
        return self.situation.spec.columns[self.name].sensitive

    @property
    def span(self) -> float:
        """From the smallest to the largest value ever seen; at least a spread."""
        return max(min(self.seen.high - self.seen.low, FARTHEST), self.seen.grid.spread)

    def told(self, value: float) -> str:
        """A value for people; nothing of a sensitive column."""
        return "" if self.sensitive else f" {value:.4g}{self.unit}"

    # --- what is known -----------------------------------------------------------------------------------

    def knows(self, values: Numbers) -> NDArray[np.bool_]:
        return np.asarray(self.seen.counts[self.seen.grid.index(snapped(values, self.seen))] > 0)

    @cached_property
    def usually_known(self) -> float:
        """Share of a window's different values that other windows have too, in nine windows of ten."""
        shares = [float((self.seen.counts[w.counts > 0] > w.counts[w.counts > 0]).mean()) for w in self.windows]
        return max(float(np.quantile(shares, 0.1)), LEAST_KNOWN) if len(shares) > 1 else 1.0

    def returned(self, values: Numbers, tries: int = 1) -> Return:
        """Of different values; `tries` says out of how many transformations this one was chosen."""
        known = int(self.knows(values).sum())
        spread = self.seen.grid.spread
        placebos = [float(self.knows(values + p * spread).mean()) for p in PLACEBOS]
        by_chance = max(float(np.mean(placebos)), 1 / (4 * len(values)))
        return Return(known / len(values), by_chance, min(1.0, tries * _tail(known, len(values), by_chance)))

    @cached_property
    def is_itself(self) -> bool:
        """Its values are so surely ones that were there before that they cannot be anything else."""
        if not len(self.values):
            return False
        back = self.returned(different(self.values))
        return back.surely < SURE and back.known >= 0.75 * self.usually_known

    # --- how far away ------------------------------------------------------------------------------------

    def distance(self, values: Numbers) -> float:
        """Kolmogorov-Smirnov distance of other values of this column from the usual."""
        grid = self.usual.grid
        counts = np.bincount(grid.index(values), minlength=grid.bins + 1)[: grid.bins]
        return float(np.abs(np.cumsum(counts / max(counts.sum(), 1) - self.usual.shares)).max())

    @cached_property
    def departure(self) -> float:
        """How much farther it is from the usual than its windows usually are."""
        return self.situation.excess(self.name, self.distance(self.values))

    def chance(self, values: Numbers) -> float:
        """Of a window of this column that is so far from the usual ones."""
        return self.situation.chance(self.name, self.counted(values))

    def counted(self, values: Numbers) -> NumberProfile:
        """The profile of other values of this column."""
        counter = NumberCounter(self.usual.grid)
        counter.add(values)
        return counter.profile()

    def fits(self, distance: float) -> bool:
        """Whether windows of this column are as far from each other."""
        level = self.situation.level(self.name, "ks")
        return distance < 0.1 if level is None else level.p_value("ks", distance) > FITS

    @cached_property
    def outside(self) -> float:
        """Share of the values beyond everything ever seen."""
        beyond = (self.values < self.seen.low) | (self.values > self.seen.high)
        return float(beyond.mean()) if len(beyond) else 0.0

    @cached_property
    def departed(self) -> bool:
        return self.situation.results[self.name].chance < RARE or self.outside > 0.3

    def _profile(self, column: object) -> NumberProfile:
        if not isinstance(column, NumberProfile):
            raise TypeError(f"{self.name} is not a column of numbers")
        return column


def different(values: Numbers, most: int = MOST_DISTINCT) -> Numbers:
    """Different values, evenly spread, ascending."""
    distinct = np.unique(values)
    return distinct[:: max(1, math.ceil(len(distinct) / most))]


def _tail(known: int, of: int, chance: float) -> float:
    """Chance of at least `known` out of `of`, binomial."""
    chance = min(max(chance, 1e-9), 1 - 1e-9)
    logs = [
        math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        + k * math.log(chance) + (of - k) * math.log(1 - chance)
        for k in range(known, of + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(math.exp(value) for value in logs))
