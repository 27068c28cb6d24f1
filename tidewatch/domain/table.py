"""Columns in memory, as checks need them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Table:
    """Equally long columns.

    Numbers, booleans and timestamps (seconds since 1970 UTC) are float64 with NaN for null; everything else is
    an object array of str with None for null. `kinds` keeps what the file said: number, text, time, other.
    """

    columns: Mapping[str, NDArray[np.float64] | NDArray[np.object_]]
    kinds: Mapping[str, str]

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0
