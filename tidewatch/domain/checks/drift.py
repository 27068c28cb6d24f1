"""Has a column's distribution left its usual range of variation?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks.scale import ScaleChange, find_scale
from tidewatch.domain.distance import distances
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile import ColumnProfile, NumberProfile, Profile
from tidewatch.domain.table import Table

LEADING = {"ks": "Kolmogorov-Smirnov distance", "total_variation": "total variation"}


@dataclass(frozen=True)
class ColumnResult:
    column: str
    statistics: Mapping[str, float]
    limits: Mapping[str, float]
    scale: ScaleChange | None

    @property
    def strange(self) -> bool:
        """Every statistic of the column is beyond its limit: another shape, and by an amount that matters."""
        return all(self.statistics[name] > limit for name, limit in self.limits.items())


def compare(spec: ModelSpec, baseline: Baseline, usual: Profile, now: Profile, table: Table) -> list[ColumnResult]:
    """Statistics and limits column by column; `table` holds the rows behind `now`, for the search for another unit."""
    results = []
    for name in spec.watched:
        mine, theirs = now.columns[name], usual.columns.get(name)
        if theirs is None or not mine.rows or not theirs.rows:
            continue
        statistics = distances(mine, theirs)
        limits = {s: _limit(spec, baseline, name, s, mine, theirs) for s in statistics}
        scale = None
        if isinstance(mine, NumberProfile) and isinstance(theirs, NumberProfile):
            scale = find_scale(table.columns[name], theirs)
        results.append(ColumnResult(name, statistics, limits, scale))
    return results


def findings(spec: ModelSpec, window: str, results: list[ColumnResult], earlier: list[set[str]]) -> list[Finding]:
    """What deserves an alarm.

    Another unit is certain and alarms at once. Mere drift alarms when the column was strange in `alarm_after` of
    the last `out_of` windows; `earlier` holds the strange columns of the windows before, the latest last.
    """
    found = []
    for result in results:
        if result.scale:
            found.append(_scale_finding(spec, window, result, result.scale))
        elif result.strange:
            recent = earlier[-(spec.drift.out_of - 1) :] if spec.drift.out_of > 1 else []
            if 1 + sum(result.column in strange for strange in recent) >= spec.drift.alarm_after:
                found.append(_drift_finding(spec, window, result))
    return found


def _limit(
    spec: ModelSpec, baseline: Baseline, column: str, statistic: str, now: ColumnProfile, usual: ColumnProfile
) -> float:
    floor = spec.drift.floor if statistic in LEADING else 0.0
    level = baseline.levels.get(column, {}).get(statistic)
    if level is not None:
        return max(level.limit(statistic, spec.drift.deviations), floor)
    if statistic == "shift":
        return 0.0
    # One window only: the two-sample Kolmogorov-Smirnov bound for independent rows at level 1e-4.
    return max(float(np.sqrt(-np.log(0.5e-4) / 2 * (now.rows + usual.rows) / (now.rows * usual.rows))), floor)


def _scale_finding(spec: ModelSpec, window: str, result: ColumnResult, change: ScaleChange) -> Finding:
    column = spec.columns[result.column]
    unit = f" {column.unit}" if column.unit else ""
    medians = f": median {change.now_median:.4g} where {change.usual_median:.4g}{unit} is usual"
    sentence = (
        f"{result.column} arrives multiplied by {change.factor:g}{change.pair_text}"
        f"{'' if column.sensitive else medians}; divided by {change.factor:g}, "
        f"{change.restored:.0%} of the rows have usual values again"
    )
    return Finding(
        spec.model, "scale", result.column, "share of unknown values", round(change.off_grid, 4), 0.5,
        column.importance, window, sentence, _evidence(result) | {"scale": change.as_dict()},
    )  # fmt: skip


def _drift_finding(spec: ModelSpec, window: str, result: ColumnResult) -> Finding:
    statistic = next(iter(result.statistics))
    value, limit = result.statistics[statistic], result.limits[statistic]
    sentence = (
        f"{result.column} is distributed differently: {LEADING[statistic]} {value:.2f} from the windows before, "
        f"where up to {limit:.2f} is usual"
    )
    return Finding(
        spec.model, "drift", result.column, statistic, round(value, 4), round(limit, 4),
        spec.columns[result.column].importance, window, sentence, _evidence(result),
    )  # fmt: skip


def _evidence(result: ColumnResult) -> dict[str, Any]:
    return {
        "statistics": {name: round(value, 4) for name, value in result.statistics.items()},
        "limits": {name: round(value, 4) for name, value in result.limits.items()},
    }
