"""What is due. Pure: the sweep asks, and carries out what the answer says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tidewatch.domain.incident.opening import reopens
from tidewatch.domain.incident.state import Incident, acknowledge_by, resolve_by
from tidewatch.domain.model_spec import TIERS

INTERRUPTED_AFTER = timedelta(minutes=1)  # beyond a run's own timeout: its worker died


@dataclass(frozen=True)
class Step:
    """One thing to do, with the key that makes doing it twice harmless."""

    kind: Literal["page", "escalate", "expire", "end_watch", "interrupt"]
    key: str
    why: str
    subject: str = ""  # a person, a request or a run


def due(incident: Incident, now: datetime) -> list[Step]:
    """Everything that should have happened by now. Later deadlines of a tier only count after the escalation."""
    steps = [*_unanswered(incident, now), *_interrupted(incident, now)]
    if incident.status == "resolved":
        return steps
    if incident.watch_until and now > incident.watch_until:
        steps.append(Step("end_watch", f"watch-ended:{incident.version}", "the time to watch is over"))
    return steps if incident.quiet else steps + _tier_steps(incident, now)


def _unanswered(incident: Incident, now: datetime) -> list[Step]:
    """Requests outlive the incident by as long as it may come back: a better model is better all the same."""
    over = incident.status == "resolved" and not reopens(incident, now)
    return [
        Step("expire", f"expired:{approval.id}", "not decided in time", approval.id)
        for approval in incident.undecided
        if over or now > approval.expires
    ]


def _interrupted(incident: Incident, now: datetime) -> Iterator[Step]:
    for run in incident.runs:
        over = (run.begun or run.started) + timedelta(seconds=run.timeout) + INTERRUPTED_AFTER
        if run.verdict == "running" and now > over:
            why = "the worker that ran it is gone" if run.worker else "no worker took it"
            yield Step("interrupt", f"interrupted:{run.id}", why, run.id)


def _tier_steps(incident: Incident, now: datetime) -> list[Step]:
    place = f"{incident.tier}:{incident.tier_since:%Y%m%d%H%M%S}"
    steps = []
    owners = incident.owners.get(incident.tier, ())
    if incident.status == "open" and owners and not incident.paged:
        steps.append(Step("page", f"paged:{place}:{owners[0]}", f"{incident.tier} is asked to take it", owners[0]))
    for name, deadline in (("take", acknowledge_by(incident)), ("resolve", resolve_by(incident))):
        if deadline is None or now <= deadline:
            continue
        why = f"nobody of {incident.tier} could {name} it by {deadline:%d %b %H:%M} UTC"
        if incident.tier == "L1" or (incident.tier == "L2" and incident.written_findings):
            return [*steps, Step("escalate", f"missed:{name}:{place}", why)]
        # L3 is not called without L2's findings, and above L3 there is nobody: the next person of the tier is.
        second = next((user for user in (*owners, *_next_tier(incident)) if user not in incident.paged), "")
        if second and not _just_called(incident, now):
            steps.append(Step("page", f"missed:{name}:{place}:{second}", why, second))
    return steps


def _just_called(incident: Incident, now: datetime) -> bool:
    """Whoever was called last has as much time as the first had, before the next is woken."""
    time_to_answer = incident.response.acknowledge_within.get(incident.tier, timedelta(hours=1))
    return bool(incident.paged) and incident.paged_at is not None and now <= incident.paged_at + time_to_answer


def _next_tier(incident: Incident) -> tuple[str, ...]:
    """Whom to wake when a tier is silent but may not be skipped: its duty manager is the tier above's first."""
    index = TIERS.index(incident.tier) + 1
    return incident.owners.get(TIERS[index], ())[:1] if index < len(TIERS) else ()
