"""Is another unit of a whole column found on its first day, in every season? Real flights, April to December, against
the 28 days before; and is nothing found on the days as they were?
"""

import sys
from collections.abc import Mapping

import numpy as np

from bench.flights import Flights
from bench.report import keep, say, table, verdict
from tidewatch.domain.checks.scale import find_scale
from tidewatch.domain.profile.column import merge_column
from tidewatch.domain.profile.counting import NumberCounter
from tidewatch.domain.profile.grid import Grid, Numbers
from tidewatch.domain.profile.number import NumberProfile

BEFORE = 28
# Column, its unit, and what happens to it: factor, offset, digits.
CHANGES: Mapping[str, tuple[str, str, float, float, int]] = {
    "°F → °C": ("temp", "°F", 1 / 1.8, -32 / 1.8, 2),
    "°F → kelvin": ("temp", "°F", 1 / 1.8, 459.67 / 1.8, 2),
    "dew point, °F → °C": ("dewp", "°F", 1 / 1.8, -32 / 1.8, 1),
    "°C → °F": ("temp", "°C", 1.8, 32.0, 2),
    "miles → kilometres": ("distance", "miles", 1.609344, 0.0, 9),
    "mph → m/s": ("wind_speed", "mph", 0.44704, 0.0, 9),
    "mph → m/s, in tenths": ("wind_speed", "mph", 0.44704, 0.0, 1),
    "hPa → inches of mercury": ("pressure", "hPa", 0.02953, 0.0, 9),
    "hPa → millimetres of mercury": ("pressure", "hPa", 0.750062, 0.0, 2),
}
REQUIRED = 0.95  # of the days for °F → °C


def _profile(values: Numbers, grid: Grid) -> NumberProfile:
    counter = NumberCounter(grid)
    counter.add(values)
    return counter.profile()


def _days(flights: Flights, column: str, unit: str) -> dict[str, Numbers]:
    days = {day: flights.inputs(day)[column].to_numpy(dtype=np.float64) for day in flights.days}
    return {day: ((values - 32) / 1.8).round(1) for day, values in days.items()} if unit == "°C" else days


def _found(days: Mapping[str, Numbers], unit: str, factor: float, offset: float, digits: int) -> tuple[int, int, int]:
    """On how many days the change was found, of how many, and on how many anything was found without it."""
    names, found, of, false = list(days), 0, 0, 0
    grid = Grid.of(np.concatenate([days[name] for name in names[:BEFORE]]))
    profiles = [_profile(days[name], grid) for name in names]
    for place, name in enumerate(names[BEFORE:], BEFORE):
        usual, values = merge_column(name, profiles[place - BEFORE : place]), days[name]
        if not isinstance(usual, NumberProfile) or not profiles[place].rows:
            continue
        change = find_scale(np.round(values * factor + offset, digits), usual, unit)
        right = change is not None and abs(change.factor / factor - 1) < 0.003 and abs(change.offset - offset) < 0.1
        found, of = found + right, of + 1
        false += find_scale(values, usual, unit) is not None
    return found, of, false


def main() -> int:
    flights, rows, shares, wrong = Flights(), [], {}, 0
    for change, (column, unit, *how) in CHANGES.items():
        found, of, false = _found(_days(flights, column, unit), unit, *how)
        rows.append([change, f"{found}", f"{of}", f"{false}"])
        shares[change], wrong = found / of, wrong + false
    table(["change", "found on", "of days", "days accused without it"], rows)
    keep("units", {"shares": shares, "false": wrong})
    held = [
        verdict("°F → °C", shares["°F → °C"], f"at least {REQUIRED}", shares["°F → °C"] >= REQUIRED),
        verdict("days accused", wrong, "none", not wrong),
    ]
    say("the steps are learnt from the first 28 days, in April")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
