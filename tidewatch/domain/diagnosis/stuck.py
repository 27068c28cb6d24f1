"""Sensors that repeat themselves, round, or tremble."""

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.number_column import NumberColumn
from tidewatch.domain.diagnosis.situation import RARE
from tidewatch.domain.levels import Level
from tidewatch.domain.profile.grid import Numbers

LEAST_RUN = 0.15  # share of a window's rows that repeat one value
LONGER = 4  # times the second longest run
STEPS = (1000.0, 500.0, 100.0, 50.0, 25.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.1)


def frozen_sensor(column: NumberColumn) -> Cause | None:
    """One value in all rows, or in a run of rows far longer than any other."""
    now, usual = column.now, column.usual
    start, length, second, value = _longest_run(column.ordered)
    rows = max(len(column.ordered), 1)
    share, value = (1.0, now.low) if now.constant else (length / rows, value)
    level = column.situation.level(column.name, "mode")
    chance = level.p_value("mode", share) if level else float(not now.constant)
    alone = length >= LONGER * max(second, 1) and _usual_share(column, value) < 0.25
    if usual.constant or share < LEAST_RUN or chance > (0.05 if alone else RARE):
        return None
    to_the_end = now.constant or start + length >= rows - 1
    at_an_end = not now.constant and value in (now.low, now.high)
    score = min(0.95, 0.7 + 0.1 * float(-np.log10(max(chance, 1e-9)))) * (1.0 if to_the_end or not at_an_end else 0.5)
    where = f"all {now.rows:,} rows" if now.constant else f"{share:.0%} of the rows, one after the other"
    sentence = (
        f"{column.name} does not move: it is{column.told(value) or ' the same'} in {where}; "
        f"usually the commonest value has {usual.mode:.0%} of the rows"
    )
    evidence = {"share": share, "to_the_end": to_the_end, "chance": chance}
    return Cause("frozen_sensor", column.name, score, sentence, evidence, columns=(column.name,))


def _usual_share(column: NumberColumn, value: float) -> float:
    place = int(column.usual.grid.index(np.array([value]))[0])
    return float(column.usual.shares[place]) if place < column.usual.grid.bins else 1.0


def _longest_run(values: Numbers) -> tuple[int, int, int, float]:
    """Where it starts, its rows, the rows of the second longest, its value; nulls in between do not break it."""
    places = np.flatnonzero(np.isfinite(values))
    if not len(places):
        return 0, 0, 0, float("nan")
    known = values[places]
    starts = np.flatnonzero(np.diff(known, prepend=np.nan))
    lengths = np.diff(np.append(starts, len(known)))
    longest = int(np.argmax(lengths))
    first, last = places[starts[longest]], places[starts[longest] + lengths[longest] - 1]
    second = int(np.partition(lengths, -2)[-2]) if len(lengths) > 1 else 0
    return int(first), int(last - first + 1), second, float(known[starts[longest]])


def precision_lost(column: NumberColumn) -> Cause | None:
    """All values are multiples of a step, and in no window before they were."""
    if len(np.unique(column.values)) < 2:
        return None
    for step in STEPS:
        if _multiples(column.values, step).mean() < 0.99:
            continue
        before = [float(window.shares[_multiples(window.values, step)].sum()) for window in column.windows]
        level = Level.of("mode", before)
        if level is None or level.p_value("mode", 0.9999) >= RARE or max(before) > 0.8:
            continue
        near = column.chance(column.values) >= RARE
        usual = float(np.mean(before))
        sentence = (
            f"{column.name} has lost precision: all values are multiples of {step:g}, where {usual:.0%} are usual"
        )
        evidence = {"step": step, "before": usual}
        return Cause("precision_lost", column.name, 0.92 if near else 0.5, sentence, evidence, columns=(column.name,))
    return None


def _multiples(values: Numbers, step: float) -> NDArray[np.bool_]:
    steps = values / step
    return np.asarray(np.abs(steps - np.round(steps)) < 1e-4)


def noise(column: NumberColumn) -> Cause | None:
    """Far more different values than usual, most of them never seen."""
    values = column.values
    if len(values) < 20 or not column.windows:
        return None
    variety = len(np.unique(values)) / len(values)
    usual = max(float((window.counts > 0).sum()) / window.rows for window in column.windows)
    unknown = float(column.strange.mean())
    if variety < max(3 * usual, 0.3) or unknown < 0.2:
        return None
    sentence = (
        f"{column.name} trembles: {variety:.0%} of its values differ from each other, where at most {usual:.0%} are "
        f"usual, and {unknown:.0%} of them were never seen before"
    )
    evidence = {"variety": variety, "usual_variety": usual, "unknown": unknown}
    return Cause("noise", column.name, 0.8, sentence, evidence, columns=(column.name,))
