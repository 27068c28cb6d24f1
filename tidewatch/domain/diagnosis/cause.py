"""What may have gone wrong, and how surely."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal[
    "unit_or_scale", "sign_flip", "category_renamed", "null_surge", "frozen_sensor", "clipping", "precision_lost",
    "noise", "sentinel_values", "duplicated_rows", "clock_shift", "mix_changed", "new_segment", "swapped_columns",
    "upstream_source", "label_fault", "concept_drift", "staleness", "seasonality", "unknown",
]  # fmt: skip

# The checks whose findings such a cause is behind: a runbook that is for them is for the cause.
CHECKS: Mapping[Kind, tuple[str, ...]] = {
    "unit_or_scale": ("scale",),
    "null_surge": ("nulls", "missing_feature"),
    "frozen_sensor": ("frozen",),
    "sentinel_values": ("range",),
    "duplicated_rows": ("duplicates",),
    "label_fault": ("calibration_gap", "log_loss", "labels_unmatched"),
    "staleness": ("stale_model", "stale_data", "stale_labels"),
}


@dataclass(frozen=True)
class Cause:
    kind: Kind
    subject: str  # the column, source, metric or window it is about
    score: float  # 0 to 1: how much of the departure it explains, and how little else would look like it
    sentence: str  # for people: what is wrong, with numbers
    evidence: Mapping[str, Any] = field(default_factory=dict)
    runbook: str | None = None
    columns: tuple[str, ...] = ()  # whose departure it explains

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"score": round(self.score, 3)}
