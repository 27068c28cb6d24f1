"""How a model's metrics vary when nothing is wrong."""

from collections.abc import Sequence

import numpy as np

from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.outcomes import DayOutcome, level_key, rolling, series

RUNS = 10  # of consecutive windows; they overlap, so fewer say nothing


def metric_levels(spec: ModelSpec, days: Sequence[DayOutcome]) -> dict[str, Level]:
    """How each metric of the spec varies over the runs of consecutive left-out windows, and so in each segment."""
    levels: dict[str, Level] = {}
    for metric in spec.metrics:
        whole = level_key(metric.name)
        for key, windows in series(metric.name, days).items():
            labels = 1 if key == whole else spec.segments.min_rows
            values = rolling(metric.name, windows, metric.windows, spec.costs, labels)
            known = values[np.isfinite(values)].tolist()
            if len(known) >= RUNS and (level := Level.of(metric.name, known)):
                levels[key] = level
    return levels
