"""Some rows of a table, the same ones whenever they are chosen again."""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.table import Coded, Piece, Table

Chosen = NDArray[np.bool_]  # (rows,)


def choose(rows: int, most: int, name: str) -> Chosen:
    """At most so many of the rows, at random; `name` (of the window) is the seed."""
    chosen = np.ones(rows, dtype=bool)
    if rows > most:
        chosen[:] = False
        chosen[np.random.default_rng(zlib.crc32(name.encode())).choice(rows, most, replace=False)] = True
    return chosen


def sampled(table: Table, most: int, name: str) -> Table:
    """At most so many rows of the table, in their order."""
    return table if table.rows <= most else table.where(choose(table.rows, most, name))


class ChosenRows:
    """Takes the pieces of one column in order, and keeps the chosen rows of it."""

    def __init__(self, chosen: Chosen) -> None:
        self.chosen, self.start = chosen, 0
        self.parts: list[NDArray[Any]] = []

    def add(self, piece: Piece) -> None:
        mine = self.chosen[self.start : self.start + len(piece)]
        self.start += len(piece)
        if isinstance(piece, Coded):
            self.parts.append(np.array([*piece.words, None], dtype=object)[piece.codes[mine]])
        else:
            self.parts.append(piece[mine])

    @property
    def values(self) -> NDArray[Any]:
        """Nulls where nothing was fed."""
        if self.start < len(self.chosen):
            return np.full(int(self.chosen.sum()), None, dtype=object)
        return np.concatenate(self.parts) if self.parts else np.empty(0)
