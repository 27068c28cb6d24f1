"""From events to the incident they tell of: one small step a kind of event."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from tidewatch.domain.events import Event
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.incident import paging
from tidewatch.domain.incident.approval import Approval, Vote
from tidewatch.domain.incident.run import Run
from tidewatch.domain.incident.state import Incident, Status
from tidewatch.domain.model_spec import Response

Step = Callable[[Incident, Event], Incident]


def fold(events: Iterable[Event]) -> Incident | None:
    """The incident that these events tell of; None for no events. Unknown kinds change nothing but the version."""
    incident: Incident | None = None
    for event in events:
        if event.kind == "opened":
            incident = _opened(event)
        elif incident is not None and event.kind in _STEPS:
            incident = paging.answered(_STEPS[event.kind](incident, event), event)
        if incident is not None:
            incident = replace(
                incident, version=event.seq, head=event.hash, keys=incident.keys | {event.key}
            )  # fmt: skip
    return incident


def _opened(event: Event) -> Incident:
    data = event.data
    return Incident(
        id=event.incident,
        signal=Signal(**data["signal"]),
        title=data["title"],
        severity=data["severity"],
        opened=event.at,
        since=event.at,
        response=Response.model_validate(data["response"]),
        owners={tier: tuple(users) for tier, users in data["owners"].items()},
        findings=_worst_last(data["findings"]),
        tier_since=event.at,
        last_seen=event.at,
    )


def _worst_last(records: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Findings come worst first; kept the other way round, the last is the one that speaks for the incident."""
    return tuple(Finding.from_dict(record) for record in reversed(records))


def _observed(incident: Incident, event: Event) -> Incident:
    kept = incident.findings[:1] + _worst_last(event.data["findings"])
    return replace(incident, findings=kept, last_seen=event.at, passed=())


def _reopened(incident: Incident, event: Event) -> Incident:
    incident = _observed(incident, event)
    return replace(
        incident, status="open", owner="", owned_since=None, tier="L1", tier_since=event.at, since=event.at,
        resolved=None, reopened=incident.reopened + 1, watch_until=None, paged=(),
    )  # fmt: skip


def _acknowledged(incident: Incident, event: Event) -> Incident:
    return replace(incident, status="acknowledged", owner=event.actor, owned_since=event.at, watch_until=None)


def _unacknowledged(incident: Incident, event: Event) -> Incident:
    return replace(incident, status="open", owner="", owned_since=None, tier_since=event.at, paged=())


def _escalated(incident: Incident, event: Event) -> Incident:
    tier = event.data["to"]
    tiers = incident.tiers if tier in incident.tiers else (*incident.tiers, tier)
    return replace(
        incident, status="open", owner="", owned_since=None, tier=tier, tier_since=event.at, tiers=tiers, paged=(),
        watch_until=None,
    )  # fmt: skip


def _run_started(incident: Incident, event: Event) -> Incident:
    data = event.data
    run = Run(data["run"], data["runbook"], data["title"], event.actor, event.at, data["timeout"])
    return replace(incident, runs=(*incident.runs, run))


def _run_ended(incident: Incident, event: Event) -> Incident:
    data = event.data
    runs = tuple(
        replace(
            run, exit_status=data.get("exit_status"), finished=event.at, verdict=data["verdict"],
            sentence=data["sentence"],
        ) if run.id == data["run"] else run
        for run in incident.runs
    )  # fmt: skip
    return replace(incident, runs=runs)


def _approval_requested(incident: Incident, event: Event) -> Incident:
    data = event.data
    request = Approval(
        data["request"], data.get("kind", "promotion"), data["question"], data["requested_by"], event.at,
        datetime.fromisoformat(data["expires"]), tuple(data["approvers"]), data.get("needed", 1), data["evidence"],
        data.get("consequence", ""), data.get("undo", ""), data.get("why", {}),
    )  # fmt: skip
    asked = replace(incident, approvals=(*incident.approvals, request))
    return replace(asked, retraining="compared") if request.kind == "promotion" else asked


def _approval_voted(incident: Incident, event: Event) -> Incident:
    vote = Vote(event.actor, event.at, event.data["decision"] == "approved", event.data.get("reason", {}))
    return _with_approval(incident, event, lambda approval: replace(approval, votes=(*approval.votes, vote)))


def _approval_ended(how: Literal["expired", "staled"]) -> Step:
    def ended(incident: Incident, event: Event) -> Incident:
        said = event.data.get("sentence", "")
        return _with_approval(
            incident, event, lambda approval: replace(approval, ended=how, ended_at=event.at, sentence=said)
        )

    return ended


def _with_approval(incident: Incident, event: Event, change: Callable[[Approval], Approval]) -> Incident:
    request = event.data["request"]
    return replace(incident, approvals=tuple(change(a) if a.id == request else a for a in incident.approvals))


def _promoted(incident: Incident, event: Event) -> Incident:
    status: Status = "resolved" if incident.status == "resolved" else "observing"
    replaced = event.data.get("previous", "")
    return replace(
        incident, status=status, promoted=event.data["version"], replaced=replaced, passed=(), watch_until=None
    )


def _watched(incident: Incident, event: Event) -> Incident:
    return replace(incident, status="observing", watch_until=datetime.fromisoformat(event.data["until"]))


def _waits_again(incident: Incident, event: Event) -> Incident:
    return replace(
        incident, status="open", watch_until=None, tier_since=event.at, owner="", owned_since=None, paged=()
    )  # fmt: skip


def _resolved(incident: Incident, event: Event) -> Incident:
    by_itself = event.kind == "recovered"
    return replace(
        incident, status="resolved", resolved=event.at, resolution=event.data["sentence"], recovered=by_itself
    )  # fmt: skip


_STEPS: dict[str, Step] = {
    "observed": _observed,
    "reopened": _reopened,
    "acknowledged": _acknowledged,
    "unacknowledged": _unacknowledged,
    "escalated": _escalated,
    **paging.STEPS,
    "runbook_started": _run_started,
    "runbook_finished": _run_ended,
    "findings_written": lambda incident, _: replace(incident, written_findings=incident.written_findings + 1),
    "retraining_requested": lambda incident, _: replace(incident, retraining="requested"),
    "retraining_started": lambda incident, _: replace(incident, retraining="running"),
    "retraining_failed": lambda incident, _: replace(incident, retraining="failed"),
    "approval_requested": _approval_requested,
    "approval_voted": _approval_voted,
    "approval_decided": _approval_voted,  # the name of a vote when one decided
    "approval_expired": _approval_ended("expired"),
    "approval_staled": _approval_ended("staled"),
    "promotion_refused": _approval_ended("staled"),  # its name when only promotions were approved
    "promoted": _promoted,
    "watched": _watched,
    "watch_ended": _waits_again,
    "relapsed": _waits_again,
    "window_passed": lambda incident, event: replace(incident, passed=(*incident.passed, event.data["window"])),
    "resolved": _resolved,
    "accepted_as_usual": lambda incident, event: replace(_resolved(incident, event), unlearnt=True),
    "baseline_relearnt": lambda incident, _: replace(incident, unlearnt=False),
    "recovered": _resolved,
}
