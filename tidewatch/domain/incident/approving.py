"""Asking for a decision, and deciding it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from tidewatch.domain.events import Draft
from tidewatch.domain.incident.handling import Text
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.people import People, Refused


def request_approval(
    incident: Incident, spec: ModelSpec, question: str, by: str, evidence: Mapping[str, Any], now: datetime
) -> Draft:
    return Draft("approval_requested", {
        "request": f"{incident.id}-A{len(incident.approvals) + 1}",
        "question": question,
        "requested_by": by,
        "approvers": list(spec.retraining.approvers),
        "expires": (now + spec.retraining.approval_expires).isoformat(),
        "evidence": evidence,
    })  # fmt: skip


def decide(
    incident: Incident, people: People, user: str, request: str, decision: Literal["approved", "rejected"],
    reason: Text | None, now: datetime,
) -> list[Draft]:  # fmt: skip
    """Decided once, in time, with a reason, by somebody else than the requester."""
    approval = incident.approval(request)
    if approval is None:
        raise Refused(f"There is no request {request}.")
    if approval.decision != "pending":
        by = f" by {people.name(approval.decided_by)}" if approval.decided_by not in ("", "tidewatch") else ""
        raise Refused(f"{request} was {approval.decision}{by} at {approval.decided:%H:%M} UTC.")
    if now > approval.expires:
        raise Refused(f"{request} closed at {approval.expires:%d %b %H:%M} UTC. Ask for it again.")
    people.allow(user, "approve" if decision == "approved" else "reject", incident.model, approval.approvers)
    if user == approval.requested_by:
        raise Refused(f"You asked for {request} yourself: somebody else has to decide.")
    if reason is None:
        raise Refused("A decision needs a reason: one sentence that whoever reads the log will understand.")
    return [Draft("approval_decided", {"request": request, "decision": decision, "reason": reason})]
