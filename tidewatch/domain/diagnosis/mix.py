"""The same world in other proportions: which group of rows grew or shrank, and how much of all else that explains."""

from dataclasses import dataclass

import numpy as np

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.number_column import NumberColumn
from tidewatch.domain.diagnosis.situation import RARE, Situation
from tidewatch.domain.diagnosis.text_column import TextColumn, apart
from tidewatch.domain.profile.grid import Numbers

LEAST, LARGE = 0.02, 0.1  # change of a category's share of the rows
LOOKED_AT = 12  # categories of a column, those that changed most


@dataclass(frozen=True)
class _Group:
    category: str
    now: float  # share of the rows
    usual: float
    chance: float  # of a window with such a share
    explained: float  # share of the departure of the other columns that is gone once rows are weighted back


def mix_changed(column: TextColumn) -> Cause | None:
    """The group that explains most."""
    situation = column.situation
    if situation.excess(column.name, apart(column.shares, column.usual_shares)) <= LEAST:
        return None
    groups = _groups(column)
    if not groups:
        return None
    group = max(groups, key=lambda one: (round(one.explained, 1), abs(one.now - one.usual)))
    name = column.told(group.category, "")
    who = f"{column.name} {name}" if name else f"one group of {column.name}"
    sentence = f"the mix of rows has changed: {who} makes up {group.now:.0%} of them where {group.usual:.0%} are usual"
    if group.explained > 0.2:
        sentence += f"; this explains {group.explained:.0%} of the departure of the other columns"
    strength = min(1.0, float(-np.log10(max(group.chance, 1e-12))) / 6)
    size = min(1.0, abs(group.now - group.usual) / LARGE)
    score = 0.3 + 0.2 * strength + 0.2 * max(group.explained, 0.0) + 0.2 * size
    evidence = {"segment": name, "share": group.now, "usual": group.usual, "explained": group.explained,
                "chance": group.chance}  # fmt: skip
    touched = tuple(situation.inputs) if group.explained > 0.5 else (column.name,)
    return Cause("mix_changed", column.name, score, sentence, evidence, columns=touched)


def _groups(column: TextColumn) -> list[_Group]:
    changes = {c: column.shares.get(c, 0.0) - usual for c, usual in column.usual_shares.items()}
    largest = sorted(changes, key=lambda category: -abs(changes[category]))[:LOOKED_AT]
    found = []
    for category in largest:
        chance = column.chance(category)
        if abs(changes[category]) >= LEAST and chance < RARE:
            share, usual = column.shares.get(category, 0.0), column.usual_shares[category]
            explained = _explained(column, category, share, usual)
            found.append(_Group(category, share, usual, chance, explained))
    return found


def _explained(column: TextColumn, category: str, share: float, usual: float) -> float:
    """Weight the rows so that the category has its usual share, and see how much nearer the other columns come."""
    situation, values = column.situation, column.situation.rows.columns.get(column.name)
    if values is None or not 0 < share < 1:
        return 0.0
    weights = np.where(values == category, usual / share, (1 - usual) / (1 - share)).astype(np.float64)
    before = after = 0.0
    for name in [*situation.numbers, *situation.texts]:
        if name == column.name or situation.results[name].chance > 0.1:
            continue
        plain = situation.excess(name, next(iter(situation.results[name].statistics.values())))
        before += plain
        after += min(plain, situation.excess(name, _distance(situation, name, weights)))
    return 1 - after / before if before else 0.0


def _distance(situation: Situation, name: str, weights: Numbers) -> float:
    """Kolmogorov-Smirnov or total variation between the weighted rows and the usual."""
    if name in situation.numbers:
        column = NumberColumn(situation, name)
        known = np.isfinite(column.ordered)
        grid = column.usual.grid
        mine = np.bincount(grid.index(column.ordered[known]), weights[known], minlength=grid.bins)[: grid.bins]
        return float(np.abs(np.cumsum(mine / max(mine.sum(), 1e-9) - column.usual.shares)).max())
    text = TextColumn(situation, name)
    values = situation.rows.columns[name]
    places: dict[object, int] = {}
    codes = np.array([places.setdefault(value, len(places)) for value in values.tolist()], dtype=np.intp)
    sums = np.bincount(codes, weights, minlength=len(places))
    shares = {value: float(sums[place]) for value, place in places.items() if isinstance(value, str)}
    total = sum(shares.values()) or 1.0
    return apart({value: weight / total for value, weight in shares.items()}, text.usual_shares)
