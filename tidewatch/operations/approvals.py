"""Votes, and what follows from them. The world is looked at before a yes counts, and again when it is carried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident import approving
from tidewatch.domain.incident.approval import Approval, Kind
from tidewatch.domain.incident.approving import Say
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.operations import promote, run_approval
from tidewatch.operations.journal import keep_text, load, record_known, send_job
from tidewatch.operations.report import open_markers
from tidewatch.ports import Ports
from tidewatch.ports.registry import RegistryError


@dataclass(frozen=True)
class Consequence:
    """What an approval of one kind means."""

    why_stale: Callable[[Ports, Incident, Approval], str]  # empty while it is what was asked for; a click waits for it
    carry_out: Callable[[Ports, str, str], None]  # incident and request; a job, so it looks again and acts once
    carried_out: Callable[[Approval], str]  # the key of what carry_out records at its end


KINDS: Mapping[Kind, Consequence] = {
    "promotion": Consequence(promote.why_stale, promote.carry_out_promotion, promote.carried_out),
    "runbook": Consequence(run_approval.why_stale, run_approval.start_approved_run, run_approval.carried_out),
}


def may_decide(ports: Ports, request: str, say: Say, user: str) -> None:
    """Raises Refused before anybody is asked for a reason, and UnknownIncident."""
    state = load(ports, _incident_of(request))
    approving.votable(state, ports.people, user, request, say, ports.clock.now())


def decide(ports: Ports, request: str, say: Say, reason: str, cause: Cause) -> Approval:
    """Count a vote, and give the request afterwards. Raises Refused, also when the world has changed."""
    incident = _incident_of(request)
    if load(ports, incident).approval(request) is None:
        raise Refused(f"There is no request {request}.")
    text = keep_text(ports, incident, reason.strip(), cause.actor) if reason.strip() else None

    def vote(now: Incident) -> list[Draft]:
        approval = approving.votable(now, ports.people, cause.actor, request, say, ports.clock.now())
        if say == "approved" and (changed := _why_stale(ports, now, approval)):
            return [approving.staled(request, changed)]
        return [approving.vote(approval, say, text)]

    after = record_known(ports, incident, cause, vote).approval(request)
    assert after is not None  # noqa: S101 - it was there before, and nothing is ever taken away
    if after.decision == "staled":
        raise Refused(f"Not counted: {approving.outcome(after, ports.people)}")
    if after.decision == "approved":
        _send(ports, incident, request)
    return after


def undecided(ports: Ports) -> list[tuple[Incident, Approval]]:
    """What waits for a decision, the oldest first; also of incidents that ended and may come back."""
    read = (load(ports, marker.incident) for marker in open_markers(ports) if ports.log.read(marker.incident))
    found = [(incident, approval) for incident in read for approval in incident.undecided]
    return sorted(found, key=lambda pair: pair[1].requested)


def carry_out_approved(ports: Ports, incident: str, request: str) -> None:
    """What was asked for, once it is approved; an approval that nobody gave changes nothing."""
    approval = load(ports, incident).approval(request)
    if approval is not None and approval.decision == "approved":
        KINDS[approval.kind].carry_out(ports, incident, request)


def send_forgotten(ports: Ports, incident: Incident) -> None:
    """A decision was recorded and its job never reached the queue: the process died in between."""
    for approval in incident.approvals:
        if approval.decision == "approved" and KINDS[approval.kind].carried_out(approval) not in incident.keys:
            _send(ports, incident.id, approval.id)


def _why_stale(ports: Ports, incident: Incident, approval: Approval) -> str:
    try:
        return KINDS[approval.kind].why_stale(ports, incident, approval)
    except RegistryError as error:
        raise Refused(
            f"Not counted, because nobody can see now whether {approval.id} is up to date: {error}"
        ) from error


def _send(ports: Ports, incident: str, request: str) -> None:
    send_job(ports, {"do": "approved", "incident": incident, "request": request})


def _incident_of(request: str) -> str:
    return request.rpartition("-A")[0]
