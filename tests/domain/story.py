"""A small model, its people, and incidents whose events are told one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from tidewatch.domain.events import Cause, Draft, Event, chain
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.opening import opened
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.people import People, Person
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SPEC_TEXT = """\
model: acme/parcels
title: Parcels
columns:
  id: {type: text, role: id}
  day: {type: text, role: window}
  weight: {type: number, unit: pounds, importance: high}
  colour: {type: text}
  score: {type: number, role: score}
  late: {type: number, role: label, description: late parcels}
drift: {windows: 10, alarm_after: 2, out_of: 3}
metrics:
  - {name: calibration_gap, windows: 3, deviations: 4}
owners: {L1: [U0ANA], L2: [U0BEN, U0EVA], L3: [U0CARA]}
response:
  acknowledge_within: {L1: 15m, L2: 30m, L3: 1h}
  resolve_within: {L1: 4h, L2: 2d, L3: 7d}
  reopen_within: 3d
scoring: {command: [python, score.py]}
retraining: {command: [python, train.py], approvers: [L2, L3], approval_expires: 2d}
"""
SPEC = parse_spec(SPEC_TEXT, "spec.yaml")
PEOPLE = People(
    (
        Person("U0ANA", "Ana", "L1"),
        Person("U0BEN", "Ben", "L2"),
        Person("U0EVA", "Eva", "L2"),
        Person("U0CARA", "Cara", "L3"),
        Person("U0DAN", "Dan", "L2", ("other",)),
    )
)


def spec_with(**parts: Mapping[str, Any] | list[Mapping[str, Any]]) -> ModelSpec:
    """The small model with other parts: drift={"out_of": 4}, metrics=[…]."""
    merged = {
        name: getattr(SPEC, name).model_dump() | part if isinstance(part, Mapping) else part
        for name, part in parts.items()
    }
    return ModelSpec.model_validate(SPEC.model_dump() | merged)


def finding(check: str = "scale", subject: str = "weight", value: float = 0.9, **fields: Any) -> Finding:
    given = {"severity": "high", "window": "2026-03-01", "sentence": f"{subject} is strange", "evidence": {}} | fields
    return Finding("acme/parcels", check, subject, "share", value, 0.1, **given)


def rows(day: str, weight: np.ndarray, late: float = 0.2, said: float = 0.2) -> Table:
    """A day's rows; a share `late` of them is late where the model said `said` for each."""
    many = len(weight)
    columns = {
        "id": np.array([f"{day}/{row}" for row in range(many)], dtype=object),
        "day": np.array([day] * many, dtype=object),
        "weight": weight,
        "colour": np.array(["red", "blue"] * many, dtype=object)[:many],
        "score": np.full(many, said),
        "late": (np.arange(many) < late * many).astype(np.float64),
    }
    return Table(columns, {name: SPEC.columns[name].type for name in columns})


@dataclass
class Story:
    """A stream as it grows, and the incident it tells of."""

    now: datetime = START
    events: list[Event] = field(default_factory=list)

    @staticmethod
    def about(*findings: Finding) -> "Story":
        """An incident was opened about them; without any, about a column in another unit."""
        story = Story()
        story.tell(opened(SPEC.title, findings or (finding(),), SPEC.response, SPEC.owners))
        return story

    @property
    def incident(self) -> Incident:
        incident = fold(self.events)
        assert incident is not None
        return incident

    def tell(self, *drafts: Draft, by: str = "tidewatch") -> Incident:
        cause = Cause(by, "slack", f"key-{len(self.events)}")
        self.events += chain("INC-1", drafts, self.events[-1] if self.events else None, cause, self.now)
        return self.incident

    def happened(self, kind: str, by: str = "tidewatch", **data: Any) -> Incident:
        return self.tell(Draft(kind, data), by=by)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)
