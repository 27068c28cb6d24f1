"""One measured departure, and what makes two of them the same problem."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Literal

Severity = Literal["low", "medium", "high"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")

# A check belongs to one family; the family, not the check, is part of the signal, so that one problem seen by
# two checks is still one problem.
FAMILY = {
    "drift": "input",
    "scale": "input",
    "missing_feature": "input",
    "nulls": "input",
    "range": "input",
    "unseen_category": "input",
    "new_segment": "input",
    "frozen": "input",
    "multivariate": "input",
    "output_drift": "output",
    "confidence": "output",
    "attribution_drift": "attribution",
    "row_count": "volume",
    "late_batch": "volume",
    "missing_batch": "volume",
    "early_batch": "volume",
    "stale_model": "staleness",
    "stale_data": "staleness",
    "stale_labels": "staleness",
    "unreadable": "intake",
    "schema": "intake",
    "unknown_model": "intake",
    "labels_unmatched": "intake",
    "duplicates": "intake",
    "calibration_gap": "performance",
    "log_loss": "performance",
    "brier": "performance",
    "accuracy": "performance",
    "precision": "performance",
    "recall": "performance",
    "f1": "performance",
    "roc_auc": "performance",
    "mae": "performance",
    "rmse": "performance",
    "r2": "performance",
    "business_cost": "performance",
    "concept_drift": "performance",
    "estimated_performance": "performance",
    "probe_failed": "endpoint",
    "probe_answer": "endpoint",
    "probe_confidence": "endpoint",
    "probe_latency": "endpoint",
    "endpoint_latency": "endpoint",
    "endpoint_errors": "endpoint",
    "endpoint_throughput": "endpoint",
    "endpoint_cpu": "endpoint",
    "endpoint_memory": "endpoint",
    "endpoint_gpu": "endpoint",
    "poison": "work",
    "storm": "storm",
    "reported": "reported",
    "log_changed": "log",
}


@dataclass(frozen=True)
class Signal:
    """Model, check family and subject group: never the value, never the version."""

    model: str
    family: str
    group: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.model}\n{self.family}\n{self.group}".encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.model}/{self.family}/{self.group}"


@dataclass(frozen=True)
class Finding:
    model: str
    check: str
    subject: str  # the column, metric, file or queue it is about
    statistic: str  # what `value` is
    value: float
    threshold: float
    severity: Severity
    window: str
    sentence: str  # for people: what is wrong, with numbers
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return FAMILY[self.check]

    @property
    def signal(self) -> Signal:
        groups = {"input": self.subject, "endpoint": self.subject, "work": self.subject}
        groups |= {"storm": self.subject}
        groups |= {"intake": self.check, "staleness": self.check}
        groups |= {"volume": "volume" if self.check == "row_count" else "arrival"}
        return Signal(self.model, self.family, groups.get(self.family, self.family))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Finding":
        return Finding(**record)


def by_signal(findings: Iterable[Finding]) -> list[tuple[Signal, list[Finding]]]:
    """Findings of one problem together, the worst and most specific first."""
    rank = {"scale": 0, "missing_feature": 0, "calibration_gap": 0, "drift": 2}
    ordered = sorted(
        findings, key=lambda f: (str(f.signal), -SEVERITIES.index(f.severity), rank.get(f.check, 1), -f.value)
    )
    return [(signal, list(group)) for signal, group in groupby(ordered, key=lambda f: f.signal)]
