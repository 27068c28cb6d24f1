"""From values to profiles: sinks that are fed a column piece by piece, in constant memory."""

import collections
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.grid import BLOCK, Grid, Numbers
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.sketches import Distinct
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.profile.times import TimeProfile
from tidewatch.domain.table import Coded, Piece

SAMPLE = 10_000  # rows kept of a column for the search for another unit
FAR = 1e140  # from the centre: in the moments a value beyond counts as this, so that their sums stay finite


class Counter(Protocol):
    """Takes the pieces of one column in order; gives its profile."""

    def add(self, piece: Piece) -> None: ...
    def profile(self) -> ColumnProfile: ...


class NumberCounter:
    """Keeps the first `sampled` rows too."""

    def __init__(self, grid: Grid, sampled: int = 0) -> None:
        self.grid, self.sampled = grid, sampled
        self.counts = np.zeros(grid.bins + 1, dtype=np.int64)
        self.infinite, self.low, self.high = 0, np.inf, -np.inf
        self.total = self.squares = 0.0
        self.sample = np.empty(0)

    def add(self, piece: Piece) -> None:
        values = np.asarray(piece, dtype=np.float64)
        if len(self.sample) < self.sampled:
            self.sample = np.concatenate([self.sample, values[: self.sampled - len(self.sample)]])
        for start in range(0, len(values), BLOCK):
            self._add(values[start : start + BLOCK])

    def _add(self, values: Numbers) -> None:
        self.counts += np.bincount(self.grid.index(values), minlength=self.grid.bins + 1)
        with np.errstate(over="ignore", invalid="ignore"):
            low, high = values.min(), values.max()  # NaN if there is one
            if not np.isfinite(high - low):
                infinite = np.isinf(values)
                self.infinite += int(infinite.sum())
                values = values[np.isfinite(values)]
                if not len(values):
                    return
                low, high = values.min(), values.max()
            offset = values - self.grid.centre
            if max(high - self.grid.centre, self.grid.centre - low) > FAR:
                offset = np.clip(offset, -FAR, FAR)
            self.total += float(offset.sum())
            self.squares += float(np.square(offset, out=offset).sum())  # np.dot would wake other cores
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))

    def profile(self) -> NumberProfile:
        return NumberProfile(
            self.grid, self.counts[:-1].copy(), int(self.counts[-1]), self.infinite, self.low, self.high, self.total,
            self.squares,
        )  # fmt: skip


class TextCounter:
    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        self.done = TextProfile({}, 0, known)

    def add(self, piece: Piece) -> None:
        assert isinstance(piece, Coded)  # noqa: S101 - for the type checker: tables feed what a column is
        times = np.bincount(piece.codes + 1, minlength=len(piece.words) + 1)
        counts: dict[str, int] = {}
        for word, count in zip(piece.words, times[1:].tolist(), strict=True):
            if count:
                counts[word] = counts.get(word, 0) + count
        self.done = self.done.plus(TextProfile(counts, int(times[0]), self.done.known))

    def profile(self) -> TextProfile:
        return self.done


class IdCounter:
    def __init__(self) -> None:
        self.done = IdProfile(0, 0, Distinct.of(()))

    def add(self, piece: Piece) -> None:
        if isinstance(piece, Coded):
            times = np.bincount(piece.codes + 1, minlength=len(piece.words) + 1)
            nulls, distinct = (
                int(times[0]),
                Distinct.of(piece.words[place] for place in np.flatnonzero(times[1:]).tolist()),
            )
        else:
            known = piece[~np.isnan(piece)]
            nulls, distinct = len(piece) - len(known), Distinct.of_numbers(known)
        mine = IdProfile(len(piece) - nulls, nulls, distinct)
        self.done = self.done.plus(mine) if self.done.rows + self.done.nulls else mine

    def profile(self) -> IdProfile:
        return self.done


class TimeCounter:
    def __init__(self) -> None:
        self.done = TimeProfile(np.inf, -np.inf, (0,) * 24)

    def add(self, piece: Piece) -> None:
        assert not isinstance(piece, Coded)  # noqa: S101 - for the type checker: tables feed what a column is
        known = piece[np.isfinite(piece)]
        if not len(known):
            self.done = self.done.plus(TimeProfile(np.inf, -np.inf, (0,) * 24, len(piece)))
            return
        hours = np.bincount((known // 3600 % 24).astype(np.intp), minlength=24)
        mine = TimeProfile(float(known.min()), float(known.max()), tuple(hours.tolist()), len(piece) - len(known))
        self.done = self.done.plus(mine)

    def profile(self) -> TimeProfile:
        return self.done


class Sampler:
    """Evenly spread rows of a number column, at most twice LIMIT: what a grid is learnt from."""

    LIMIT = 250_000

    def __init__(self) -> None:
        self.parts: list[Numbers] = []
        self.held, self.step, self.offset = 0, 1, 0

    def add(self, piece: Piece) -> None:
        values = np.asarray(piece, dtype=np.float64)
        chosen = values[self.offset :: self.step].copy()
        self.offset = (self.offset - len(values)) % self.step
        self.parts.append(chosen)
        self.held += len(chosen)
        if self.held > 2 * self.LIMIT:
            self.parts = [np.concatenate(self.parts)[::2]]
            self.offset += self.step * (self.held % 2)
            self.held, self.step = len(self.parts[0]), self.step * 2

    @property
    def values(self) -> Numbers:
        return np.concatenate([*self.parts, np.empty(0)])


class Codes:
    """A whole text column as codes, four bytes a row: which window or segment each row belongs to."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.parts: list[NDArray[np.int32]] = []

    def add(self, piece: Piece) -> None:
        assert isinstance(piece, Coded)  # noqa: S101 - for the type checker: tables feed what a column is
        places = np.full(len(piece.words) + 1, -1, dtype=np.int32)
        for code in np.flatnonzero(np.bincount(piece.codes + 1)[1:]).tolist():  # words without a row have no place
            places[code] = self.places.setdefault(piece.words[code], len(self.places))
        self.parts.append(places[piece.codes])

    @property
    def codes(self) -> NDArray[np.int32]:
        return np.concatenate([*self.parts, np.empty(0, dtype=np.int32)])


class Divided:
    """Counts the rows of each group apart; `codes` says which group each row of the file belongs to."""

    def __init__(self, codes: NDArray[np.int32], counters: Mapping[int, Counter]) -> None:
        self.codes, self.counters, self.start = codes, counters, 0

    def add(self, piece: Piece) -> None:
        codes = self.codes[self.start : self.start + len(piece)]
        self.start += len(piece)
        order = np.argsort(codes, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            if len(rows) and (counter := self.counters.get(int(codes[rows[0]]))):
                counter.add(piece.where(rows) if isinstance(piece, Coded) else piece[rows])


class Words:
    """How often each word of a text column occurs, however many there are."""

    def __init__(self) -> None:
        self.counts: collections.Counter[str] = collections.Counter()

    def add(self, piece: Piece) -> None:
        assert isinstance(piece, Coded)  # noqa: S101 - for the type checker: tables feed what a column is
        times = np.bincount(piece.codes + 1, minlength=len(piece.words) + 1)[1:].tolist()
        for word, count in zip(piece.words, times, strict=True):
            if count:
                self.counts[word] += count


class Collected:
    """A whole column in memory, as tables have it."""

    def __init__(self) -> None:
        self.parts: list[NDArray[Any]] = []

    def add(self, piece: Piece) -> None:
        if isinstance(piece, Coded):
            piece = np.array([*piece.words, None], dtype=object)[piece.codes]
        self.parts.append(piece)

    @property
    def values(self) -> NDArray[Any]:
        return np.concatenate(self.parts) if self.parts else np.empty(0, dtype=object)
