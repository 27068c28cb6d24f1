"""A signal that people deal with. Its state is the fold of its events (`fold.py`), nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tidewatch.domain.finding import Finding, Severity, Signal
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.call import Call
from tidewatch.domain.incident.run import Run
from tidewatch.domain.model_spec import Tier
from tidewatch.domain.response import Limit, Response

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
    waits_since: datetime | None = None  # for somebody of the tier to take it; giving it back begins this wait anew
    tiers: tuple[Tier, ...] = ("L1",)  # every tier that was called, in order
    owner: str = ""
    owned_since: datetime | None = None
    owners_so_far: tuple[tuple[str, datetime], ...] = ()  # who took it, and when, since it was opened (again)
    findings: tuple[Finding, ...] = ()  # the first, and the latest of each check
    last_seen: datetime | None = None
    runs: tuple[Run, ...] = ()
    approvals: tuple[Approval, ...] = ()
    retraining: Literal["", "requested", "running", "failed", "compared"] = ""
    written_findings: int = 0  # by L2
    findings_of: tuple[tuple[str, int, Mapping[str, Mapping[str, str]]], ...] = ()  # by whom, event, text references
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
    told: int = 0  # observations and good windows in the log since it was (re)opened
    worst: Mapping[str, tuple[int, float]] = field(default_factory=dict)  # per check: severity, departure
    returns: int = 0  # reopenings since it last stayed good
    confirmed: bool = False  # resolved, and good windows have followed
    warned: bool = False  # called for since it flaps
    hushed: bool = False  # it flaps, and people were called for that once
    silence: str = ""  # the silence that covers it
    storm: str = ""  # the incident of the storm it is part of
    alone: bool = False  # somebody said that it is no part of the storm
    in_channel: bool = False  # it has a card, or is to have one
    members: Mapping[str, str] = field(default_factory=dict)  # of a storm: incident -> model
    over: frozenset[str] = frozenset()  # of these, the resolved ones
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
        """The runbooks that were run since it was opened, or opened again; an interrupted one was not tried."""
        runs = [run for run in self.runs if run.started >= self.since and not run.undoes]
        return [run.runbook for run in runs if run.verdict != "interrupted"]

    @property
    def flapping(self) -> bool:
        return self.returns >= self.response.flapping_after

    @property
    def quiet(self) -> Literal["", "storm", "silence", "flapping"]:
        """Why nobody is called; empty when the clocks of its tier run."""
        return "storm" if self.storm else "silence" if self.silence else "flapping" if self.hushed else ""

    @property
    def running(self) -> Run | None:
        return next((run for run in self.runs if run.verdict == "running"), None)

    def run(self, name: str) -> Run | None:
        return next((run for run in self.runs if run.id == name), None)

    @property
    def undoable(self) -> Run | None:
        """The latest run that was verified and was not taken back."""
        runs = [run for run in self.runs if run.verdict == "passed" and not run.undoes]
        return runs[-1] if runs and not runs[-1].undone else None

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
    return _deadline(incident, "acknowledge_within") if incident.status == "open" else None


def resolve_by(incident: Incident) -> datetime | None:
    """When the present tier must have resolved it. An acknowledgement never stops this clock; observing does."""
    return _deadline(incident, "resolve_within") if incident.status in ("open", "acknowledged") else None


def clock_began(incident: Incident, limit: Limit) -> datetime | None:
    return incident.waits_since or incident.tier_since if limit == "acknowledge_within" else incident.tier_since


def _deadline(incident: Incident, limit: Limit) -> datetime | None:
    began = None if incident.quiet else clock_began(incident, limit)
    return incident.response.deadline(limit, incident.tier, incident.severity, began) if began else None
