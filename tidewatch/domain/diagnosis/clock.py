"""A clock that is ahead or behind: the same day, some hours later."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.situation import Situation
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.grid import Numbers
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.profile.times import TimeProfile

CELL = 15  # minutes
CELLS = 1440 // CELL
STEP = 30 // CELL  # time zones are half hours apart
WINDOWS = 40  # the latest ones that show how far a day is from the usual one
LEFT = 0.6  # of the distance may be left when the clock has been put right
READINGS: dict[str, Callable[[Numbers], Numbers]] = {
    "hhmm": lambda value: value // 100 * 60 + value % 100,
    "hour": lambda value: value * 60,
    "hour of day": lambda value: value * 60,
    "minute of day": lambda value: value,
}


def clock_shift(situation: Situation) -> list[Cause]:
    """Columns of times, and numbers whose unit says that they are readings of a clock."""
    return [cause for name in situation.spec.columns if (cause := _shift(situation, name))]


def _shift(situation: Situation, name: str) -> Cause | None:
    now, usual = _cells(situation, name, situation.now), _cells(situation, name, situation.usual)
    if now is None or usual is None:
        return None
    distances = [_apart(np.roll(now, -shift), usual) for shift in range(0, CELLS, STEP)]
    best = int(np.argmin(distances))
    before, after = distances[0], distances[best]
    if not best or after > LEFT * before or before < _usually(situation, name, usual):
        return None
    later = best * STEP * CELL / 60
    hours = later if later <= 12 else later - 24
    shifted = f"{abs(hours):g} hour{'s' if abs(hours) != 1 else ''} {'ahead' if hours > 0 else 'behind'}"
    sentence = (
        f"{name} is {shifted}: {before:.0%} of the rows are at another time of day than usual, put right {after:.0%}"
    )
    evidence = {"hours": hours, "before": before, "after": after}
    return Cause("clock_shift", name, 0.95 - 0.5 * after / before, sentence, evidence, columns=(name,))


def _usually(situation: Situation, name: str, usual: Numbers) -> float:
    """How far half of the days are from the usual one, at least."""
    windows = (_cells(situation, name, window) for window in [*situation.all_windows.values()][-WINDOWS:])
    distances = [_apart(cells, usual) for cells in windows if cells is not None]
    return float(np.median(distances)) if distances else 0.1


def _cells(situation: Situation, name: str, profile: Profile) -> Numbers | None:
    """Shares of the rows by time of day, (CELLS,)."""
    column: ColumnProfile | None = profile.columns.get(name)
    if isinstance(column, TimeProfile) and column.rows:
        return np.repeat(np.array(column.hours) / column.rows, CELLS // 24) / (CELLS // 24)
    reading = READINGS.get(situation.spec.columns[name].unit.casefold())
    if reading is None or not isinstance(column, NumberProfile) or not column.finite:
        return None
    return _shares(reading(column.values), column.counts)


def _shares(minutes: Numbers, rows: NDArray[np.int64]) -> Numbers:
    known = (minutes >= 0) & (minutes < 1440)
    cells = np.floor(minutes[known] / CELL).astype(np.intp)
    counts = np.bincount(cells, rows[known], minlength=CELLS)
    return np.asarray(counts / max(counts.sum(), 1))


def _apart(now: Numbers, usual: Numbers) -> float:
    """Total variation, 0 to 1."""
    return float(np.abs(now - usual).sum() / 2)
