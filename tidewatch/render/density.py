"""Weighted points as a smooth curve, and the stretch of the axis that shows them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
LARGEST = 1e300  # beyond it differences overflow; such values count as no numbers
TINY = 1e-290  # nothing that a picture could show apart: cells of it could not be divided by
CELLS = 736  # of the shared grid: two units of the picture each
WIDEST, CLOSER, CLOSEST = 0.998, 0.99, (0.98, 0.95, 0.9)  # shares of the rows that an axis may show


@dataclass(frozen=True)
class Spread:
    """How one column is spread over its values, as a profile knows it."""

    values: Numbers  # ascending
    weights: Numbers  # share of rows at each value; sums to 1
    median: float
    rows: int
    label: str  # when and what: "28 days to 14 Nov"

    def finite(self) -> "Spread":
        """Without values that are no numbers, and with weights that sum to 1."""
        kept = (np.abs(self.values) < LARGEST) & np.isfinite(self.weights) & (self.weights > 0)
        values, weights = self.values[kept], self.weights[kept]
        total = weights.sum()
        return Spread(values, weights / total if total > 0 else weights, self.median, self.rows, self.label)

    def quantile(self, share: float) -> float:
        """The smallest value with at least that share of rows at or below it; there must be values."""
        place = int(np.searchsorted(np.cumsum(self.weights), share - 1e-9))
        return float(self.values[min(place, len(self.values) - 1)])

    def as_log10(self) -> "Spread":
        """Values and median as exponents of ten; what is not positive is left out."""
        kept = self.values > 0
        median = math.log10(self.median) if self.median > 0 else math.nan
        return Spread(np.log10(self.values[kept]), self.weights[kept], median, self.rows, self.label).finite()


@dataclass(frozen=True)
class View:
    low: float
    high: float

    def beyond(self, spread: Spread) -> float:
        """Share of the rows that lie outside."""
        return float(spread.weights[(spread.values < self.low) | (spread.values > self.high)].sum())


def view(spreads: Sequence[Spread]) -> View:
    """The stretch that holds the central 99.8 % of every spread.

    99 % when that makes it a quarter shorter, and less where a long tail would still flatten everything else.
    """
    spreads = [spread for spread in spreads if len(spread.values)]
    if not spreads:
        return View(0.0, 1.0)
    low, high = _reach(spreads, WIDEST)
    closer = _reach(spreads, CLOSER)
    if 0 < closer[1] - closer[0] < 0.75 * (high - low):
        low, high = closer
    core = _reach(spreads, 0.8)
    for share in CLOSEST:
        if high - low > 15 * (core[1] - core[0]) > 0:
            low, high = _reach(spreads, share)
    if high - low <= max(1e-9 * max(abs(low), abs(high)), TINY):
        around = abs(low) / 4 if abs(low) > TINY else 1.0
        return View(low - around, high + around)
    pad = 0.08 * (high - low)
    return View(low - pad, high + pad)


def bandwidth(spread: Spread, seen: View) -> float:
    """Silverman's rule of thumb, kept between what would be ragged and what would be a blur."""
    span = seen.high - seen.low
    if not len(spread.values):
        return 0.01 * span
    shares = np.clip((spread.values - seen.low) / span, 0.0, 1.0)
    deviation = span * math.sqrt(float(np.sum(spread.weights * (shares - np.sum(spread.weights * shares)) ** 2)))
    quartiles = (spread.quantile(0.75) - spread.quantile(0.25)) / 1.34
    width = 0.9 * (min(deviation, quartiles) if quartiles > 0 else deviation) * max(spread.rows, 1) ** -0.2
    return float(min(max(width, 0.008 * span), 0.03 * span))


def density(spread: Spread, seen: View, width: float) -> Numbers:
    """Share of rows per unit of the axis at the middles of CELLS cells, smoothed by a Gaussian that wide."""
    cell = (seen.high - seen.low) / CELLS
    reach = max(1, math.ceil(4 * width / cell))
    beyond = (seen.low - reach * cell, seen.high + reach * cell)  # rows just outside still cast their smoothing
    counts, _ = np.histogram(spread.values, CELLS + 2 * reach, beyond, weights=spread.weights)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * cell / width) ** 2)
    smooth = np.convolve(counts, kernel / kernel.sum(), mode="valid")
    return np.asarray(smooth / cell, dtype=np.float64)


def _reach(spreads: Sequence[Spread], share: float) -> tuple[float, float]:
    side = (1 - share) / 2
    return min(s.quantile(side) for s in spreads), max(s.quantile(1 - side) for s in spreads)
