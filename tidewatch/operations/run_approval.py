"""A risky run that somebody approved is started, if the world is still the one that was approved."""

from tidewatch.domain.events import Cause
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.approving import staled
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.operations.journal import load, record_known
from tidewatch.operations.preconditions import unmet
from tidewatch.operations.runbooks import record_start
from tidewatch.ports import Ports


def carried_out(approval: Approval) -> str:
    """The key of what is recorded once it is started."""
    return f"approved-run:{approval.id}"


def why_stale(ports: Ports, incident: Incident, approval: Approval) -> str:
    """Why this would not be the run that was asked for; empty when it still is."""
    name = approval.evidence["runbook"]
    runbook = next((runbook for runbook in ports.runbooks if runbook.name == name), None)
    if incident.status == "resolved":
        return f"{incident.id} is resolved"
    if runbook is None or runbook.digest != approval.evidence["scripts"]:
        return f"{name} is no longer what it was when the run was asked for"
    return unmet(ports, incident, runbook)


def start_approved_run(ports: Ports, incident: str, request: str) -> None:
    """In the name of whoever asked for it. Delivered twice it starts once; what cannot start any more is staled."""
    state = load(ports, incident)
    approval = state.approval(request)
    if approval is None or approval.decision != "approved" or carried_out(approval) in state.keys:
        return
    cause = Cause(approval.requested_by, "queue", carried_out(approval))
    reason = why_stale(ports, state, approval)
    if not reason:
        runbook = next(book for book in ports.runbooks if book.name == approval.evidence["runbook"])
        try:
            record_start(ports, incident, runbook, approval.evidence["inputs"], cause)
        except Refused as refused:
            reason = str(refused).rstrip(".")
    if reason:
        record_known(ports, incident, cause, lambda _: [staled(request, reason)])
