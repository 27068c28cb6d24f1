"""Small mergeable summaries of data sets: read a batch once, check it many times.

Profiles add up: hours make days, partitions make batches, in any order and grouping. Counts are exact; sums of
values agree to rounding (1e-12); what is sketched has a stated error.
"""

import base64
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.grid import FARTHEST, Grid, Numbers
from tidewatch.domain.sketches import Distinct, Frequent

FORMAT = 2
DECILES = 10
STEPS = 400
HUNDRED = np.linspace(0.005, 0.995, 100)
SHOWN_FROM = 10  # rows; a rarer category is never told to people: it might be one person
NAMED = 1000  # categories counted by name beside those of the baseline; more are sketched


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
        return self.values_of(np.arange(self.grid.bins))

    def values_of(self, bins: NDArray[np.intp]) -> Numbers:
        lower = self.grid.lower
        low, high = (self.low, self.high) if self.finite else (lower[1], lower[-1])
        upper = np.append(lower[1:], high)
        begins, ends = np.clip(lower[bins], low, high), np.clip(upper[bins], low, high)
        return np.asarray(begins + (ends / 2 - begins / 2))

    @cached_property
    def hundred(self) -> Numbers:
        """A hundred evenly spaced quantiles, p = .005, .015 … .995."""
        places = np.searchsorted(self.cumulated, HUNDRED * self.cumulated[-1])
        return np.asarray(np.clip(self.values_of(places), -FARTHEST, FARTHEST))

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
            inside = np.searchsorted(bounds, self.grid.lower, side="right") - 1
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

    def plus(self, other: "NumberProfile") -> "NumberProfile":
        if self.grid is not other.grid and self.grid.digest != other.grid.digest:
            raise ValueError("profiles of different grids cannot be added up")
        return NumberProfile(
            self.grid, self.counts + other.counts, self.nulls + other.nulls, self.infinite + other.infinite,
            min(self.low, other.low), max(self.high, other.high), self.total + other.total,
            self.squares + other.squares,
        )  # fmt: skip


@dataclass(frozen=True)
class TextProfile:
    """Counts by category. Those of the baseline are always named; beside them up to NAMED others, or else all others
    are in `other`, with their commonest and their number sketched."""

    counts: Mapping[str, int]
    nulls: int = 0
    known: frozenset[str] = frozenset()
    other: int = 0
    frequent: Frequent | None = None  # of the others
    distinct: Distinct | None = None  # of the others

    @cached_property
    def rows(self) -> int:
        return sum(self.counts.values()) + self.other

    @property
    def categories(self) -> float:
        """How many different values; estimated (see Distinct) where there are many."""
        return len(self.counts) + (self.distinct.estimate if self.distinct else 0.0)

    @property
    def mode(self) -> float:
        """Share of the commonest category."""
        return max(self.commonest.values(), default=0) / max(self.rows, 1)

    @property
    def names(self) -> frozenset[str]:
        """The categories it can tell from unseen ones."""
        return self.known | self.counts.keys()

    @property
    def constant(self) -> bool:
        return len(self.counts) == 1 and not self.other

    def unseen(self, names: frozenset[str]) -> dict[str, int]:
        """Rows by category that is not among the names, the commonest first; those it has no name for under ""."""
        new = {name: count for name, count in self.commonest.items() if name not in names}
        rest = self.rows - sum(self.commonest.values())
        return new | ({"": rest} if rest > 0 else {})

    @cached_property
    def commonest(self) -> Mapping[str, int]:
        """Categories with their counts, the commonest first; of sketched ones those that are surely common."""
        counts = dict(self.counts) | (self.frequent.items() if self.frequent else {})
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def plus(self, other: "TextProfile") -> "TextProfile":
        if self.known != other.known:
            raise ValueError("profiles that name different categories cannot be added up")
        counts = Counter(self.counts)
        counts.update(other.counts)
        merged = TextProfile(dict(counts), self.nulls + other.nulls, self.known, self.other + other.other)
        for part in (self, other):
            if part.frequent and part.distinct:
                merged = merged._with(part.frequent, part.distinct)
        return merged.bounded()

    def bounded(self) -> "TextProfile":
        """With no more than NAMED names that the baseline does not know."""
        new = {name: count for name, count in self.counts.items() if name not in self.known}
        if len(new) <= NAMED and not self.frequent:
            return self
        counts = {name: count for name, count in self.counts.items() if name in self.known}
        rest = replace(self, counts=counts, other=self.other + sum(new.values()))
        return rest._with(Frequent.of(new), Distinct.of(new))

    def _with(self, frequent: Frequent, distinct: Distinct) -> "TextProfile":
        if self.frequent and self.distinct:
            frequent, distinct = self.frequent.plus(frequent), self.distinct.plus(distinct)
        return replace(self, frequent=frequent, distinct=distinct)


@dataclass(frozen=True)
class IdProfile:
    """Of a column whose values should all differ."""

    rows: int
    nulls: int
    distinct: Distinct

    @property
    def duplicates(self) -> int:
        """Rows beyond the first of each id: certain ones only, given the sketch's error."""
        return max(0, round(self.rows - self.distinct.upper))

    def plus(self, other: "IdProfile") -> "IdProfile":
        return IdProfile(self.rows + other.rows, self.nulls + other.nulls, self.distinct.plus(other.distinct))


@dataclass(frozen=True)
class TimeProfile:
    """Of a column of timestamps: seconds since 1970 UTC."""

    earliest: float  # inf and -inf when there is no value
    latest: float
    hours: tuple[int, ...]  # rows by hour of the day, UTC
    nulls: int = 0

    @property
    def rows(self) -> int:
        return sum(self.hours)

    def plus(self, other: "TimeProfile") -> "TimeProfile":
        hours = tuple(mine + theirs for mine, theirs in zip(self.hours, other.hours, strict=True))
        return TimeProfile(
            min(self.earliest, other.earliest), max(self.latest, other.latest), hours, self.nulls + other.nulls
        )  # fmt: skip


ColumnProfile = NumberProfile | TextProfile | IdProfile | TimeProfile


@dataclass(frozen=True)
class Profile:
    rows: int
    columns: Mapping[str, ColumnProfile]
    segments: Mapping[str, "Profile"] = field(default_factory=dict)  # by segment, "carrier=UA", on coarser grids

    def as_dict(self) -> dict[str, Any]:
        record = {"format": FORMAT, "rows": self.rows, "columns": {n: _dump(c) for n, c in self.columns.items()}}
        parts = {name: profile.as_dict() for name, profile in self.segments.items()}
        return record | ({"segments": parts} if parts else {})

    @staticmethod
    def from_dict(
        record: Mapping[str, Any],
        grids: Mapping[str, Grid],
        words: Mapping[str, frozenset[str]],
        coarse: Mapping[str, Grid] | None = None,
    ) -> "Profile":
        """Raises ValueError for another format, or for a profile that was counted on other grids."""
        if not isinstance(record, dict):
            raise ValueError("not a profile")
        if record.get("format") != FORMAT:
            raise ValueError(f"a profile of format {record.get('format')}, and this Tidewatch reads format {FORMAT}")
        columns, rows = record.get("columns"), record.get("rows")
        if not isinstance(columns, dict) or not isinstance(rows, int):
            raise ValueError("not a profile")
        parts = record.get("segments", {}).items()
        return Profile(
            rows,
            {n: _load(n, c, grids.get(n), words.get(n, frozenset())) for n, c in columns.items()},
            {name: Profile.from_dict(part, coarse or {}, words) for name, part in parts},
        )


def merge(profiles: Sequence[Profile], *, partial: bool = False) -> Profile:
    """The profile of all the rows together, with the columns that all have; `partial` takes every column from those
    that have it. Raises ValueError for no profiles, unequal grids or unequal types."""
    if not profiles:
        raise ValueError("there is no profile to compare with")
    columns: dict[str, list[ColumnProfile]] = {}
    parts: dict[str, list[Profile]] = {}
    for profile in profiles:
        for name, column in profile.columns.items():
            columns.setdefault(name, []).append(column)
        for name, part in profile.segments.items():
            parts.setdefault(name, []).append(part)
    return Profile(
        sum(profile.rows for profile in profiles),
        {n: merge_column(n, some) for n, some in columns.items() if partial or len(some) == len(profiles)},
        {name: merge(some, partial=partial) for name, some in parts.items()},
    )


def merge_column(name: str, parts: Sequence[ColumnProfile]) -> ColumnProfile:
    merged, *rest = parts
    for part in rest:
        if type(part) is not type(merged):
            raise ValueError(f"column {name}: profiles of different types cannot be added up")
        merged = merged.plus(part)  # type: ignore[arg-type]
    return merged


def _dump(column: ColumnProfile) -> dict[str, Any]:
    match column:
        case NumberProfile():
            return {
                "grid": column.grid.digest,
                "counts": base64.b64encode(zlib.compress(column.counts.astype("<u4").tobytes(), 6)).decode()
                if column.rows < 1 << 32
                else column.counts.tolist(),
                "nulls": column.nulls,
                "infinite": column.infinite,
                "range": [column.low, column.high] if column.finite else [],
                "sums": [column.total, column.squares],
            }
        case TextProfile():
            sketches = [column.frequent.dump(), column.distinct.dump()] if column.frequent and column.distinct else []
            return {"text": dict(column.counts), "nulls": column.nulls, "other": column.other, "sketches": sketches}
        case IdProfile():
            return {"ids": column.rows, "nulls": column.nulls, "distinct": column.distinct.dump()}
        case TimeProfile():
            ends = [column.earliest, column.latest] if column.rows else []
            return {"hours": list(column.hours), "range": ends, "nulls": column.nulls}


def _load(name: str, record: Mapping[str, Any], grid: Grid | None, known: frozenset[str]) -> ColumnProfile:
    match record:
        case {"grid": str(digest), "counts": counts, "nulls": int(nulls), "infinite": int(infinite),
              "range": list(ends), "sums": [total, squares]}:  # fmt: skip
            if grid is None or grid.digest != digest:
                raise ValueError(f"column {name} was counted on another grid than the baseline's")
            low, high = ends or (np.inf, -np.inf)
            counted = _counts(name, counts, grid.bins)
            return NumberProfile(grid, counted, nulls, infinite, low, high, total, squares)
        case {"text": dict(counts), "nulls": int(nulls), "other": int(other), "sketches": list(sketches)}:
            frequent, distinct = (Frequent.load(sketches[0]), Distinct.load(sketches[1])) if sketches else (None, None)
            return TextProfile(counts, nulls, known, other, frequent, distinct)
        case {"ids": int(rows), "nulls": int(nulls), "distinct": str(distinct)}:
            return IdProfile(rows, nulls, Distinct.load(distinct))
        case {"hours": list(hours), "range": list(ends), "nulls": int(nulls)}:
            earliest, latest = ends or (np.inf, -np.inf)
            return TimeProfile(earliest, latest, tuple(hours), nulls)
        case _:
            raise ValueError(f"column {name} is not the profile of a column")


def _counts(name: str, counts: Any, bins: int) -> NDArray[np.int64]:
    try:
        if isinstance(counts, str):
            counts = np.frombuffer(zlib.decompress(base64.b64decode(counts)), "<u4")
        if len(counts) == bins:
            return np.asarray(counts, dtype=np.int64)
    except (ValueError, TypeError, zlib.error):
        pass
    raise ValueError(f"the counts of column {name} are damaged")
