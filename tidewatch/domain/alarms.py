"""The alarm policy: how unlikely a departure must be, so that a model gives no more false alarms than agreed.

The builders' budget is a number of false alarms a model and month. Divided by the windows of a month it is the level
of one window; Benjamini and Hochberg (1995) spend it over the columns of the window: while nothing is wrong, a window
raises any alarm with at most that probability, and while something is, at most that share of what is raised is false.
What stays strange for k of n windows alarms; that persistence is not counted on, because weather persists too. What
chance can still explain is then decided over the fleet (see fleet).
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar

from tidewatch.domain import fleet
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.distance import EFFECT, levelled
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.window_time import window_time

MONTH = timedelta(days=30)
HIGHEST = 0.2  # a level of a window that no budget exceeds
BEYOND_REASON = 1e4  # so many times less likely must the effect be, to decide alone
Name = TypeVar("Name", bound=Hashable)


def window_level(spec: ModelSpec, baseline: Baseline) -> float:
    """The chance of any false alarm in one window, of the whole model or of one of its segments: where segments are
    followed, they share half of the budget."""
    level = whole_level(spec, baseline)
    followed = sum(len(values) for values in baseline.followed.values())
    if baseline.segment:
        return level / 2 / max(followed, 1)
    return level / 2 if followed else level


def chance(baseline: Baseline, column: str, values: Mapping[str, float]) -> float:
    """Of a column with these statistics (see distance.statistics), if nothing is wrong, by how its windows vary: all
    deciding statistics must be unlikely, or the effect beyond all reason (a distribution may move altogether in a
    storm, but not a hundred times as far). With few rows, or too few windows to learn from, the theory of independent
    rows must agree."""
    levels = baseline.levels.get(column, {})
    known = {name: levels[name].p_value(name, value) for name, value in levelled(values).items() if name in levels}
    if not known:
        return values["p_value"]
    return max(min(max(known.values()), BEYOND_REASON * known.get(EFFECT, 1.0)), values["p_value"])


def whole_level(spec: ModelSpec, baseline: Baseline) -> float:
    """The chance of any false alarm in one window, the model and its segments together."""
    return min(spec.alarms.budget / windows_a_month(spec, baseline), HIGHEST)


def windows_a_month(spec: ModelSpec, baseline: Baseline) -> float:
    """By the spec's schedule, else by the times that windows are named after, else one a day."""
    if spec.schedules.batches_every:
        return MONTH / spec.schedules.batches_every
    return MONTH / _between(tuple(baseline.windows))


@lru_cache(maxsize=64)  # asked several times for every window, and reading the names would take most of a check
def _between(names: tuple[str, ...]) -> timedelta:
    """How far apart windows of these names are on average."""
    times = [window_time(name) for name in names]
    starts = sorted(time.start for time in times if time)
    if len(starts) < max(len(times), 2):
        return timedelta(days=1)
    return max((starts[-1] - starts[0]) / (len(starts) - 1), timedelta(minutes=1))


def lasting(spec: ModelSpec, found: Sequence[Finding], earlier: Sequence[Collection[str]]) -> list[Finding]:
    """Those whose subject was strange in `alarm_after` of the last `out_of` windows, this one included; `earlier`
    holds the strange subjects of the windows before, the latest last."""
    return [f for f in found if _strange_windows(f, earlier, spec.drift.out_of) >= spec.drift.alarm_after]


def counted(found: Sequence[Finding], earlier: Sequence[Collection[str]]) -> list[Finding]:
    """With what the fleet asks about what chance could explain: in how many of the last windows it was strange."""
    return [
        replace(f, evidence={**f.evidence, "strange_windows": _strange_windows(f, earlier, fleet.OUT_OF)})
        if "chance" in f.evidence else f
        for f in found
    ]  # fmt: skip


def _strange_windows(finding: Finding, earlier: Sequence[Collection[str]], out_of: int) -> int:
    recent = earlier[-(out_of - 1) :] if out_of > 1 else []
    return 1 + sum(finding.subject in strange for strange in recent)


def adjusted(chances: Mapping[Name, float]) -> dict[Name, float]:
    """After Benjamini and Hochberg: the lowest level at which each is a discovery, the least of m · chance(j) / j over
    all j from its own place in order of chance on. The smallest is Simes' chance of them all together."""
    ordered = sorted(chances.items(), key=lambda item: -item[1])
    lowest, given = 1.0, dict[Name, float]()
    for place, (name, chance) in zip(range(len(ordered), 0, -1), ordered, strict=True):
        lowest = min(lowest, chance * len(ordered) / place)
        given[name] = lowest
    return given
