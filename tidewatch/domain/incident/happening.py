"""What is written down when something that was due is done."""

from dataclasses import replace
from datetime import datetime

from tidewatch.domain.events import Draft
from tidewatch.domain.incident import handling
from tidewatch.domain.incident.deadlines import Step, called_after
from tidewatch.domain.incident.state import Incident, acknowledge_by, resolve_by
from tidewatch.domain.oncall.duty import Duty


def event_of(step: Step, incident: Incident, now: datetime, duty: Duty) -> Draft:
    """`incident` is as it is at this moment, when the step is due."""
    match step.kind:
        case "page" | "remind":
            return _call(incident, step, now, duty)
        case "escalate":
            return handling.escalation(incident, step.why)
        case "tell":
            return Draft("nobody_on_call", {"tier": incident.tier, "why": step.why})
        case "lapse":
            return Draft("lapsed", {"tier": incident.tier, "why": step.why})
        case "expire":
            return Draft("approval_expired", {"request": step.subject})
        case "end_watch":
            return Draft("watch_ended", {"why": step.why})
        case "interrupt":
            return Draft(
                "runbook_finished",
                {"run": step.subject, "exit_status": None, "verdict": "interrupted", "sentence": step.why},
            )


def _call(incident: Incident, step: Step, now: datetime, duty: Duty) -> Draft:
    """Who is called, why it is this person, and what happens at which time if nobody comes."""
    by = acknowledge_by(incident) or resolve_by(incident)
    told = {"tier": incident.tier, "person": step.subject, "why": step.why}
    if by and by > now:
        paged = replace(incident, paged=(*incident.paged, step.subject))
        told |= {"by": by.isoformat(), "then": called_after(paged, by, duty)}
    if step.kind == "remind":
        return Draft("reminded", told)
    return Draft("paged", told | {"role": step.role, "entry": step.entry})
