"""A page as it is read by somebody woken at three in the morning."""

from tidewatch.domain.incident.call import Call
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People, Person
from tidewatch.domain.runbook import Runbook
from tidewatch.ports.pager import Page
from tidewatch.render.times import told

# How to take it where it is read; the chat's way stands behind it.
HERE = {
    "PagerDuty": "acknowledge it here, which tells everybody, or type",
    "webhook": "acknowledge it here, if your pager offers that, or type",
    "mail": "nothing in this mail can be pressed; type",
}


def page_for(incident: Incident, call: Call, people: People) -> Page:
    """Addressed, and with nothing written on it but what it is about."""
    person = people.get(call.person) or Person(call.person, call.person, call.tier)
    subject = f"[{incident.id}] {incident.title}"
    return Page(call.page, incident.id, incident.model, incident.severity, call.tier, person, subject, "")


def page_text(
    incident: Incident, call: str, why: str, pager: str, runbook: Runbook | None, command: str, zone: str
) -> str:
    """What broke, how bad, since when, what is asked of whom, what to do first, where. `call` is as in the chat."""
    again = f", reopened {incident.reopened} times" if incident.reopened else ""
    then = f"runbook run {incident.id} ({runbook.title})" if runbook else f"timeline {incident.id}"
    sentence = incident.finding.sentence
    return "\n".join(
        [
            f"{incident.title}.",
            f"{sentence[0].upper()}{sentence[1:]}.",
            f"{incident.model}, severity {incident.severity}, since {told(incident.since, zone)}{again}.",
            "",
            f"{call[0].upper()}{call[1:]}",
            f"By pager, because {why}.",
            "",
            f"1. Take it: {HERE.get(pager, 'type')} {command} ack {incident.id} in the chat.",
            f"2. Then: {command} {then}.",
        ]
    )
