"""Retraining, and what waits for a decision."""

from datetime import datetime
from functools import partial

from bot.request import Request, Verb, with_text
from tidewatch.domain.incident import approving
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.state import Incident
from tidewatch.operations import approvals
from tidewatch.operations.retrain import request_retraining
from tidewatch.ports import Ports
from tidewatch.render.cards import clock, length


def _retrain(request: Request) -> str:
    incident, reason = with_text(request, "why")
    request_retraining(request.ports, incident, reason, request.cause)
    return f"A challenger is trained for {incident}; the comparison comes as a question somebody else decides."


def _approvals(request: Request) -> str:
    ports, now = request.ports, request.ports.clock.now()
    waiting = [_line(ports, incident, approval, now) for incident, approval in approvals.undecided(ports)]
    return "\n".join(waiting) or "Nothing waits for a decision."


def _line(ports: Ports, incident: Incident, approval: Approval, now: datetime) -> str:
    people = ports.people
    able = ", ".join(person.name for person in approving.deciders(approval, people, incident.model))
    return (
        f"❓ `{approval.id}` {approval.question} · asked by {people.name(approval.requested_by)} "
        f"{length(now - approval.requested)} ago · {len(approval.votes)} of {approval.needed} said yes · "
        f"{able or 'nobody'} may decide · closes {clock(approval.expires)} UTC"
    )


def _decide(request: Request, say: approving.Say) -> str:
    identity, _, reason = request.words.partition(" ")
    return decided(request.ports, approvals.decide(request.ports, identity.upper(), say, reason, request.cause))


def decided(ports: Ports, approval: Approval) -> str:
    """What a vote came to, for whoever gave it."""
    if approval.decision == "pending":
        return f"Your yes counts. {approving.outcome(approval, ports.people)}"
    then = " It is carried out now; the thread says how it ends." if approval.decision == "approved" else ""
    return f"{approving.outcome(approval, ports.people)}{then}"


VERBS = {
    "retrain": Verb("retrain INC why", "train a challenger and compare it (L2)", _retrain),
    "approvals": Verb("approvals", "what waits for a decision, and whose", _approvals),
    "approve": Verb(
        "approve INC-1-A1 [reason]", "say yes; never to your own request", partial(_decide, say="approved")
    ),
    "reject": Verb("reject INC-1-A1 reason", "say no, which ends it", partial(_decide, say="rejected")),
}
