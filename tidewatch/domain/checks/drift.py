"""Has a column's distribution left its usual range of variation?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidewatch.domain import alarms
from tidewatch.domain.baseline import Baseline, compared
from tidewatch.domain.checks.scale import STRANGE, ScaleChange, find_scale
from tidewatch.domain.distance import LEADING, levelled, off_grid, statistics_of
from tidewatch.domain.finding import Finding
from tidewatch.domain.fleet import chance_of
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.grid import Numbers
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.profile.text import SHOWN_FROM, TextProfile


@dataclass(frozen=True)
class ColumnResult:
    column: str
    statistics: Mapping[str, float]
    limits: Mapping[str, float]  # of the statistics that decide
    chance: float  # of a column this far away, if nothing is wrong
    strange: bool  # less likely than the alarm budget allows among the model's columns, and far enough to matter
    scale: ScaleChange | None
    change: str = ""  # in words, of a strange column that is not sensitive
    adjusted: float = 0.0  # the chance among the model's columns, after Benjamini and Hochberg
    level: float = 1.0  # that the budget allows it


def compare(
    spec: ModelSpec, baseline: Baseline, usual: Profile, now: Profile, samples: Mapping[str, Numbers]
) -> list[ColumnResult]:
    """Column by column; `samples` are rows behind `now`, for the search for another unit."""
    pairs = {}
    for name in compared(spec):
        mine, theirs = now.columns.get(name), usual.columns.get(name)
        if mine is not None and theirs is not None and mine.rows and theirs.rows:
            pairs[name] = mine, theirs
    values_of = statistics_of(pairs)
    level = alarms.window_level(spec, baseline)
    chances = {name: alarms.chance(baseline, name, values) for name, values in values_of.items()}
    adjusted = alarms.adjusted(chances)
    likely = {name for name, among_columns in adjusted.items() if among_columns <= level}
    chance = level * max(len(likely), 1) / max(len(values_of), 1)
    results = []
    for name, values in values_of.items():
        limits = _limits(spec, baseline, name, values, chance)
        strange = name in likely and values[next(iter(values))] > spec.drift.floor
        mine, theirs = pairs[name]
        scale = None
        if isinstance(mine, NumberProfile) and isinstance(theirs, NumberProfile) and name in samples:
            # Most values being known, the rows need not be looked at.
            known = not len(theirs.grid.atoms) or off_grid(mine, theirs) < STRANGE
            scale = None if known else find_scale(samples[name], theirs, spec.columns[name].unit)
        column = spec.columns[name]
        change = _change(now.columns[name], theirs, column.unit) if strange and not column.sensitive else ""
        results.append(
            ColumnResult(name, values, limits, chances[name], strange, scale, change, adjusted[name], level)
        )  # fmt: skip
    return results


def findings(spec: ModelSpec, window: str, results: list[ColumnResult]) -> tuple[list[Finding], list[Finding]]:
    """What is certain (another unit), and what is worth an alarm only if it stays (mere drift)."""
    certain = [_scale_finding(spec, window, result, result.scale) for result in results if result.scale]
    return certain, [_drift_finding(spec, window, r) for r in results if r.strange and not r.scale]


def is_strange(spec: ModelSpec, baseline: Baseline, column: str, values: Mapping[str, float], chance: float) -> bool:
    """Whether a column with these statistics is less likely than `chance`, and far enough to matter."""
    return alarms.chance(baseline, column, values) < chance and values[next(iter(values))] > spec.drift.floor


def _limits(
    spec: ModelSpec, baseline: Baseline, column: str, values: Mapping[str, float], chance: float
) -> dict[str, float]:
    """What each deciding statistic may be for a column that is alone in being unusual."""
    levels = baseline.levels.get(column, {})
    limits = {name: levels[name].limit(name, chance) for name in levelled(values) if name in levels}
    leading = next(iter(values))
    return limits | {leading: max(limits.get(leading, 0.0), spec.drift.floor)}


def _scale_finding(spec: ModelSpec, window: str, result: ColumnResult, change: ScaleChange) -> Finding:
    column = spec.columns[result.column]
    unit = f" {column.unit}" if column.unit else ""
    medians = (
        "" if column.sensitive else f": median {change.now_median:.4g} where {change.usual_median:.4g}{unit} is usual"
    )
    back = f"divided by {change.factor:g}" if not change.offset else "converted back"
    sentence = (
        f"{result.column} arrives {change.told}{medians}; {back}, "
        f"{change.restored:.0%} of the rows have usual values again"
    )
    scale = change.as_dict()
    if column.sensitive:
        scale = {name: value for name, value in scale.items() if not name.endswith("_median")}
    return Finding(
        spec.model, "scale", result.column, "share of unknown values", round(change.off_grid, 4), 0.5,
        column.importance, window, sentence, _evidence(result) | {"scale": scale},
    )  # fmt: skip


def _drift_finding(spec: ModelSpec, window: str, result: ColumnResult) -> Finding:
    statistic = next(iter(result.statistics))  # the first is the one people are told
    value, limit = result.statistics[statistic], result.limits[statistic]
    role = spec.columns[result.column].role
    check = "output_drift" if role in ("score", "prediction") else "drift"
    sentence = (
        f"{result.column} is distributed differently{result.change}: {LEADING[statistic]} {value:.2f} from what is "
        f"usual, where up to {limit:.2f} happens by itself"
    )
    return Finding(
        spec.model, check, result.column, statistic, round(value, 4), round(limit, 4),
        spec.columns[result.column].importance, window, sentence,
        _evidence(result) | chance_of(result.adjusted, result.level),
    )  # fmt: skip


def _change(now: ColumnProfile, usual: ColumnProfile, unit: str) -> str:
    """Where the middle went, or which category gained or lost most."""
    if isinstance(now, NumberProfile) and isinstance(usual, NumberProfile):
        return f", median {now.quantile(0.5):.4g} where {usual.quantile(0.5):.4g} {unit}".rstrip() + " is usual"
    if isinstance(now, TextProfile) and isinstance(usual, TextProfile):
        share = {name: now.counts.get(name, 0) / now.rows for name in now.names | usual.names}
        before = {name: usual.counts.get(name, 0) / usual.rows for name in share}
        name = max(sorted(share), key=lambda n: abs(share[n] - before[n]))
        if now.rows * share[name] >= SHOWN_FROM or usual.rows * before[name] >= SHOWN_FROM:
            return f", {name} in {share[name]:.0%} of the rows where {before[name]:.0%} is usual"
    return ""


def _evidence(result: ColumnResult) -> dict[str, Any]:
    return {
        "statistics": {name: round(value, 4) for name, value in result.statistics.items()},
        "limits": {name: round(value, 4) for name, value in result.limits.items()},
    }
