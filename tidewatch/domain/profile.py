"""Small mergeable summaries of data sets: read a batch once, check it many times.

A number column is standardised by its scale (centre and spread of the baseline), rounded to float16 and counted
under the order-preserving 16-bit key of that float. Counts at equal keys add up, so hours make days and partitions
make batches. The empirical distribution function is exact at every key, to float16's relative 2**-11 in between.
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORMAT = 1
GRID = 1024  # a column with at most so many different keys is taken to live on a grid of repeated values
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """What a column is standardised by. Part of a profile's identity: only equal scales merge."""

    centre: float
    spread: float

    @staticmethod
    def of(values: Numbers) -> "Scale":
        """Median and interquartile range; a column that is mostly one value falls back to its sd, then to 1."""
        finite = values[np.isfinite(values)]
        if not len(finite):
            return Scale(0.0, 1.0)
        low, centre, high = np.quantile(finite, [0.25, 0.5, 0.75])
        spread = float(high - low) or float(finite.std()) or 1.0
        return Scale(float(centre), spread)


@dataclass(frozen=True)
class NumberProfile:
    scale: Scale
    keys: NDArray[np.uint16]  # ascending, each once
    counts: NDArray[np.int64]  # rows at each key
    nulls: int

    @property
    def rows(self) -> int:
        """Rows that have a value."""
        return int(self.counts.sum())

    @property
    def values(self) -> Numbers:
        """The value each key stands for, ascending, in the column's own unit."""
        bits = np.where(self.keys & 0x8000, self.keys ^ 0x8000, ~self.keys).astype(np.uint16)
        return self.scale.centre + bits.view(np.float16).astype(np.float64) * self.scale.spread

    @property
    def on_grid(self) -> bool:
        return 0 < len(self.keys) <= GRID and self.rows > 5 * len(self.keys)

    def quantile(self, share: float) -> float:
        """The smallest value with at least that share of rows at or below it; 0.0 for an empty column."""
        if not len(self.keys):
            return 0.0
        cumulated = np.cumsum(self.counts)
        return float(self.values[int(np.searchsorted(cumulated, share * cumulated[-1]))])


@dataclass(frozen=True)
class TextProfile:
    counts: Mapping[str, int]
    nulls: int

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


ColumnProfile = NumberProfile | TextProfile


@dataclass(frozen=True)
class Profile:
    rows: int
    columns: Mapping[str, ColumnProfile]

    def as_dict(self) -> dict[str, object]:
        return {"format": FORMAT, "rows": self.rows, "columns": {n: _dump(c) for n, c in self.columns.items()}}

    def to_bytes(self) -> bytes:
        return json.dumps(self.as_dict(), separators=(",", ":")).encode()

    @staticmethod
    def from_dict(record: Mapping[str, object]) -> "Profile":
        if record.get("format") != FORMAT:
            raise ValueError(f"a profile of format {record.get('format')}, and this Tidewatch reads format {FORMAT}")
        columns, rows = record["columns"], record["rows"]
        if not isinstance(columns, dict) or not isinstance(rows, int):
            raise ValueError("not a profile")
        return Profile(rows, {name: _load(column) for name, column in columns.items()})

    @staticmethod
    def from_bytes(data: bytes) -> "Profile":
        return Profile.from_dict(json.loads(data))


def merge(profiles: Sequence[Profile]) -> Profile:
    """The profile of all the rows together. Raises ValueError for no profiles, unequal scales or unequal types."""
    if not profiles:
        raise ValueError("there is no profile to compare with")
    names = [name for name in profiles[0].columns if all(name in profile.columns for profile in profiles)]
    columns = {name: _merge_column(name, [profile.columns[name] for profile in profiles]) for name in names}
    return Profile(sum(profile.rows for profile in profiles), columns)


def _merge_column(name: str, parts: Sequence[ColumnProfile]) -> ColumnProfile:
    nulls = sum(part.nulls for part in parts)
    texts = [part for part in parts if isinstance(part, TextProfile)]
    numbers = [part for part in parts if isinstance(part, NumberProfile)]
    if len(texts) == len(parts):
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text.counts)
        return TextProfile(dict(counts), nulls)
    if texts or any(part.scale != numbers[0].scale for part in numbers):
        raise ValueError(f"column {name}: profiles of different types or scales cannot be added up")
    weights = np.concatenate([part.counts for part in numbers]).astype(np.float64)
    total = np.bincount(np.concatenate([part.keys for part in numbers]), weights=weights, minlength=1)
    used = np.flatnonzero(total)
    return NumberProfile(numbers[0].scale, used.astype(np.uint16), total[used].astype(np.int64), nulls)


def profile_numbers(values: Numbers, scale: Scale) -> NumberProfile:
    """Infinities count as the largest key of their sign, NaN as null."""
    present = values[~np.isnan(values)]
    with np.errstate(over="ignore"):
        standard = np.clip((present - scale.centre) / scale.spread, -65504, 65504).astype(np.float16)
    bits = (standard + np.float16(0)).view(np.uint16)  # adding 0 turns -0.0 into 0.0: one value, one key
    keys = np.where(bits & 0x8000, ~bits, bits | 0x8000).astype(np.uint16)
    counts = np.bincount(keys, minlength=1)
    used = np.flatnonzero(counts)
    return NumberProfile(scale, used.astype(np.uint16), counts[used].astype(np.int64), len(values) - len(present))


def profile_texts(values: NDArray[np.object_]) -> TextProfile:
    counts = dict(Counter(value for value in values if value is not None))
    return TextProfile(counts, len(values) - sum(counts.values()))


def _dump(column: ColumnProfile) -> dict[str, object]:
    if isinstance(column, TextProfile):
        return {"counts": dict(column.counts), "nulls": column.nulls}
    return {
        "scale": [column.scale.centre, column.scale.spread],
        "keys": base64.b64encode(column.keys.astype("<u2").tobytes()).decode(),
        "counts": base64.b64encode(column.counts.astype("<u8").tobytes()).decode(),
        "nulls": column.nulls,
    }


def _load(record: Mapping[str, object]) -> ColumnProfile:
    match record:
        case {"scale": [float(centre) | int(centre), float(spread) | int(spread)], "keys": str(keys),
              "counts": str(counts), "nulls": int(nulls)}:  # fmt: skip
            return NumberProfile(
                Scale(float(centre), float(spread)),
                np.frombuffer(base64.b64decode(keys), "<u2").astype(np.uint16),
                np.frombuffer(base64.b64decode(counts), "<u8").astype(np.int64),
                nulls,
            )
        case {"counts": dict(categories), "nulls": int(nulls)}:
            return TextProfile(categories, nulls)
        case _:
            raise ValueError("not the profile of a column")
