"""Nobody is called about a silenced signal until its silence ends; checks run and are logged all the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tidewatch.domain.finding import FAMILY, Finding
from tidewatch.domain.people import Refused

LONGEST = timedelta(days=30)
ALL = "*"


@dataclass(frozen=True)
class Silence:
    """What is silenced, and from when to when. Who set it and why lies in its trail."""

    id: str  # "SIL-7"
    model: str  # "team/name", "team/*", or the incident "INC-1042"
    start: datetime
    until: datetime
    check: str = ""  # a check or a family; empty: every one
    segment: str = ""  # a column or segment; empty: every one
    kind: Literal["silence", "maintenance"] = "silence"

    def covers(self, incident: str, finding: Finding, now: datetime) -> bool:
        return self.start <= now < self.until and self.concerns(incident, finding)

    def concerns(self, incident: str, finding: Finding) -> bool:
        team = finding.model.partition("/")[0]
        return (
            self.model in (incident, finding.model, f"{team}/{ALL}")
            and self.check in ("", finding.check, finding.family)
            and self.segment in ("", finding.subject, finding.signal.group)
        )

    @property
    def scope(self) -> str:
        parts = [self.model, self.check and f"check={self.check}", self.segment and f"segment={self.segment}"]
        return " ".join(part for part in parts if part)


def proposed(silence: Silence, now: datetime) -> Silence:
    """The silence, if it can be meant. Raises Refused with a sentence."""
    if silence.check and silence.check not in FAMILY and silence.check not in FAMILY.values():
        raise Refused(f"There is no check {silence.check}; `docs/checks.md` lists them.")
    if silence.until <= max(now, silence.start):
        raise Refused("It would end before it begins: give an end in the future.")
    if silence.until - silence.start > LONGEST:
        raise Refused(f"A silence lasts {LONGEST.days} days at most; set it again when it ends, or change the spec.")
    return silence


def covering(silences: Iterable[Silence], incident: str, finding: Finding, now: datetime) -> Silence | None:
    """Of those that cover it now, the one that ends last."""
    found = [silence for silence in silences if silence.covers(incident, finding, now)]
    return max(found, key=lambda silence: (silence.until, silence.id), default=None)
