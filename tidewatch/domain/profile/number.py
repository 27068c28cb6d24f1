"""The profile of a number column: counts on the grid of its baseline, and exact moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.profile.grid import FARTHEST, Grid, Numbers

DECILES = 10
STEPS = 400
HUNDRED = np.linspace(0.005, 0.995, 100)


@dataclass(frozen=True, eq=False)
class NumberProfile:
    grid: Grid
    counts: NDArray[np.int64]  # rows in each bin of the grid; infinities are in the first and the last
    nulls: int = 0  # NaN among them
    infinite: int = 0
    low: float = np.inf  # of the finite values; inf and -inf when there is none
    high: float = -np.inf
    total: float = 0.0  # sum of (value - centre) over the finite values
    squares: float = 0.0  # sum of (value - centre)² over the finite values

    @cached_property
    def rows(self) -> int:
        """Rows that have a value."""
        return int(self.counts.sum())

    @property
    def finite(self) -> int:
        return self.rows - self.infinite

    @property
    def mean(self) -> float:
        return self.grid.centre + self.total / self.finite if self.finite else 0.0

    @property
    def sd(self) -> float:
        if self.finite < 2:
            return 0.0
        return float(np.sqrt(max(self.squares - self.total**2 / self.finite, 0.0) / (self.finite - 1)))

    @cached_property
    def shares(self) -> Numbers:
        return self.counts / max(self.rows, 1)

    @cached_property
    def values(self) -> Numbers:
        """A value for each bin: its middle, kept between the smallest and the largest value seen."""
        low, high = self._range
        bounds = np.minimum(np.maximum(self.grid.boundaries, low), high)
        return np.asarray(bounds[:-1] + (bounds[1:] / 2 - bounds[:-1] / 2))

    @property
    def _range(self) -> tuple[float, float]:
        bounds = self.grid.boundaries
        return (self.low, self.high) if self.finite else (bounds[1], bounds[-2])

    @cached_property
    def hundred(self) -> Numbers:
        return np.asarray(self.hundreds([self])[0])

    @staticmethod
    def hundreds(profiles: "Sequence[NumberProfile]") -> Numbers:
        """A hundred evenly spaced quantiles of each, p = .005, .015 … .995: (profiles, 100)."""
        wanted = np.ceil(HUNDRED * np.array([[part.rows] for part in profiles])).astype(np.int64)
        places = [np.searchsorted(part.cumulated, rows) for part, rows in zip(profiles, wanted, strict=True)]
        low, high = np.clip([part._range for part in profiles], -FARTHEST, FARTHEST).T[:, :, None]
        begins, ends = (
            [part.grid.boundaries[bins + after] for part, bins in zip(profiles, places, strict=True)]
            for after in (0, 1)
        )
        begins, ends = (np.minimum(np.maximum(bounds, low), high) for bounds in (begins, ends))
        return np.asarray(begins + (ends / 2 - begins / 2))

    @cached_property
    def distribution(self) -> Numbers:
        """Share of rows up to the end of each bin."""
        return self.cumulated / max(self.rows, 1)

    @cached_property
    def cumulated(self) -> NDArray[np.int64]:
        return np.cumsum(self.counts)

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """By bin of the grid, the coarse bin for statistics that need full bins: the decile of this profile, or the
        grid's `bounds` where it has them, with one group more for what lies outside."""
        bounds = self.grid.bounds
        if len(bounds):
            inside = np.searchsorted(bounds, self.grid.boundaries[:-1], side="right") - 1
            return np.asarray(np.where(inside < 0, len(bounds) - 1, inside), dtype=np.intp)
        middle = (self.cumulated - self.counts / 2) / max(self.cumulated[-1], 1)
        return np.asarray(np.minimum(middle * DECILES, DECILES - 1), dtype=np.intp)

    @cached_property
    def grouped(self) -> Numbers:
        """Rows in each of `groups`."""
        return self.in_groups(self.counts)

    def in_groups(self, counts: NDArray[np.int64]) -> Numbers:
        """The rows of another profile of the same grid in each of `groups`."""
        begins, group, many = self._runs
        return np.asarray(np.bincount(group, np.add.reduceat(counts, begins), many), dtype=np.float64)

    @cached_property
    def _runs(self) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
        """Where runs of bins of one group begin, which group that is, and how many groups there are."""
        begins = np.flatnonzero(np.diff(self.groups, prepend=-1))
        return begins, self.groups[begins], int(self.groups.max()) + 1

    @cached_property
    def steps(self) -> NDArray[np.intp]:
        """The bins at which about STEPS equal parts of the rows begin, for the tests of ranks; what is repeated more
        often than that is a part of its own."""
        reached = np.searchsorted(self.cumulated, np.linspace(0, 1, STEPS + 1)[1:-1] * self.cumulated[-1])
        large = np.flatnonzero(self.counts > self.rows / STEPS)
        begins = np.unique(np.concatenate([[0], reached, large, large + 1]))
        return begins[begins < self.grid.bins]

    @cached_property
    def stepped(self) -> NDArray[np.int64]:
        """Rows in each of `steps`."""
        return np.add.reduceat(self.counts, self.steps)

    @property
    def mode(self) -> float:
        """Share of the fullest bin."""
        return float(self.counts.max(initial=0)) / max(self.rows, 1)

    @property
    def constant(self) -> bool:
        """Every value is the same."""
        return self.rows > 0 and self.low == self.high and not self.infinite

    @cached_property
    def on_grid(self) -> bool:
        """Nearly every value is one of few that are repeated: measured in whole steps."""
        return bool(self.rows) and float(self.counts[self.grid.atom_bins].sum()) >= 0.9 * self.rows

    def quantile(self, share: float) -> float:
        """The smallest value with at least that share of rows at or below it; 0.0 for an empty column."""
        if not self.rows:
            return 0.0
        return float(self.values[int(np.searchsorted(self.cumulated, share * self.cumulated[-1]))])

    def plus(self, *others: "NumberProfile") -> "NumberProfile":
        if any(part.grid is not self.grid and part.grid.digest != self.grid.digest for part in others):
            raise ValueError("profiles of different grids cannot be added up")
        parts = (self, *others)
        return NumberProfile(
            self.grid, np.sum([part.counts for part in parts], axis=0), sum(part.nulls for part in parts),
            sum(part.infinite for part in parts), min(part.low for part in parts), max(part.high for part in parts),
            sum(part.total for part in parts), sum(part.squares for part in parts),
        )  # fmt: skip
