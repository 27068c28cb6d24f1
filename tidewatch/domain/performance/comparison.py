"""Is the challenger better than the champion, or only luckier?

Rows of one day are not independent: intervals from resampled rows are several times too narrow. Both models score
the same held-out days, and whole days are resampled (paired block bootstrap; Künsch 1989).
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tidewatch.domain.levels import t_quantile
from tidewatch.domain.model_spec import Costs
from tidewatch.domain.performance.intervals import measure
from tidewatch.domain.performance.measures import measured, row_weights
from tidewatch.domain.performance.outcomes import DayOutcome, metric_values, stacked

RESAMPLES = 4000
CONFIDENCE = 0.95
SEED = 20130701  # any number: the interval must be the same whenever it is computed again


@dataclass(frozen=True)
class Comparison:
    days: int
    rows: int
    first: str
    last: str
    champion: dict[str, float]  # every metric the task has, observed, predicted
    challenger: dict[str, float]
    gain: float  # DayOutcome.loss of the champion minus the challenger's, days weighing equally
    low: float  # 95 % interval of the gain
    high: float
    better_days: int
    champion_between: dict[str, list[float]]  # 95 % interval of a metric, where one is known
    challenger_between: dict[str, list[float]]
    changes: dict[str, list[float]]  # challenger minus champion, and its 95 % interval: [change, low, high]

    @property
    def better(self) -> bool:
        """The whole interval is on the challenger's side."""
        return self.low > 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"better": self.better}


def compare_versions(
    champion: Sequence[DayOutcome], challenger: Sequence[DayOutcome], costs: Costs | None = None
) -> Comparison:
    """Both over the same held-out days in the same order. Raises ValueError when they are not, or are too few."""
    if [day.window for day in champion] != [day.window for day in challenger]:
        raise ValueError("champion and challenger must be compared on the same days")
    both = [(a, b) for a, b in zip(champion, challenger, strict=True) if a.labelled and b.labelled]
    champion, challenger = [a for a, _ in both], [b for _, b in both]
    if len(champion) < 2:
        raise ValueError("at least two held-out days with labels are needed")
    gains = np.array([a.loss - b.loss for a, b in zip(champion, challenger, strict=True)])
    chosen = np.random.default_rng(SEED).integers(0, len(gains), (RESAMPLES, len(gains)))
    low, high = np.quantile(gains[chosen].mean(axis=1), [0.025, 0.975])
    costs = costs or Costs()
    before, after = metric_values(champion, costs), metric_values(challenger, costs)
    metrics = [name for name in before if name in after and name not in ("observed", "predicted")]
    return Comparison(
        len(gains), sum(day.labelled for day in champion), champion[0].window, champion[-1].window,
        _rounded(before), _rounded(after),
        round(float(gains.mean()), 5), round(float(low), 5), round(float(high), 5), int((gains > 0).sum()),
        _between(metrics, champion, costs), _between(metrics, challenger, costs),
        _changes(metrics, champion, challenger, costs),
    )  # fmt: skip


def _between(metrics: Sequence[str], days: Sequence[DayOutcome], costs: Costs) -> dict[str, list[float]]:
    found = {name: measure(name, days, costs, CONFIDENCE) for name in metrics}
    return {
        name: [round(bound, 5) for bound in known.interval]
        for name, known in found.items()
        if known and known.interval and all(math.isfinite(bound) for bound in known.interval)
    }


def _changes(
    metrics: Sequence[str], champion: Sequence[DayOutcome], challenger: Sequence[DayOutcome], costs: Costs
) -> dict[str, list[float]]:
    """The same resampled days for both: a day that is hard for one is hard for the other."""
    before, after, days = stacked(champion), stacked(challenger), len(champion)
    ones = np.ones((1, days))
    resampled = np.random.default_rng(SEED).multinomial(days, np.full(days, 1 / days), RESAMPLES)
    chosen = np.concatenate([ones, resampled])
    changes = {}
    for name in metrics:
        old = measured(name, before, chosen * row_weights(before), costs)
        new = measured(name, after, chosen * row_weights(after), costs)
        if old is None or new is None:
            continue
        change, rest = float(new[0] - old[0]), (new - old)[1:]
        if not math.isfinite(change) or np.isfinite(rest).mean() < 0.9:
            continue
        off = t_quantile(0.025, days - 1) * float(np.nanstd(rest)) * math.sqrt(days / (days - 1))
        changes[name] = [round(value, 5) for value in (change, change - off, change + off)]
    return changes


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in values.items()}
