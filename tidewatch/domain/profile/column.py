"""The profile of a column, whatever it holds: adding up, writing down, reading back."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.profile.grid import Grid
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.sketches import Distinct, Frequent
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.profile.times import TimeProfile

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


def load(name: str, record: Mapping[str, Any], grid: Grid | None, known: frozenset[str]) -> ColumnProfile:
    """Raises ValueError for what is no profile, or one that was counted on another grid."""
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
