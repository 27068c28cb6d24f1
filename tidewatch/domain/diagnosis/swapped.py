"""Columns that changed places, in all rows or in some."""

from itertools import combinations

import numpy as np

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.number_column import FITS, NumberColumn, different
from tidewatch.domain.diagnosis.text_column import TextColumn, apart, mixed
from tidewatch.domain.profile.grid import Numbers

SHARES = (0.25, 0.5, 0.75, 1.0)  # of the rows
LEAST = 0.15  # share of the rows with strange values
GONE = 0.38  # of the departure of both columns must be explained
SURE = 1e-3


def swapped_columns(numbers: list[NumberColumn], texts: list[TextColumn]) -> list[Cause]:
    found = [_numbers(first, second) for first, second in combinations(numbers, 2)]
    found += [_texts(first, second) for first, second in combinations(texts, 2)]
    return [cause for cause in found if cause]


def _numbers(first: NumberColumn, second: NumberColumn) -> Cause | None:
    tries = 100  # pairs of columns
    if min(float(c.strange.mean()) if len(c.values) else 0.0 for c in (first, second)) >= LEAST:
        there, back = (a.returned(different(b.values[b.strange])) for a, b in ((first, second), (second, first)))
        known = min(there.known / first.usually_known, back.known / second.usually_known)
        if known > 0.75 and tries * there.surely * back.surely < SURE:
            return _cause(first.name, second.name, min(0.95, 0.55 + 0.42 * known), {"known": known})
    if any(c.situation.results[c.name].chance > FITS for c in (first, second)) or not _alike(first, second):
        return None
    gone = float(np.minimum(_explained(first, second), _explained(second, first)).max())
    return _cause(first.name, second.name, 0.42 + 0.45 * gone, {"explained": gone}) if gone > GONE else None


def _alike(first: NumberColumn, second: NumberColumn) -> bool:
    """Whether the values of each are also values of the other."""
    pairs = ((first, second), (second, first))
    return all(float(a.knows(different(b.values)).mean()) >= 0.75 * a.usually_known for a, b in pairs)


def _explained(place: NumberColumn, other: NumberColumn) -> Numbers:
    """By share in SHARES: how much of the departure is gone if so many of the rows hold values that are usual for the
    other column."""
    before, grid = place.departure, place.usual.grid
    if before <= 0.02:
        return np.zeros(len(SHARES))
    theirs = np.bincount(grid.index(other.usual.values), other.usual.counts, minlength=grid.bins + 1)[: grid.bins]
    now, usual = np.cumsum(place.now.shares), np.cumsum(place.usual.shares)
    moved = np.cumsum(theirs) / max(theirs.sum(), 1)
    after = [float(np.abs(now - (1 - share) * usual - share * moved).max()) for share in SHARES]
    return np.array([1 - place.situation.excess(place.name, distance) / before for distance in after])


def _texts(first: TextColumn, second: TextColumn) -> Cause | None:
    gains = []
    for share in SHARES:
        pair = []
        for place, other in ((first, second), (second, first)):
            before = apart(place.shares, place.usual_shares)
            after = apart(place.shares, mixed(place.usual_shares, other.usual_shares, share))
            pair.append(1 - after / before if before > 0.1 else 0.0)
        gains.append(min(pair))
    gone = max(gains)
    return _cause(first.name, second.name, 0.55 + 0.45 * gone, {"explained": gone}) if gone > GONE else None


def _cause(first: str, second: str, score: float, evidence: dict[str, float]) -> Cause:
    sentence = f"{first} and {second} have changed places: each holds values that are usual for the other"
    return Cause("swapped_columns", first, score, sentence, evidence, columns=(first, second))
