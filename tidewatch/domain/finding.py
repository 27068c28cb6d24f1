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
    "unreadable": "intake",
    "schema": "intake",
    "unknown_model": "intake",
    "calibration_gap": "performance",
    "log_loss": "performance",
    "poison": "work",
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
        group = {"input": self.subject, "work": self.subject, "intake": self.check}.get(self.family, self.family)
        return Signal(self.model, self.family, group)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Finding":
        return Finding(**record)


def by_signal(findings: Iterable[Finding]) -> list[tuple[Signal, list[Finding]]]:
    """Findings of one problem together, the worst and most specific first."""
    rank = {"scale": 0, "calibration_gap": 0}
    ordered = sorted(
        findings, key=lambda f: (str(f.signal), -SEVERITIES.index(f.severity), rank.get(f.check, 1), -f.value)
    )
    return [(signal, list(group)) for signal, group in groupby(ordered, key=lambda f: f.signal)]
