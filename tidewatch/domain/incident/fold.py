"""From events to the incident they tell of: one small step a kind of event."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tidewatch.domain.events import Event
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.run import Run
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import Response


def fold(events: Iterable[Event]) -> Incident | None:
    """The incident that these events tell of; None for no events. Unknown kinds change nothing but the version."""
    incident: Incident | None = None
    for event in events:
        if event.kind == "opened":
            incident = _opened(event)
        elif incident is not None and event.kind in _STEPS:
            incident = _STEPS[event.kind](incident, event)
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
        waits_since=event.at,
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
        waits_since=event.at, resolved=None, reopened=incident.reopened + 1, watch_until=None, paged=(),
        owners_so_far=(),
    )  # fmt: skip


def _acknowledged(incident: Incident, event: Event) -> Incident:
    return _taken(incident, event, event.actor)


def _assigned(incident: Incident, event: Event) -> Incident:
    return _taken(incident, event, event.data["to"])


def _taken(incident: Incident, event: Event, owner: str) -> Incident:
    return replace(
        incident, status="acknowledged", owner=owner, owned_since=event.at, watch_until=None,
        owners_so_far=(*incident.owners_so_far, (owner, event.at)),
    )  # fmt: skip


def _unacknowledged(incident: Incident, event: Event) -> Incident:
    return replace(incident, status="open", owner="", owned_since=None, waits_since=event.at, paged=())


def _escalated(incident: Incident, event: Event) -> Incident:
    tier = event.data["to"]
    tiers = incident.tiers if tier in incident.tiers else (*incident.tiers, tier)
    return replace(
        incident, status="open", owner="", owned_since=None, tier=tier, tier_since=event.at, tiers=tiers, paged=(),
        waits_since=event.at, watch_until=None,
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


def _findings_written(incident: Incident, event: Event) -> Incident:
    return replace(
        incident, written_findings=incident.written_findings + 1,
        findings_of=(*incident.findings_of, (event.actor, event.at, event.data)),
    )  # fmt: skip


def _approval_requested(incident: Incident, event: Event) -> Incident:
    data = event.data
    request = Approval(
        data["request"], data["question"], data["requested_by"], event.at,
        datetime.fromisoformat(data["expires"]), tuple(data["approvers"]), data["evidence"],
    )  # fmt: skip
    return replace(incident, approvals=(*incident.approvals, request), retraining="compared")


def _approval_decided(incident: Incident, event: Event) -> Incident:
    data = event.data
    approvals = tuple(
        replace(
            a, decision=data["decision"], decided_by=event.actor, decided=event.at, reason=data.get("reason", {})
        ) if a.id == data["request"] else a
        for a in incident.approvals
    )  # fmt: skip
    return replace(incident, approvals=approvals)


def _promoted(incident: Incident, event: Event) -> Incident:
    return replace(incident, status="observing", promoted=event.data["version"], passed=(), watch_until=None)


def _watched(incident: Incident, event: Event) -> Incident:
    return replace(incident, status="observing", watch_until=datetime.fromisoformat(event.data["until"]))


def _watch_ended(incident: Incident, event: Event) -> Incident:
    return replace(
        incident, status="open", watch_until=None, tier_since=event.at, waits_since=event.at, owner="",
        owned_since=None, paged=(),
    )  # fmt: skip


def _resolved(incident: Incident, event: Event) -> Incident:
    by_itself = event.kind == "recovered"
    return replace(
        incident, status="resolved", resolved=event.at, resolution=event.data["sentence"], recovered=by_itself
    )  # fmt: skip


_STEPS = {
    "observed": _observed,
    "reopened": _reopened,
    "acknowledged": _acknowledged,
    "unacknowledged": _unacknowledged,
    "assigned": _assigned,
    "escalated": _escalated,
    "paged": lambda incident, event: replace(
        incident, paged=(*incident.paged, event.data["person"]), paged_at=event.at
    ),
    "runbook_started": _run_started,
    "runbook_finished": _run_ended,
    "findings_written": _findings_written,
    "retraining_requested": lambda incident, _: replace(incident, retraining="requested"),
    "retraining_started": lambda incident, _: replace(incident, retraining="running"),
    "retraining_failed": lambda incident, _: replace(incident, retraining="failed"),
    "approval_requested": _approval_requested,
    "approval_decided": _approval_decided,
    "approval_expired": _approval_decided,
    "promoted": _promoted,
    "watched": _watched,
    "watch_ended": _watch_ended,
    "window_passed": lambda incident, event: replace(incident, passed=(*incident.passed, event.data["window"])),
    "resolved": _resolved,
    "recovered": _resolved,
}
