"""Of a fleet of 18,000 models, how much of what is reported is false, and how much of what is wrong is reported?

Models of 20 columns, one window a day each, at a budget of one false alarm a month. A drifted model has one column
whose chance is that of a normal deviate shifted by `SIZES` standard deviations; all others are uniform. In the second
half of the table the columns of a model are correlated (.5). Batches come through the day by the minute; with the most
drifted, all within ten minutes. Without the fleet a model reports what its own level lets pass; with it, what
`domain/fleet.py` lets pass of that, or what its column has shown in three of five days; "at once" is what passes
without that persistence. The first day fills the pool and is not counted.
"""

import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bench.report import keep, say, table, verdict
from tidewatch.domain.fleet import FALSE_A_DAY, FALSE_SHARE, OUT_OF, STAYS, Arrival, Pool

MODELS, COLUMNS, LEVEL = 18_000, 20, 1 / 30
DRIFTED = (0, 20, 200)
SIZES = (4.0, 5.0, 6.0)
START = datetime(2026, 3, 1, tzinfo=UTC)
MOST_FALSE = 1.3  # times what is promised
Numbers = NDArray[np.float64]


@dataclass
class Day:
    """What a day came to: false and true alarms, alone and with the fleet."""

    alone: NDArray[np.bool_]
    fleet: NDArray[np.bool_]


def chances(random: np.random.Generator, shift: Numbers, correlation: float) -> Numbers:
    """One-sided, models × columns; the first column is shifted."""
    common = random.standard_normal((MODELS, 1)) * math.sqrt(correlation)
    normal = common + random.standard_normal((MODELS, COLUMNS)) * math.sqrt(1 - correlation)
    normal[:, 0] += shift
    return np.vectorize(math.erfc)(normal / math.sqrt(2)) / 2


def adjusted(chance: Numbers) -> Numbers:
    """After Benjamini and Hochberg, row by row (as `alarms.adjusted`, which a test compares with scipy's)."""
    order = np.argsort(chance, axis=1)
    scaled = np.take_along_axis(chance, order, 1) * COLUMNS / np.arange(1, COLUMNS + 1)
    lowest = np.minimum.accumulate(scaled[:, ::-1], axis=1)[:, ::-1]
    given = np.empty_like(chance)
    np.put_along_axis(given, order, np.minimum(lowest, 1), 1)
    return given


def days(seed: int, shift: Numbers, correlation: float, many: int, persists: bool) -> Iterator[Day]:
    random, pool, burst = np.random.default_rng(seed), Pool(), np.count_nonzero(shift) == DRIFTED[-1]
    strange: list[NDArray[np.bool_]] = []
    for number in range(many + 1):
        among = adjusted(chances(random, shift, correlation))
        found, part = among <= LEVEL, among.min(axis=1) / LEVEL
        recent = np.sum([found, *strange[-(OUT_OF - 1) :]], axis=0)
        stays = (found & (recent >= STAYS)).any(axis=1) & persists
        strange.append(found)
        fleet = stays.copy()
        minutes = random.integers(0, 10 if burst else 1440, MODELS)
        order = np.argsort(minutes, kind="stable")
        for minute, mine in zip(*_by_minute(minutes[order], order), strict=True):
            arrivals = [Arrival(f"{number}/{n}", part[n], LEVEL, waits=not stays[n]) for n in mine.tolist()]
            pool = pool.after(arrivals, START + timedelta(days=number, minutes=int(minute)))
            passing = pool.passing()
            pool = pool.told(passing)
            fleet[[int(c.key.split("/")[1]) for c in passing if c.key.startswith(f"{number}/")]] = True
        if number:
            yield Day(found.any(axis=1), fleet)


def _by_minute(minutes: NDArray[np.int64], order: NDArray[np.int64]) -> tuple[Numbers, list[NDArray[np.int64]]]:
    found, first = np.unique(minutes, return_index=True)
    return found, np.split(order, first[1:])


def row(drifted: int, told: Sequence[NDArray[np.bool_]]) -> tuple[float, float, float, float]:
    """False alarms a day, share of false among what is told, power on a day, power within five days."""
    false = [int(day[drifted:].sum()) for day in told]
    true = [int(day[:drifted].sum()) for day in told]
    share = float(np.mean([f / max(f + t, 1) for f, t in zip(false, true, strict=True)]))
    within = np.any([day[:drifted] for day in told[:5]], axis=0).mean() if drifted else math.nan
    return float(np.mean(false)), share, float(np.mean(true)) / drifted if drifted else math.nan, float(within)


def main() -> int:
    many = 5 if "--quick" in sys.argv else 10
    start, rows, kept, false, bound = time.perf_counter(), [], [], 0.0, 0.0
    for correlation in (0.0, 0.5):
        for drifted in DRIFTED:
            for size in SIZES if drifted else (0.0,):
                shift = np.zeros(MODELS)
                shift[:drifted] = size
                seen = list(days(drifted, shift, correlation, many, persists=True))
                bare = list(days(drifted, shift, correlation, many, persists=False)) if drifted else seen
                at_once = row(drifted, [day.fleet for day in bare])[2]
                alone = row(drifted, [day.alone for day in seen])
                fleet = row(drifted, [day.fleet for day in seen])
                false += fleet[0]
                bound += max(FALSE_A_DAY, FALSE_SHARE * (fleet[0] + (fleet[2] * drifted if drifted else 0)))
                figures = [
                    "" if math.isnan(x) else f"{x:.2f}" if x < 10 else f"{x:.0f}"
                    for x in (*(x for pair in zip(alone, fleet, strict=True) for x in pair), at_once)
                ]
                rows.append([f"{correlation:g}", str(drifted), f"{size:g}", *figures])
                kept.append(
                    {
                        "correlation": correlation,
                        "drifted": drifted,
                        "size": size,
                        "alone": alone,
                        "fleet": fleet,
                        "at_once": at_once,
                    }
                )
    say(f"18,000 models, {many} days each, {time.perf_counter() - start:.0f} s; each pair is without, with the fleet")
    names = ["false a day", "false share", "power on a day", "power in 5 days"]
    table(
        [
            "corr",
            "drifted",
            "sd",
            *(f"{n}, {how}" for n in names for how in ("alone", "fleet")),
            "power at once, fleet",
        ],
        rows,
    )
    times = false / bound
    keep("fleet", {"days": many, "rows": kept, "times_the_bound": times, "must": MOST_FALSE})
    held = verdict(
        "false alarms with the fleet, times what is promised", times, f"at most {MOST_FALSE}", times <= MOST_FALSE
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
