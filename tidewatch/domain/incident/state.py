"""A signal that people deal with. Its state is the fold of its events (`fold.py`), nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tidewatch.domain.finding import Finding, Severity, Signal
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.call import Call
from tidewatch.domain.incident.run import Run
from tidewatch.domain.model_spec import Response, Tier

Status = Literal["open", "acknowledged", "observing", "resolved"]
# What the baseline says is usual, and can be taught; all else is a rule of the spec, or no matter of habit.
TEACHABLE = ("drift", "output_drift", "scale", "nulls", "missing_feature", "frozen", "unseen_category", "confidence",
             "row_count")  # fmt: skip


@dataclass(frozen=True)
class Incident:
    id: str
    signal: Signal
    title: str
    severity: Severity
    opened: datetime
    since: datetime  # opened, or opened again
    response: Response  # the policy as it was when the incident opened
    owners: Mapping[Tier, tuple[str, ...]]
    status: Status = "open"
    version: int = 0  # number of events
    head: str = ""  # hash of the last event
    tier: Tier = "L1"
    tier_since: datetime | None = None
    tiers: tuple[Tier, ...] = ("L1",)  # every tier that was called, in order
    owner: str = ""
    owned_since: datetime | None = None
    findings: tuple[Finding, ...] = ()  # the first, and the latest of each check
    last_seen: datetime | None = None
    runs: tuple[Run, ...] = ()
    approvals: tuple[Approval, ...] = ()
    retraining: Literal["", "requested", "running", "failed", "compared"] = ""
    written_findings: int = 0  # by L2
    passed: tuple[str, ...] = ()  # good windows in a row
    watch_until: datetime | None = None
    paged: tuple[str, ...] = ()  # since the present tier was called
    paged_at: datetime | None = None  # the last of them
    calls: tuple[Call, ...] = ()  # everybody who was ever called, in order
    unanswered_since: datetime | None = None  # the first call that nobody has answered yet, of whichever tier
    reopened: int = 0
    resolved: datetime | None = None
    resolution: str = ""
    recovered: bool = False  # by itself, not by somebody
    promoted: str = ""  # the version that was promoted to end this
    unlearnt: bool = False  # accepted as usual, and the baseline does not know it yet
    replaced: str = ""  # and the one it replaced
    keys: frozenset[str] = frozenset()  # idempotency keys recorded so far

    @property
    def model(self) -> str:
        return self.signal.model

    @property
    def finding(self) -> Finding:
        """The latest measurement."""
        return self.findings[-1]

    @property
    def may_be_retrained(self) -> bool:
        """Retraining can help against a worse or an old model; on faulty data it would learn the fault."""
        return self.signal.family == "performance" or self.finding.check == "stale_model"

    @property
    def may_be_accepted(self) -> bool:
        """As what is usual from now on."""
        return self.finding.check in TEACHABLE

    @property
    def tried(self) -> list[str]:
        """The runbooks that were run since it was opened, or opened again."""
        return [run.runbook for run in self.runs if run.started >= self.since]

    @property
    def flapping(self) -> bool:
        return self.reopened >= self.response.flapping_after

    @property
    def running(self) -> Run | None:
        return next((run for run in self.runs if run.verdict == "running"), None)

    @property
    def undecided(self) -> list[Approval]:
        return [approval for approval in self.approvals if approval.decision == "pending"]

    @property
    def pending(self) -> Approval | None:
        """The request that waits longest."""
        return next(iter(self.undecided), None)

    def approval(self, request: str) -> Approval | None:
        return next((approval for approval in self.approvals if approval.id == request), None)


def acknowledge_by(incident: Incident) -> datetime | None:
    """When the present tier must have acknowledged; None when nobody is being waited for."""
    if incident.status != "open" or incident.tier_since is None:
        return None
    return incident.tier_since + incident.response.acknowledge_within.get(incident.tier, timedelta(hours=1))


def resolve_by(incident: Incident) -> datetime | None:
    """When the present tier must have resolved it. An acknowledgement never stops this clock; observing does."""
    if incident.status not in ("open", "acknowledged") or incident.tier_since is None:
        return None
    return incident.tier_since + incident.response.resolve_within.get(incident.tier, timedelta(days=7))
