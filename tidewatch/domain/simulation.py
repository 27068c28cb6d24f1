"""What the alarm policy will do, before it does it: false alarms to expect, and the smallest drift that will be seen.

Three figures, because they answer different doubts. The budget is what was asked for. The replay judges every left-out
window of the reference data as if it had just come, by levels learnt from the other half of the windows: real
variation, few windows. The draw judges windows of independent rows drawn from the reference itself: many windows, and
the optimism of every textbook.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tidewatch.domain import alarms
from tidewatch.domain.baseline import Baseline, column_levels, compared, reference, segment_levels
from tidewatch.domain.checks import drift
from tidewatch.domain.distance import statistics
from tidewatch.domain.judgement import judge
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.profile.text import TextProfile

DRAWN = 200  # windows of independent rows
STEPS = 12  # halvings of the smallest drift: to within .03 % of the range searched
FARTHEST = 16.0  # spreads; a column that may move farther unseen is not watched in effect


@dataclass(frozen=True)
class Replay:
    windows: int
    alarms: int
    a_month: float
    at_most: float  # a month; the true rate is smaller with 95 % confidence (Garwood 1936)


@dataclass(frozen=True)
class Smallest:
    """The smallest drift of a column that counts as strange in one window of usual size."""

    column: str
    amount: float | None  # in the column's unit; for text the share of rows that change category; None: never seen
    spreads: float | None  # the same in interquartile ranges of the baseline


@dataclass(frozen=True)
class Simulation:
    budget: float  # false alarms a month, as the spec says
    windows_a_month: float
    level: float  # chance of a false alarm a window
    replay: Replay | None  # None with too few windows to learn from one half
    drawn: Replay
    smallest: list[Smallest]


def simulate(spec: ModelSpec, baseline: Baseline, seed: int = 1) -> Simulation:
    a_month = alarms.windows_a_month(spec, baseline)
    level = alarms.window_level(spec, baseline)
    return Simulation(
        spec.alarms.budget, a_month, level, _replay(spec, baseline, a_month), _draw(spec, baseline, a_month, seed),
        [_smallest(spec, baseline, name) for name in compared(spec)],
    )  # fmt: skip


def _replay(spec: ModelSpec, baseline: Baseline, a_month: float) -> Replay | None:
    names = list(baseline.windows)
    start = min(spec.drift.windows, len(names) // 2) if spec.drift.compare_with == "trailing" else 0
    halves = [{n: baseline.windows[n] for i, n in enumerate(names) if i % 2 == part} for part in (0, 1)]
    learnt = [_learnt(spec, baseline, half) for half in halves]
    if len(names) - start < 2 or not all(any(half.levels.values()) for half in learnt):
        return None
    found, earlier = 0, list[list[str]]()
    for i in range(start, len(names)):
        others = names[:i] if spec.drift.compare_with == "trailing" else names[:i] + names[i + 1 :]
        usual = reference(spec, [baseline.windows[name] for name in others])
        judged = judge(spec, learnt[1 - i % 2], names[i], usual, baseline.windows[names[i]], {}, earlier)
        earlier.append(judged.strange)
        found += len({finding.signal for finding in judged.findings})
    return _rate(found, len(names) - start, a_month)


def _learnt(spec: ModelSpec, baseline: Baseline, windows: Mapping[str, Profile]) -> Baseline:
    rows = Level.of("rows", [profile.rows for profile in windows.values()])
    levels = column_levels(spec, windows)
    return replace(baseline, levels=levels, rows=rows, segment_levels=segment_levels(spec, windows))


def _draw(spec: ModelSpec, baseline: Baseline, a_month: float, seed: int) -> Replay:
    chance = np.random.default_rng(seed)
    usual = reference(spec, list(baseline.windows.values()))
    rows = _typical_rows(baseline)
    alone = replace(baseline, levels={}, rows=None)  # by the theory of independent rows
    found, earlier = 0, list[list[str]]()
    for _ in range(DRAWN):
        columns = {name: _drawn(usual.columns[name], rows, chance) for name in compared(spec)}
        judged = judge(spec, alone, "drawn", usual, Profile(rows, columns), {}, earlier)
        earlier.append(judged.strange)
        found += len({finding.signal for finding in judged.findings})
    return _rate(found, DRAWN, a_month)


def _rate(found: int, windows: int, a_month: float) -> Replay:
    """Wilson and Hilferty's approximation of the chi² quantile behind the exact Poisson limit."""
    k = found + 1
    upper = k * (1 - 1 / (9 * k) + 1.6449 / (3 * np.sqrt(k))) ** 3
    return Replay(windows, found, found / windows * a_month, float(upper / windows * a_month))


def _typical_rows(baseline: Baseline) -> int:
    return int(np.median([profile.rows for profile in baseline.windows.values()]))


def _drawn(profile: ColumnProfile, rows: int, chance: np.random.Generator) -> ColumnProfile:
    present = int(rows * profile.rows / max(profile.rows + profile.nulls, 1))
    match profile:
        case NumberProfile() if profile.rows:
            counts = chance.multinomial(present, profile.shares)
            drawn_values = profile.values[counts > 0]
            low, high = drawn_values.min(initial=np.inf), drawn_values.max(initial=-np.inf)
            return replace(profile, counts=counts, nulls=rows - present, infinite=0, low=low, high=high)
        case TextProfile() if profile.rows:
            names = list(profile.counts)
            shares = np.array([*(profile.counts[name] for name in names), profile.other]) / profile.rows
            drawn = chance.multinomial(present, shares)
            named = {name: int(n) for name, n in zip(names, drawn[:-1], strict=True) if n}
            return replace(profile, counts=named, other=int(drawn[-1]), nulls=rows - present)
    return profile


def _smallest(spec: ModelSpec, baseline: Baseline, name: str) -> Smallest:
    usual = reference(spec, list(baseline.windows.values()))
    now, before = list(baseline.windows.values())[-1].columns[name], usual.columns[name]
    if not now.rows or not before.rows:
        return Smallest(name, None, None)
    if isinstance(before, NumberProfile):
        rows = round(_typical_rows(baseline) * before.rows / max(before.rows + before.nulls, 1))
        spread = before.grid.spread
        seen = _least(spec, baseline, name, before, lambda size: _moved(before, size * spread, rows), FARTHEST)
        return Smallest(name, None if seen is None else seen * spread, seen)
    if isinstance(before, TextProfile):
        seen = _least(spec, baseline, name, before, lambda share: _recast(before, share, _typical_rows(baseline)), 1.0)
        return Smallest(name, seen, None)
    return Smallest(name, None, None)


def _least(
    spec: ModelSpec,
    baseline: Baseline,
    name: str,
    usual: ColumnProfile,
    changed: Callable[[float], ColumnProfile],
    farthest: float,
) -> float | None:
    """By halving; None when even the farthest change goes unseen."""
    chance = alarms.window_level(spec, baseline) / max(len(compared(spec)), 1)

    def is_seen(size: float) -> bool:
        return drift.is_strange(spec, baseline, name, statistics(changed(size), usual), chance)

    if not is_seen(farthest):
        return None
    low, high = 0.0, farthest
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_seen(middle) else (middle, high)
    return high


def _moved(profile: NumberProfile, distance: float, rows: int) -> NumberProfile:
    """The same values, all moved by `distance`."""
    grid = profile.grid
    counts = np.bincount(grid.index(profile.values + distance), profile.shares * rows, minlength=grid.bins)
    low, high = profile.low + distance, profile.high + distance
    whole = np.diff(np.rint(np.cumsum(counts[: grid.bins])), prepend=0)  # rounded so that no row is lost
    return NumberProfile(grid, whole.astype(np.int64), low=low, high=high)


def _recast(profile: TextProfile, share: float, rows: int) -> TextProfile:
    """That share of the rows moved from every category to the commonest."""
    counts = {name: round(rows * (1 - share) * count / profile.rows) for name, count in profile.counts.items()}
    first = next(iter(profile.commonest))
    return TextProfile(counts | {first: counts.get(first, 0) + round(rows * share)}, known=profile.known)
