"""Do the columns still belong together as they did? What no column shows by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidewatch.domain.finding import SEVERITIES, Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.multivariate.separation import Learnt, Measured, Usual, from_departure, to_departure

SUBJECT = "all columns together"
OF_THE_ERROR = (
    0.2  # times drift.floor: the least change of a reconstruction error, relative to it, that is worth a word
)


@dataclass(frozen=True)
class Judged:
    measured: Measured
    low: float  # on the scale of `measured.value`
    high: float
    strange: bool
    guilty: Sequence[str]  # the columns that depart most from what is usual for them

    def as_dict(self) -> dict[str, Any]:
        columns = {name: round(self.measured.columns[name], 4) for name in self.guilty}
        numbers = {"value": self.measured.value, "own": self.measured.own, "low": self.low, "high": self.high}
        rounded = {name: round(number, 6) for name, number in numbers.items()}
        return rounded | {"rows": self.measured.rows, "columns": columns}


def judge(spec: ModelSpec, learnt: Learnt, measured: Measured) -> Judged:
    """Compare with left-out windows, or, where there were too few, with what independent rows would give.

    Strange is a departure more than `multivariate.deviations` standard deviations from the usual one; never less than
    the choice of rows explains, nor less than `drift.floor` (pca: a fifth of it, relative to the error; classifier:
    as 2 AUC - 1). A classifier that tells better is strange, and an error in either direction.
    """
    method, usual = measured.method, learnt.usual.get(measured.method)
    centre, sd = (usual.level.mean, usual.level.sd) if usual else (0.0, 0.0)
    if usual:
        sd *= float(np.sqrt(1 + 1 / usual.level.windows))  # the mean is only an estimate
    half = spec.multivariate.deviations * max(sd, measured.noise)
    if method == "classifier":
        low, high = -np.inf, max(centre + half, to_departure(method, (1 + spec.drift.floor) / 2, measured.own))
    else:
        half = max(half, float(np.log1p(spec.drift.floor * OF_THE_ERROR)))
        low, high = centre - half, centre + half
    strange = not low <= measured.departure <= high
    limits = [from_departure(method, departure, measured.own) for departure in (low, high)]
    return Judged(measured, limits[0], limits[1], strange, _guilty(measured, usual))


def _guilty(measured: Measured, usual: Usual | None, most: int = 3) -> list[str]:
    """What departs most from its own usual share; of columns that are strange in every window, none is."""
    fallen = measured.method == "pca" and measured.departure < (usual.level.mean if usual else 0.0)
    typical = usual.columns if usual else {}
    excess = {name: value - typical.get(name, 0.0) for name, value in measured.columns.items()}
    if fallen:
        excess = {name: -value for name, value in excess.items()}
    return sorted((name for name in excess if excess[name] > 0), key=lambda name: -excess[name])[:most]


def findings(
    spec: ModelSpec, window: str, judged: Sequence[Judged], earlier: Sequence[Sequence[str]]
) -> list[Finding]:  # fmt: skip
    """What was strange in `drift.alarm_after` of the last `drift.out_of` windows.

    `earlier` holds the methods to which the windows before were strange, the latest last.
    """
    recent = earlier[-(spec.drift.out_of - 1) :] if spec.drift.out_of > 1 else []
    return [
        _finding(spec, window, result)
        for result in judged
        if result.strange and 1 + sum(result.measured.method in methods for methods in recent) >= spec.drift.alarm_after
    ]


def _finding(spec: ModelSpec, window: str, judged: Judged) -> Finding:
    measured = judged.measured
    above = measured.value > judged.high
    named = " and ".join(judged.guilty[:2])
    before = "of the training data" if spec.drift.compare_with == "training" else "of the windows before"
    if measured.method == "classifier":
        statistic = "ROC AUC"
        sentence = (
            f"{measured.rows:,} rows can be told from those {before} with a ROC AUC of {measured.value:.2f}, "
            f"where up to {judged.high:.2f} is usual{f'; {named} differ most' if named else ''}"
        )
    else:
        statistic = "reconstruction error"
        how = "differently from those" if above else "more closely than those"
        sentence = (
            f"the columns hang together {how} {before}{f', most of all {named}' if named else ''}: reconstruction "
            f"error {measured.value:.2f} standard deviations, where {judged.low:.2f} to {judged.high:.2f} is usual "
            f"({measured.rows:,} rows)"
        )
    importances = [SEVERITIES.index(spec.columns[name].importance) for name in judged.guilty]
    return Finding(
        spec.model, "multivariate", SUBJECT, statistic, round(measured.value, 4),
        round(judged.high if above else judged.low, 4), SEVERITIES[max(importances, default=1)], window, sentence,
        {"method": measured.method} | judged.as_dict(),
    )  # fmt: skip
