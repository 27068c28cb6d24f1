"""Columns in memory, as checks need them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMES, LONGEST = 10, 60  # columns named in a sentence, characters of a name


def named(columns: Sequence[str]) -> str:
    """Columns of a file as a sentence can hold them: a few, each short and on one line, whatever the file says."""
    few = ["".join(c if c.isprintable() else "?" for c in name[:LONGEST]) for name in columns[:NAMES]]
    more = len(columns) - len(few)
    return ", ".join(few) + (f" and {more:,} more" if more else "")


@dataclass(frozen=True, eq=False)
class Coded:
    """A piece of a text column: for each row the place of its word in `words`, -1 for null."""

    codes: NDArray[np.int64]
    words: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)

    def where(self, chosen: NDArray[Any]) -> "Coded":
        """The chosen rows."""
        return Coded(self.codes[chosen], self.words)


Piece = NDArray[np.float64] | Coded  # some rows of one column
Sink = Callable[[Piece], None]


@dataclass(frozen=True)
class Table:
    """Equally long columns.

    Numbers, booleans and timestamps (seconds since 1970 UTC) are float64 with NaN for null; everything else is
    an object array of str with None for null. `kinds` keeps what the file said: number, text, time, other.
    """

    columns: Mapping[str, NDArray[Any]]
    kinds: Mapping[str, str]

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def where(self, chosen: NDArray[np.bool_]) -> "Table":
        """The chosen rows."""
        return Table({name: values[chosen] for name, values in self.columns.items()}, self.kinds)

    @staticmethod
    def stack(tables: "Sequence[Table]") -> "Table":
        """The rows of all, one table below the other; the columns of the first."""
        first = tables[0]
        return Table({name: np.concatenate([t.columns[name] for t in tables]) for name in first.columns}, first.kinds)
