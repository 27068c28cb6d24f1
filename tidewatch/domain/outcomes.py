"""How predictions turned out: sums per window that add up over windows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table


@dataclass(frozen=True)
class DayOutcome:
    window: str
    version: str  # of the model that scored
    rows: int  # predictions made
    labelled: int  # of them with a label by now
    labels: float  # sum of labels (0 or 1)
    scores: float  # sum of scores over the labelled rows
    log_loss: float  # sum over the labelled rows, in nats

    @staticmethod
    def of(window: str, version: str, scores: NDArray[np.float64], labels: NDArray[np.float64]) -> "DayOutcome":
        """`scores` are probabilities, `labels` 0 or 1 with NaN where there is none yet."""
        known = ~np.isnan(labels) & ~np.isnan(scores)
        p, y = np.clip(scores[known], 1e-6, 1 - 1e-6), labels[known]
        loss = -(y * np.log(p) + (1 - y) * np.log(1 - p))
        sums = (float(y.sum()), float(scores[known].sum()), float(loss.sum()))
        return DayOutcome(window, version, len(scores), int(known.sum()), *sums)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "DayOutcome":
        return DayOutcome(**record)


def join(spec: ModelSpec, window: str, version: str, predicted: Table, known: Table) -> DayOutcome:
    """Predictions with the labels known by now, matched by id; a prediction without a label waits."""
    identity, score, label = spec.only("id"), spec.only("score"), spec.only("label")
    of_id = dict(zip(known.columns[identity], known.columns[label], strict=True))
    labels = np.array([of_id.get(key, np.nan) for key in predicted.columns[identity]], dtype=np.float64)
    return DayOutcome.of(window, version, predicted.columns[score], labels)


def outcomes_by_window(table: Table, spec: ModelSpec, version: str) -> list[DayOutcome]:
    """One outcome a window, in order of time, from rows that carry window, score and label."""
    window, score, label = (table.columns[spec.only(role)] for role in ("window", "score", "label"))
    chosen = [(name, window == name) for name in sorted(set(window))]
    return [DayOutcome.of(name, version, score[rows], label[rows]) for name, rows in chosen]


def metric_values(days: Sequence[DayOutcome]) -> dict[str, float]:
    """Means over windows, each window counting once: rows of one day share their weather and are not independent.

    calibration_gap: observed minus predicted share of positives. log_loss: nats per row.
    """
    days = [day for day in days if day.labelled]
    if not days:
        return {}
    observed = float(np.mean([day.labels / day.labelled for day in days]))
    predicted = float(np.mean([day.scores / day.labelled for day in days]))
    loss = float(np.mean([day.log_loss / day.labelled for day in days]))
    return {"calibration_gap": observed - predicted, "log_loss": loss, "observed": observed, "predicted": predicted}
