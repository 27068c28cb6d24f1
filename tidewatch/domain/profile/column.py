"""The profile of a column, whatever it holds: adding up, writing down, reading back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tidewatch.domain.profile.grid import Grid
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.sketches import Distinct, Frequent
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.profile.times import TimeProfile
from tidewatch.domain.stored import ColumnRecord, IdRecord, NumberRecord, TextRecord, packed, unpacked

ColumnProfile = NumberProfile | TextProfile | IdProfile | TimeProfile


def merge_column(name: str, parts: Sequence[ColumnProfile]) -> ColumnProfile:
    """The column of all the rows together. Raises ValueError for unequal grids or unequal types."""
    first, *rest = parts
    if any(type(part) is not type(first) for part in rest):
        raise ValueError(f"column {name}: profiles of different types cannot be added up")
    return first.plus(*rest) if rest else first  # type: ignore[arg-type]


def dump(column: ColumnProfile) -> dict[str, Any]:
    """What `load` reads, in types that JSON has."""
    match column:
        case NumberProfile():
            return {
                "grid": column.grid.digest,
                "counts": packed(column.counts, "<u4") if column.rows < 1 << 32 else column.counts.tolist(),
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


def load(name: str, record: ColumnRecord, grid: Grid | None, known: frozenset[str]) -> ColumnProfile:
    """Raises ValueError for what is damaged, or was counted on another grid."""
    try:
        return _column(record, grid, known)
    except ValueError as error:
        raise ValueError(f"column {name} {error}") from error


def _column(record: ColumnRecord, grid: Grid | None, known: frozenset[str]) -> ColumnProfile:
    match record:
        case NumberRecord():
            if grid is None or grid.digest != record.grid:
                raise ValueError("was counted on another grid than the baseline's")
            return _numbers(record, grid)
        case TextRecord():
            sketches = record.sketches
            frequent, distinct = (Frequent.load(sketches[0]), Distinct.load(sketches[1])) if sketches else (None, None)
            return TextProfile(record.text, record.nulls, known, record.other, frequent, distinct)
        case IdRecord():
            return IdProfile(record.ids, record.nulls, Distinct.load(record.distinct))
        case _:
            earliest, latest = _ends(record.range, sum(record.hours))
            return TimeProfile(earliest, latest, record.hours, record.nulls)


def _numbers(record: NumberRecord, grid: Grid) -> NumberProfile:
    counts = unpacked(record.counts, "<u4", grid.bins) if isinstance(record.counts, str) else np.array(record.counts)
    if len(counts) != grid.bins:
        raise ValueError("has damaged counts")
    counts = counts.astype(np.int64)
    low, high = _ends(record.range, int(counts.sum()) - record.infinite)
    return NumberProfile(grid, counts, record.nulls, record.infinite, low, high, *record.sums)


def _ends(ends: tuple[()] | tuple[float, float], values: int) -> tuple[float, float]:
    """The smallest and the largest of so many values."""
    if values < 0 or bool(ends) != bool(values) or ends and ends[0] > ends[1]:
        raise ValueError("has a damaged range")
    return ends or (np.inf, -np.inf)
