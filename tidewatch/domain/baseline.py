"""What is usual for a model: one profile a window, and how much windows differ when nothing is wrong.

Rows of one day are not independent, so the level of each column and metric is learnt from left-out windows: each
window is compared with its reference exactly as a new batch will be, the distances are made roughly normal (logit
for those between 0 and 1, logarithm for the others), and a new window is strange when it lies more than the spec's
`deviations` standard deviations beyond their mean. A storm every week makes a storm usual.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from tidewatch.domain.distance import distances
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.outcomes import DayOutcome, metric_values, outcomes_by_window
from tidewatch.domain.profile import ColumnProfile, Profile, Scale, merge, profile_numbers, profile_texts
from tidewatch.domain.table import Table

FEW = 10  # with fewer left-out windows than this, independence of rows is assumed instead


@dataclass(frozen=True)
class Level:
    """Mean and standard deviation over left-out windows, on the transformed scale of the statistic."""

    mean: float
    sd: float
    windows: int

    def limit(self, statistic: str, deviations: float) -> float:
        """The value beyond which a window is strange, on the statistic's own scale."""
        return from_normal(statistic, self.mean + deviations * self.sd)


def to_normal(statistic: str, value: float) -> float:
    if statistic in ("ks", "total_variation"):
        clipped = min(max(value, 1e-4), 1 - 1e-4)
        return float(np.log(clipped / (1 - clipped)))
    if statistic == "shift":
        return float(np.log(value + 1e-3))
    return value  # metrics are used as they are


def from_normal(statistic: str, value: float) -> float:
    if statistic in ("ks", "total_variation"):
        return float(1 / (1 + np.exp(-value)))
    if statistic == "shift":
        return float(np.exp(value) - 1e-3)
    return value


@dataclass(frozen=True)
class Baseline:
    scales: Mapping[str, Scale]
    windows: Mapping[str, Profile]  # by window name, ascending
    levels: Mapping[str, Mapping[str, Level]]  # column -> statistic -> level
    metrics: Mapping[str, Level]

    def with_metrics(self, metrics: Mapping[str, Level]) -> "Baseline":
        """The same columns judged for another version of the model: scales stay, so that profiles keep adding up."""
        return replace(self, metrics=metrics)

    def to_bytes(self) -> bytes:
        record = {
            "scales": {name: [s.centre, s.spread] for name, s in self.scales.items()},
            "windows": {name: profile.as_dict() for name, profile in self.windows.items()},
            "levels": {c: {s: _row(level) for s, level in levels.items()} for c, levels in self.levels.items()},
            "metrics": {name: _row(level) for name, level in self.metrics.items()},
        }
        return json.dumps(record, separators=(",", ":")).encode()

    @staticmethod
    @lru_cache(maxsize=8)  # read for every batch and every label file; megabytes, so only a few are kept
    def from_bytes(data: bytes) -> "Baseline":
        record = json.loads(data)
        return Baseline(
            {name: Scale(*row) for name, row in record["scales"].items()},
            {name: Profile.from_dict(profile) for name, profile in record["windows"].items()},
            {c: {s: Level(*row) for s, row in levels.items()} for c, levels in record["levels"].items()},
            {name: Level(*row) for name, row in record["metrics"].items()},
        )


def profile_table(table: Table, spec: ModelSpec, scales: Mapping[str, Scale]) -> Profile:
    """Count every watched column of the table."""
    columns: dict[str, ColumnProfile] = {}
    for name in spec.watched:
        values = table.columns[name]
        if name in scales:
            # A column without a single value comes without a type: its None become NaN here.
            columns[name] = profile_numbers(values.astype(np.float64), scales[name])
        else:
            columns[name] = profile_texts(values if values.dtype == object else np.full(len(values), None))
    return Profile(table.rows, columns)


def learn(table: Table, spec: ModelSpec) -> Baseline:
    """The baseline of reference data that carries the spec's window column; without it, all rows are one window."""
    numbers = [name for name in spec.watched if spec.columns[name].type == "number"]
    scales = {name: Scale.of(table.columns[name]) for name in numbers}
    window = spec.only("window")
    names = table.columns.get(window)
    if names is None:
        return Baseline(scales, {"all": profile_table(table, spec, scales)}, {}, {})
    windows = {name: profile_table(table.where(names == name), spec, scales) for name in sorted(set(names))}
    labelled = spec.only("label") in table.columns
    outcomes = outcomes_by_window(table, spec, "left-out") if labelled else []
    return Baseline(scales, windows, _levels(spec, windows), metric_levels(spec, outcomes))


def metric_levels(spec: ModelSpec, days: Sequence[DayOutcome]) -> dict[str, Level]:
    """How each metric of the spec varies over the runs of consecutive left-out windows."""
    levels: dict[str, Level] = {}
    for metric in spec.metrics:
        runs = [days[i : i + metric.windows] for i in range(len(days) - metric.windows + 1)]
        known = [metric_values(run) for run in runs]
        values = [numbers[metric.name] for numbers in known if numbers]
        if len(values) >= FEW:
            levels[metric.name] = Level(float(np.mean(values)), float(np.std(values, ddof=1)), len(values))
    return levels


def reference(spec: ModelSpec, accepted: Sequence[Profile]) -> Profile:
    """What a new window is compared with, out of the accepted windows in order of time."""
    return merge(accepted[-spec.drift.windows :] if spec.drift.compare_with == "trailing" else accepted)


def _levels(spec: ModelSpec, windows: Mapping[str, Profile]) -> dict[str, dict[str, Level]]:
    names, seen = list(windows), dict[str, dict[str, list[float]]]()
    trailing = spec.drift.compare_with == "trailing"
    for i in range(min(spec.drift.windows, len(names) // 2) if trailing else 0, len(names)):
        others = names[:i] if trailing else names[:i] + names[i + 1 :]
        if not others:
            continue
        usual = reference(spec, [windows[name] for name in others])
        for column, profile in windows[names[i]].columns.items():
            if profile.rows:
                for statistic, value in distances(profile, usual.columns[column]).items():
                    seen.setdefault(column, {}).setdefault(statistic, []).append(to_normal(statistic, value))
    return {
        column: {s: Level(float(np.mean(v)), float(np.std(v, ddof=1)), len(v)) for s, v in statistics.items()}
        for column, statistics in seen.items()
        if all(len(values) >= FEW for values in statistics.values())
    }


def _row(level: Level) -> list[float | int]:
    return [level.mean, level.sd, level.windows]
