"""Some of the rows in another unit: the later part of a day, or all rows of one kind.

Only the values that lie between the usual steps are looked at, so that a few rows in a hundred are enough.
"""

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.checks.scale import ENOUGH, find_scale
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.number_column import NumberColumn
from tidewatch.domain.lattice import NEAR, Lattice
from tidewatch.domain.profile.text import SHOWN_FROM

FEWEST = 20  # rows between the steps
ALL = 0.9  # of the rows
OF_GROUP = 0.5  # from this share of a group's rows on …
OTHERS = 0.05  # … and with no more rows of others than this share of the group's, it is the group that is wrong


def part_in_another_unit(column: NumberColumn) -> Cause | None:
    lattice = Lattice.of(column.usual.grid.atoms)
    if lattice is None:
        return None
    off = np.isfinite(column.ordered) & ~lattice.holds(column.ordered, NEAR / 2)
    values = column.ordered[off]
    if len(values) < FEWEST or len(np.unique(values)) < ENOUGH:
        return None
    change = find_scale(values, column.usual, column.situation.spec.columns[column.name].unit)
    if change is None or not change.pair:
        return None
    share = len(values) / max(len(column.values), 1)  # at least: some converted values lie on a step by accident
    where, group = "", ""
    if share < ALL:
        told, group = _group_of(column, off)
        where = told or " in a part of the rows"
    sentence = (
        f"{column.name} arrives {change.told}{where}: {share:.0%} of the rows lie between the usual steps of its "
        f"values; converted back, {change.restored:.0%} of them lie on the steps"
    )
    evidence = {
        "rows": share, "factor": change.factor, "offset": change.offset, "pair": change.pair,
        "restored": change.restored, "group": group,
    }  # fmt: skip
    return Cause("unit_or_scale", column.name, 0.96, sentence, evidence, columns=(column.name,))


def _group_of(column: NumberColumn, rows: NDArray[np.bool_]) -> tuple[str, str]:
    """Whose rows these are, out of `column.ordered`: for people, and as "depot=EAST"; "" if they are of no one group,
    or where it may not be told."""
    for name in column.situation.texts:
        texts = column.situation.rows.columns[name].astype(str)
        groups, counts = np.unique(texts[rows], return_counts=True)
        if not len(groups):
            return "", ""
        group, mine = str(groups[np.argmax(counts)]), int(counts.max())
        if mine >= max(OF_GROUP * (texts == group).sum(), SHOWN_FROM) and rows.sum() - mine <= OTHERS * mine:
            if column.situation.spec.columns[name].sensitive:
                return f" in the rows of one {name}", ""
            return f" in the rows of {name} {group}", f"{name}={group}"
    return "", ""
