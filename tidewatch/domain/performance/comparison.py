"""Is the challenger better than the champion, or only luckier?

Rows of one day are not independent: intervals from resampled rows are several times too narrow. Both models score
the same held-out days, and whole days are resampled (paired block bootstrap; Künsch 1989).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tidewatch.domain.performance.outcomes import DayOutcome, metric_values

RESAMPLES = 4000
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

    @property
    def better(self) -> bool:
        """The whole interval is on the challenger's side."""
        return self.low > 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"better": self.better}


def compare_versions(champion: Sequence[DayOutcome], challenger: Sequence[DayOutcome]) -> Comparison:
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
    return Comparison(
        len(gains), sum(day.labelled for day in champion), champion[0].window, champion[-1].window,
        _rounded(metric_values(champion)), _rounded(metric_values(challenger)),
        round(float(gains.mean()), 5), round(float(low), 5), round(float(high), 5), int((gains > 0).sum()),
    )  # fmt: skip


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in values.items()}
