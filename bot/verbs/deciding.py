"""Retraining, and what waits for a decision."""

from functools import partial

from bot.request import Request, Verb, with_text
from tidewatch.operations import respond
from tidewatch.operations.report import open_incidents
from tidewatch.operations.retrain import request_retraining


def _retrain(request: Request) -> str:
    incident, reason = with_text(request, "why")
    request_retraining(request.ports, incident, reason, request.cause)
    return f"A challenger is trained for {incident}; the comparison comes as a question somebody else decides."


def _approvals(request: Request) -> str:
    pending = [incident.pending for incident in open_incidents(request.ports) if incident.pending]
    if not pending:
        return "Nothing waits for a decision."
    people = request.ports.people
    return "\n".join(f"❓ `{p.id}` {p.question} · asked by {people.name(p.requested_by)}" for p in pending)


def _decide(request: Request, decision: respond.Decision) -> str:
    identity, _, reason = request.words.partition(" ")
    respond.decide(request.ports, identity.upper(), decision, reason, request.cause)
    return f"{identity.upper()} is {decision}."


VERBS = {
    "retrain": Verb("retrain INC why", "train a challenger and compare it (L2)", _retrain),
    "approvals": Verb("approvals", "what waits for a decision", _approvals),
    "approve": Verb(
        "approve INC-1-A1 reason", "say yes; never to your own request", partial(_decide, decision="approved")
    ),
    "reject": Verb("reject INC-1-A1 reason", "say no", partial(_decide, decision="rejected")),
}
