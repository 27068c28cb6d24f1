"""The bins of one number column: fine where the baseline has its values, and the same for every profile of the column.

A value is standardised by the baseline's median and interquartile range and rounded to float16; the 16 bits are an
order-preserving key of 65,536 cells. Bins join neighbouring cells until they hold at most `SHARE` of the baseline.
A cell that alone holds more is crowded and is split at exact values: an atom (a repeated value) gets a bin of its
own, [v, next float), and a dense stretch is cut at the baseline's quantiles. A value's bin is

    number of cuts at or below its key  +  number of edges at or below the value,

both monotone, so every bin is an interval, the distribution function is exact at every boundary, and the
Kolmogorov-Smirnov distance to the baseline is off by at most SHARE or the share of one uncrowded cell.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.stored import GridRecord, packed, read, unpacked

Numbers = NDArray[np.float64]

SHARE = 0.0003  # of the baseline in one bin, at most
CROWDED = 0.0005  # of the baseline in one cell: more is split; so are never FEW rows or fewer
FEW = 5
ATOM = 0.0003  # of the baseline: a value as frequent as this has a bin of its own
BLOCK = 1 << 15  # rows standardised at a time: they stay in the processor's cache
ROUNDING = 2.0**-21  # relative
LARGEST = 65504.0  # of float16, in spreads
BEYOND = 65536.0  # what the infinities of float16 stand for, in spreads
MOST = 1 << 20  # boundaries of a kind
FARTHEST = 1e300  # values beyond are taken for this when a grid is learnt: sums of it do not overflow


def _plain_cells() -> NDArray[np.uint16]:
    """Keys at which a bin begins wherever the values lie, so that data beyond the baseline is seen in some detail:
    every 1/64 spread up to 4 spreads from the centre, every 1/32 of the distance farther out."""
    inner = np.arange(0, 4, 1 / 64)
    outer = np.concatenate([2.0**power * (1 + np.arange(32) / 32) for power in range(2, 16)])
    positive = np.concatenate([inner, outer[outer <= LARGEST]])
    return np.unique(_order(np.concatenate([-positive, positive]).astype(np.float16)))


def _order(standard: NDArray[np.float16]) -> NDArray[np.uint16]:
    """Keys in the order of the values; -0.0 is 0.0."""
    with np.errstate(invalid="ignore"):
        bits = (standard + np.float16(0)).view(np.uint16)
    return np.where(bits & 0x8000, ~bits, bits | 0x8000).astype(np.uint16)


def _key_begins(keys: NDArray[np.uint16]) -> Numbers:
    """The standardised value at which each key's cell begins: half way from the cell before."""
    both = np.array([keys - np.uint16(1), keys])
    values = np.where(both & 0x8000, both ^ 0x8000, ~both).astype(np.uint16).view(np.float16).astype(np.float64)
    bounded = np.clip(values, -BEYOND, BEYOND)
    return np.asarray(np.where(np.isnan(values), -np.inf, bounded).mean(axis=0))


_STORED = {"cuts": "<u2", "edges": "<f8", "atoms": "<f8", "bounds": "<f8"}
_PLAIN = _plain_cells()
_KEYS_OF_BITS = _order(np.arange(1 << 16, dtype=np.uint16).view(np.float16))
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
_NAN_BITS = np.flatnonzero(np.isnan(np.arange(1 << 16, dtype=np.uint16).view(np.float16)))


@dataclass(frozen=True, eq=False)
class Grid:
    centre: float
    spread: float
    cuts: NDArray[np.uint16]  # ascending keys at which a bin begins
    edges: Numbers  # ascending values at which a bin begins inside a crowded cell
    atoms: Numbers = field(default_factory=lambda: np.empty(0))  # ascending repeated values; each has a bin
    bounds: Numbers = field(default_factory=lambda: np.empty(0))  # of coarse bins asked for, [b0, b1) … [bn-1, bn]

    @staticmethod
    def of(values: Numbers, bounds: Numbers | None = None) -> "Grid":
        """The grid of a baseline's values (NaN and infinities are left out). Scale falls back from the interquartile
        range to the standard deviation to 1."""
        finite = np.clip(np.sort(values[np.isfinite(values)]), -FARTHEST, FARTHEST)
        centre, spread = _scale(finite)
        plain = Grid(centre, spread, _PLAIN, np.empty(0))
        keys = plain.keys(finite)
        atoms, crowded_edges, spread_keys = _crowded(finite, keys)
        with np.errstate(over="ignore"):
            bounds = np.empty(0) if bounds is None else np.append(bounds[:-1], np.nextafter(bounds[-1], np.inf))
        around = _around(atoms, finite)
        edges = np.unique(np.concatenate([atoms - around, atoms + around, crowded_edges, bounds]))
        return Grid(centre, spread, np.union1d(_PLAIN, _cuts(spread_keys, len(finite))), edges, atoms, bounds)

    def coarse(self, counts: NDArray[np.int64], share: float) -> "Grid":
        """The same bins joined until each holds about `share` of the counts, for the many small profiles of segments.
        Atoms of that share keep bins of their own."""
        total = max(int(counts.sum()), 1)
        large = counts[self.atom_bins] >= share * total
        own = self.atom_bins[large]
        steps = np.flatnonzero(np.diff(np.floor(np.cumsum(counts) / total / share))) + 1
        begins = np.unique(np.concatenate([steps, own, own + 1, [1, self.bins - 1]]))  # bins that stay first
        order = np.lexsort((self._of_edges, np.concatenate([self.cuts, self.keys(self.edges)])))
        chosen = np.sort(order[begins[(begins > 0) & (begins < self.bins)] - 1])
        cuts, edges = chosen[chosen < len(self.cuts)], chosen[chosen >= len(self.cuts)] - len(self.cuts)
        return Grid(self.centre, self.spread, self.cuts[cuts], self.edges[edges], self.atoms[large])

    @property
    def bins(self) -> int:
        return len(self.cuts) + len(self.edges) + 1

    @cached_property
    def digest(self) -> str:
        """The identity of the grid: only profiles of one grid add up."""
        content = np.array([self.centre, self.spread]).tobytes() + self.cuts.tobytes() + self.edges.tobytes()
        content += self.atoms.tobytes() + self.bounds.tobytes()
        return hashlib.sha256(content).hexdigest()[:16]

    @cached_property
    def boundaries(self) -> Numbers:
        """Where the bins begin and end, in the column's unit: one more than bins, from -inf to inf."""
        cut_values = self.centre + _key_begins(self.cuts) * self.spread
        order = np.lexsort((self._of_edges, np.concatenate([self.cuts, self.keys(self.edges)])))
        inner = np.maximum.accumulate(np.concatenate([cut_values, self.edges])[order])
        return np.concatenate([[-np.inf], inner, [np.inf]])

    @cached_property
    def atom_bins(self) -> NDArray[np.intp]:
        """The bin of each atom."""
        return self.index(self.atoms)

    def keys(self, values: Numbers) -> NDArray[np.uint16]:
        return _KEYS_OF_BITS[self._bits(values)]

    def index(self, values: Numbers) -> NDArray[np.intp]:
        """The bin of every value; `bins`, one too many, for NaN. At most BLOCK values at a time are fast."""
        bits = self._bits(values)
        found = self._bin_of_bits.take(bits.astype(np.intp), mode="wrap")
        crowded = np.flatnonzero(found < 0)
        if len(crowded):
            np.maximum(found, ~found, out=found)
            begins, ends = self._ends
            likely, inside = found.take(crowded), values.take(crowded)
            astray = crowded[(inside < begins.take(likely)) | (inside >= ends.take(likely))]
            found[astray] = np.searchsorted(self.cuts, _KEYS_OF_BITS[bits[astray]], side="right")
            found[astray] += np.searchsorted(self.edges, values[astray], side="right").astype(found.dtype)
        return found.astype(np.intp)

    def as_dict(self) -> dict[str, Any]:
        fine = bool(np.isin(_PLAIN, self.cuts).all())
        arrays: dict[str, NDArray[Any]] = {
            "cuts": np.setdiff1d(self.cuts, _PLAIN) if fine else self.cuts,
            "edges": self.edges,
            "atoms": self.atoms,
            "bounds": self.bounds,
        }
        return {"centre": self.centre, "spread": self.spread, "fine": fine} | {
            name: packed(values, _STORED[name]) for name, values in arrays.items()
        }

    @staticmethod
    def from_dict(record: Mapping[str, Any] | GridRecord) -> "Grid":
        """Raises ValueError for what is no grid."""
        if not isinstance(record, GridRecord):
            record = read(GridRecord, record, "a grid")
        cuts, *arrays = (unpacked(getattr(record, n), kind, MOST).astype(kind[1:]) for n, kind in _STORED.items())
        for ascending in (cuts, *arrays):
            if not np.all(np.isfinite(ascending)) or np.any(ascending[1:] <= ascending[:-1]):
                raise ValueError("not a grid: its bins are damaged")
        cuts = np.union1d(_PLAIN, cuts) if record.fine else cuts
        return Grid(record.centre, record.spread, cuts, *arrays)

    def _bits(self, values: Numbers) -> NDArray[np.uint16]:
        with np.errstate(over="ignore", invalid="ignore"):
            standard = np.subtract(values, self.centre)
            np.divide(standard, self.spread, out=standard)
            return standard.astype(np.float32).astype(np.float16).view(np.uint16)

    @property
    def _of_edges(self) -> Numbers:
        """Sorts boundaries of one key: the cut before the edges, the edges by value."""
        return np.concatenate([np.full(len(self.cuts), -np.inf), self.edges])

    @cached_property
    def _bin_of_bits(self) -> NDArray[np.signedinteger[Any]]:
        """By float16 bits: the bin; where the cell has edges the complement (below 0) of the likely one, which begins
        at the first of them (an atom's); `bins` for NaN. One small table, to stay in cache."""
        first, last = (np.searchsorted(self.keys(self.edges), _KEYS_OF_BITS, side=side) for side in _SIDES)
        table = np.searchsorted(self.cuts, _KEYS_OF_BITS, side="right") + first
        table = np.where(first < last, ~(table + 1), table)
        table[_NAN_BITS] = self.bins
        return table.astype(np.min_scalar_type(-self.bins - 1))

    @cached_property
    def _ends(self) -> tuple[Numbers, Numbers]:
        """By bin: where it begins and ends, if it is the likely one of a crowded cell."""
        keys = self.keys(self.edges)
        first = np.flatnonzero(np.diff(keys.astype(np.int32), prepend=-1))
        likely = np.searchsorted(self.cuts, keys[first], side="right") + first + 1
        begins, ends = np.full(self.bins + 1, -np.inf), np.full(self.bins + 1, np.inf)
        begins[likely] = self.edges[first]
        several = np.flatnonzero(np.diff(np.append(first, len(keys))) > 1)
        ends[likely[several]] = self.edges[first[several] + 1]
        return begins, ends


def _scale(ascending: Numbers) -> tuple[float, float]:
    if not len(ascending):
        return 0.0, 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        low, centre, high = np.quantile(ascending, [0.25, 0.5, 0.75])
        for spread in (float(high - low), float(np.std(ascending))):
            if 0 < spread < np.inf and np.isfinite(1 / spread):
                return float(centre), spread
    return float(centre), 1.0


def _around(atoms: Numbers, ascending: Numbers) -> Numbers:
    """How far the bin of an atom reaches: what a conversion there and back, or a stop in single precision, changes;
    never half the way to another value."""
    distinct = np.unique(ascending)
    gaps = np.diff(distinct, prepend=-np.inf, append=np.inf)
    places = np.searchsorted(distinct, atoms)
    room = np.minimum(gaps[places], gaps[places + 1]) / 4
    return np.maximum(np.minimum(np.abs(atoms) * ROUNDING, room), np.spacing(np.abs(atoms)))


def _crowded(ascending: Numbers, keys: NDArray[np.uint16]) -> tuple[Numbers, Numbers, NDArray[np.uint16]]:
    """Atoms, the quantiles at which crowded cells are cut, and the keys of what is neither."""
    most, step = max(CROWDED * len(ascending), FEW), max(int(SHARE * len(ascending)), 1)
    starts = np.flatnonzero(np.diff(ascending, prepend=np.nan))
    times = np.diff(np.append(starts, len(ascending)))
    is_atom = times > max(ATOM * len(ascending), 1.0)
    rest = ~np.repeat(is_atom, times)
    left, left_keys = ascending[rest], keys[rest]
    key_starts = np.flatnonzero(np.diff(left_keys.astype(np.int32), prepend=-1))
    held = np.diff(np.append(key_starts, len(left)))
    crowded = np.flatnonzero(held > most)
    edges = [left[key_starts[i] : key_starts[i] + held[i] : step] for i in crowded]
    uncrowded = np.repeat(held <= most, held)
    return ascending[starts[is_atom]], np.concatenate([*edges, np.empty(0)]), left_keys[uncrowded]


def _cuts(keys: NDArray[np.uint16], rows: int) -> NDArray[np.uint16]:
    """Keys, ascending, so that at most SHARE of the rows lie between two."""
    most, cuts, start = max(SHARE * rows, 1.0), [], 0
    while start < len(keys):
        cuts.append(keys[start])
        end = min(start + int(most), len(keys) - 1)  # the first row too many
        after = int(np.searchsorted(keys, keys[end], side="left"))
        start = after if after > start else int(np.searchsorted(keys, keys[end], side="right"))
    return np.array(cuts, dtype=np.uint16)
