"""From events to the incident they tell of: one small step a kind of event."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from tidewatch.domain.events import Event, as_today
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.incident import paging, quiet
from tidewatch.domain.incident.approval import Approval, Vote
from tidewatch.domain.incident.change import replace
from tidewatch.domain.incident.run import Run
from tidewatch.domain.incident.state import Incident, Status
from tidewatch.domain.model_spec import Response

Step = Callable[[Incident, Event], Incident]


def fold(events: Iterable[Event]) -> Incident | None:
    """The incident that these events tell of; None for no events. Unknown kinds change nothing but the version.

    Raises BrokenRecord for an event that a newer Tidewatch wrote.
    """
    incident: Incident | None = None
    keys: set[str] = set()
    for event in map(as_today, events):
        keys.add(event.key)
        last = event
        if event.kind == "opened":
            incident = _opened(event)
        elif incident is not None and event.kind in _STEPS:
            incident = paging.answered(_STEPS[event.kind](incident, event), event)
        if incident is not None and not incident.in_channel and quiet.is_loud(event):
            incident = replace(incident, in_channel=True)
    if incident is None:
        return None
    return replace(incident, version=last.seq, head=last.hash, keys=frozenset(keys))


def _opened(event: Event) -> Incident:
    data = event.data
    incident = Incident(
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
    return quiet.with_worst(quiet.came(incident, data), incident.findings)


def _worst_last(records: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Findings come worst first; kept the other way round, the last is the one that speaks for the incident."""
    return tuple(Finding.from_dict(record) for record in reversed(records))


def _observed(incident: Incident, event: Event) -> Incident:
    found = _worst_last(event.data["findings"])
    kept = replace(
        incident, findings=incident.findings[:1] + found, last_seen=event.at, passed=(), told=incident.told + 1
    )  # fmt: skip
    return quiet.with_worst(kept, found)


def _reopened(incident: Incident, event: Event) -> Incident:
    incident = quiet.came(_observed(incident, event), event.data)
    return replace(
        incident, status="open", owner="", owned_since=None, tier="L1", tier_since=event.at, since=event.at,
        waits_since=event.at, resolved=None, reopened=incident.reopened + 1, returns=incident.returns + 1,
        watch_until=None, paged=(), owners_so_far=(),
    )  # fmt: skip


def _acknowledged(incident: Incident, event: Event) -> Incident:
    return _taken(incident, event, event.actor)


def _assigned(incident: Incident, event: Event) -> Incident:
    return _taken(incident, event, event.data["to"])


def _taken(incident: Incident, event: Event, owner: str) -> Incident:
    return replace(
        quiet.somebody_acted(incident), status="acknowledged", owner=owner, owned_since=event.at, watch_until=None,
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
    run = Run(
        data["run"], data["runbook"], data["title"], event.actor, event.at, data["timeout"],
        inputs=data.get("inputs", {}), undoes=data.get("undoes", ""),
    )  # fmt: skip
    return replace(incident, runs=(*incident.runs, run))


def _run_changed(incident: Incident, name: str, **change: Any) -> Incident:
    return replace(incident, runs=tuple(replace(run, **change) if run.id == name else run for run in incident.runs))


def _run_begun(incident: Incident, event: Event) -> Incident:
    data = event.data
    return _run_changed(
        incident, data["run"], begun=event.at, worker=data["worker"], windows=tuple(data["windows"])
    )  # fmt: skip


def _run_ended(incident: Incident, event: Event) -> Incident:
    data = event.data
    return _run_changed(
        incident, data["run"], exit_status=data.get("exit_status"), finished=event.at, verdict=data["verdict"],
        sentence=data["sentence"],
    )  # fmt: skip


def _run_undone(incident: Incident, event: Event) -> Incident:
    """What was repaired is broken again: somebody has to take it anew."""
    incident = _run_changed(incident, event.data["run"], undone=True)
    if incident.status != "resolved":
        return incident
    return replace(
        incident, status="open", owner="", owned_since=None, tier_since=event.at, waits_since=event.at, resolved=None,
        recovered=False, paged=(), passed=(),
    )  # fmt: skip


def _findings_written(incident: Incident, event: Event) -> Incident:
    return replace(
        incident, written_findings=incident.written_findings + 1,
        findings_of=(*incident.findings_of, (event.actor, event.seq, event.data)),
    )  # fmt: skip


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
        incident, status="open", watch_until=None, tier_since=event.at, waits_since=event.at, owner="",
        owned_since=None, paged=(),
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
    "assigned": _assigned,
    "escalated": _escalated,
    **paging.STEPS,
    "runbook_started": _run_started,
    "runbook_begun": _run_begun,
    "cancel_requested": lambda incident, event: _run_changed(incident, event.data["run"], cancelled_by=event.actor),
    "runbook_finished": _run_ended,
    "runbook_undone": _run_undone,
    "findings_written": _findings_written,
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
    "window_passed": lambda incident, event: replace(
        incident, passed=(*incident.passed, event.data["window"]), told=incident.told + 1
    ),
    "resolved": _resolved,
    "accepted_as_usual": lambda incident, event: replace(_resolved(incident, event), unlearnt=True),
    "baseline_relearnt": lambda incident, _: replace(incident, unlearnt=False),
    "recovered": _resolved,
    **quiet.STEPS,
}
