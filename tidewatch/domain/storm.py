"""One cause upstream, many models: which findings belong together, and what the incident of them all says."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tidewatch.domain.finding import SEVERITIES, Finding
from tidewatch.domain.people import FLEET

MODELS = 5  # so many with one cause are a storm
WITHIN = timedelta(minutes=15)  # of each other: hourly batches of one feed do not land in one minute
JOINS_FOR = timedelta(days=1)  # since anything changed in a storm: what comes later is news again, and opens alone
SHOWN = 2  # models that a card names, the worst first
_TITLES = {
    "source": "Upstream change",
    "feature": "Shared change",
    "segment": "Shared new segment",
    "arrival": "Data does not arrive",
    "endpoint": "Endpoints fail together",
}


@dataclass(frozen=True)
class SharedCause:
    """What findings of several models may have in common."""

    kind: Literal["source", "feature", "segment", "arrival", "endpoint"]
    name: str
    family: str  # of the checks that see it

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.kind}\n{self.name}\n{self.family}".encode()).hexdigest()[:16]

    @property
    def subject(self) -> str:
        return self.name if self.kind == "source" else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Affected:
    """One model of a storm, as its own incident tells it."""

    incident: str
    model: str
    finding: Finding
    bad: bool = True

    @property
    def weight(self) -> tuple[int, float]:
        return SEVERITIES.index(self.finding.severity), departure(self.finding)


def departure(finding: Finding) -> float:
    """How far beyond its limit, in limits; between models comparable only roughly, which is enough to name the
    worst."""
    return abs(finding.value - finding.threshold) / (abs(finding.threshold) or 1.0)


def shared_cause(finding: Finding, source: str) -> SharedCause | None:
    """The one cause under which a finding is counted: the feed its column comes from (`source`, as the spec declares
    it), else the column or segment itself. What is a model's own affair has none."""
    if source:
        return SharedCause("source", source, finding.family)
    if finding.family == "input":
        return SharedCause("segment" if finding.check == "new_segment" else "feature", finding.subject, "input")
    if finding.signal.group == "arrival":
        return SharedCause("arrival", "of batches", finding.family)
    if finding.family == "endpoint":
        return SharedCause("endpoint", finding.check, finding.family)
    return None


def storm_finding(cause: SharedCause, affected: Sequence[Affected], began: datetime, models: int = MODELS) -> Finding:
    """The finding of all of them together; worded again whenever more of them, or fewer, are bad."""
    bad = sorted((each for each in affected if each.bad), key=lambda each: each.weight, reverse=True)
    count = len({each.model for each in affected})
    still = "" if len(bad) == len(affected) else f", {len({each.model for each in bad}):,} of them still bad"
    return Finding(
        model=f"{FLEET}/{cause.family}",
        check="storm",
        subject=cause.subject,
        statistic="models",
        value=float(count),
        threshold=float(models),
        severity=(bad or list(affected))[0].finding.severity,
        window=f"{began:%Y-%m-%dT%H:%M}",
        sentence=f"{count:,} models report {cause.subject} at the same time{still}",
        evidence={
            "title": f"{_TITLES[cause.kind]}: {cause.subject if cause.kind == 'source' else cause.name}",
            "cause": {"kind": cause.kind, "name": cause.name, "family": cause.family},
            "worst": [
                {"incident": each.incident, "model": each.model, "sentence": each.finding.sentence}
                for each in bad[:SHOWN]
            ],
        },
    )


def cause_of(finding: Finding) -> SharedCause:
    """Of a storm's own finding."""
    return SharedCause(**finding.evidence["cause"])


@dataclass(frozen=True)
class Change:
    """What a storm does not know yet of its models."""

    joined: Mapping[str, str]  # incident -> model
    ended: Sequence[str]
    returned: Sequence[str]
    left: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.joined or self.ended or self.returned or self.left)

    def as_dict(self) -> dict[str, Any]:
        return {"joined": dict(self.joined), "ended": [*self.ended], "returned": [*self.returned], "left": [*self.left]}


def change(
    members: Mapping[str, str], over: frozenset[str], now: Mapping[str, Affected], strangers: frozenset[str]
) -> Change:
    """`members` (incident -> model) and those of them that are `over`, as the storm has it; `now`, as the incidents
    themselves say. `strangers` are incidents that belong to no storm, or to another. Who is in neither is forgotten
    and was good before."""
    return Change(
        joined={name: each.model for name, each in sorted(now.items()) if name not in members},
        ended=sorted(name for name, each in now.items() if not each.bad and name not in over),
        returned=sorted(name for name, each in now.items() if each.bad and name in over),
        left=sorted(name for name in members if name in strangers),
    )
