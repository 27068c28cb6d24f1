"""What is due. Pure: the sweep asks, and carries out what the answer says.

Every step has a key, and what was recorded under its key is never due again: sweeps that come late, twice or not at
all change when things happen, not what happens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tidewatch.domain.incident.opening import reopens
from tidewatch.domain.incident.state import Incident, acknowledge_by, clock_began, resolve_by
from tidewatch.domain.model_spec import TIERS, Tier
from tidewatch.domain.oncall.duty import Callee, Duty
from tidewatch.domain.oncall.rota import Role
from tidewatch.domain.response import Limit

INTERRUPTED_AFTER = timedelta(minutes=1)  # beyond a run's own timeout: its worker died
NOBODY = Duty()
_CLOCKS: tuple[tuple[Limit, str], ...] = (("acknowledge_within", "take"), ("resolve_within", "resolve"))


@dataclass(frozen=True)
class Step:
    """One thing to do, with the key that makes doing it twice harmless."""

    kind: Literal["page", "remind", "escalate", "tell", "lapse", "expire", "end_watch", "interrupt"]
    key: str
    why: str
    subject: str = ""  # a person, a request or a run
    entry: str = ""  # of a page: what says that it is this person
    role: Role | Literal[""] = ""  # of a page: as what the person is called


def due(incident: Incident, now: datetime, duty: Duty = NOBODY) -> list[Step]:
    """Everything that should have happened by now, in order; a tier's later deadlines count after the escalation."""
    steps = [*_unanswered(incident, now), *_interrupted(incident, now)]
    if incident.status == "resolved":
        return steps
    if incident.watch_until and now > incident.watch_until:
        steps.append(Step("end_watch", f"watch-ended:{incident.version}", "the time to watch is over"))
    timely = () if incident.quiet else _timely(incident, now, duty)
    return [step for step in (*steps, *timely) if step.key not in incident.keys]


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


def called_after(incident: Incident, now: datetime, duty: Duty) -> str:
    """Whoever would be called first if nobody came; empty when nobody is left."""
    if may_go_up(incident):
        above = TIERS[TIERS.index(incident.tier) + 1]
        return next((callee.person for callee in _of_tier(incident, above, now, duty)), "")
    return next((callee.person for callee, _ in _left(incident, now, duty)), "")


def may_go_up(incident: Incident) -> bool:
    """L3 is not called without L2's findings, and above L3 there is nobody."""
    return incident.tier == "L1" or (incident.tier == "L2" and incident.written_findings > 0)


def _timely(incident: Incident, now: datetime, duty: Duty) -> Iterator[Step]:
    """What the tier's clocks ask for, but for what is so late that it would only wake somebody for the past."""
    for since, step in _tier_steps(incident, now, duty):
        if step.key in incident.keys:
            continue
        if now - max(since, incident.last_seen or since) <= incident.response.lapse_after:
            yield step
        elif step.kind != "remind":
            why = f"{incident.tier} should have been called at {since:%d %b %H:%M} UTC; that is too long ago"
            yield Step("lapse", f"lapsed:{_wait(incident)}", why)
            return


def _tier_steps(incident: Incident, now: datetime, duty: Duty) -> Iterator[tuple[datetime, Step]]:
    """Each with the moment from which it was due."""
    may_call = incident.response.may_call(incident.tier, incident.severity, now)
    began = clock_began(incident, "acknowledge_within")
    if incident.status == "open" and not incident.paged and began and may_call:
        yield from ((began, step) for step in _first_call(incident, now, duty))
    yield from _reminders(incident, now)
    for (_, name), deadline in zip(_CLOCKS, (acknowledge_by(incident), resolve_by(incident)), strict=True):
        if deadline is None or now <= deadline:
            continue
        why = f"nobody of {incident.tier} could {name} it by {deadline:%d %b %H:%M} UTC"
        if may_go_up(incident):
            yield deadline, Step("escalate", f"missed:{name}:{_wait(incident)}", why)
            return
        if may_call:
            yield from _next_calls(incident, now, duty, deadline, name, why)


def _first_call(incident: Incident, now: datetime, duty: Duty) -> Iterator[Step]:
    tier, wait = incident.tier, _wait(incident)
    first = next(iter(_of_tier(incident, tier, now, duty)), None)
    if first:
        yield _page(first, tier, f"paged:{wait}", f"{tier} is asked to take it")
        return
    why = f"nobody of {tier} is on call"
    if incident.response.if_nobody == "skip":
        if may_go_up(incident):
            yield Step("escalate", f"nobody:{wait}", why)
            return
        if left := _left(incident, now, duty):
            yield _page(*left[0], f"nobody:{wait}", why)
            return
    yield Step("tell", f"nobody:{wait}", why)


def _reminders(incident: Incident, now: datetime) -> Iterator[tuple[datetime, Step]]:
    """Of whoever was called, to take it; of whoever has it, to resolve it."""
    for limit, name in _CLOCKS:
        began = clock_began(incident, limit)
        whom = incident.owner if name == "resolve" else next(iter(incident.paged), "")
        if began is None or not whom or (incident.status == "open") != (name == "take") or incident.watch_until:
            continue
        for share in sorted(incident.response.remind_at):
            at = incident.response.deadline(limit, incident.tier, incident.severity, began, share)
            if now > at:
                key = f"reminded:{name}:{incident.tier}:{began:%Y%m%dT%H%M%S.%f}:{share:g}"
                yield at, Step("remind", key, "nobody has it yet" if name == "take" else "it is not resolved yet", whom)


def _next_calls(
    incident: Incident, now: datetime, duty: Duty, deadline: datetime, name: str, why: str
) -> Iterator[tuple[datetime, Step]]:
    """The tier's next person, each with as much time as the first had; with the second, once, the duty manager."""
    wait = _wait(incident)
    limit = incident.response.time_for("acknowledge_within", incident.tier, incident.severity)
    free = max(deadline, incident.paged_at + limit) if incident.paged and incident.paged_at else deadline
    left = _left(incident, now, duty)
    alone = not any(role == incident.tier for _, role in left)
    second_called = any(key.startswith((f"missed:take:{wait}", f"missed:resolve:{wait}")) for key in incident.keys)
    for callee, role in left:
        if role == "duty_manager" and (second_called or (alone and now > free)):
            yield deadline, _page(callee, role, f"missed:{wait}:duty-manager", why)
        elif role != "duty_manager" and now > free:
            yield free, _page(callee, role, f"missed:{name}:{wait}", why)


def _left(incident: Incident, now: datetime, duty: Duty) -> Sequence[tuple[Callee, Role]]:
    """Whom to call when a tier is silent but may not be passed over: its next person, and the duty manager.

    Where no rota names a duty manager, it is the tier above's first, once the tier itself has nobody left.
    """
    own: Sequence[tuple[Callee, Role]] = [
        (callee, incident.tier)
        for callee in _of_tier(incident, incident.tier, now, duty)
        if callee.person not in (*incident.paged, incident.owner)
    ][:1]
    above = TIERS[TIERS.index(incident.tier) + 1 :][:1]
    managers: Sequence[tuple[Callee, Role]] = [(callee, "duty_manager") for callee in duty.of("duty_manager", now)][:1]
    if not managers and "duty_manager" not in duty.roles and not own:
        managers = [(callee, tier) for tier in above for callee in _of_tier(incident, tier, now, duty)][:1]
    return [*own, *(each for each in managers if each[0].person not in incident.paged)]


def _of_tier(incident: Incident, tier: Tier, now: datetime, duty: Duty) -> tuple[Callee, ...]:
    return duty.of(tier, now, incident.owners.get(tier, ()))


def _page(callee: Callee, role: Role, key: str, why: str) -> Step:
    return Step("page", f"{key}:{callee.person}", why, callee.person, callee.entry, role)


def _wait(incident: Incident) -> str:
    """Names the present wait: no key of an earlier one bars its steps."""
    since = incident.waits_since or incident.tier_since
    return f"{incident.tier}:{since:%Y%m%dT%H%M%S.%f}" if since else incident.tier
