"""A page as it is read by somebody woken at three in the morning."""

from tidewatch.domain.incident.call import Call
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People, Person
from tidewatch.domain.runbook import Runbook
from tidewatch.ports.pager import Page
from tidewatch.render.cards import clock

# How to take it where it is read; the chat's way stands behind it.
HERE = {
    "PagerDuty": "acknowledge it here, which tells everybody, or type",
    "webhook": "acknowledge it here, if your pager offers that, or type",
    "mail": "nothing in this mail can be pressed; type",
}


def page_for(
    incident: Incident, call: Call, why: str, pager: str, people: People, runbook: Runbook | None, command: str
) -> Page:
    """What broke, how bad, since when, why this person, what to do first, where."""
    again = f", come back {incident.reopened} times before" if incident.reopened else ""
    then = f"runbook run {incident.id} ({runbook.title})" if runbook else f"timeline {incident.id}"
    sentence = incident.finding.sentence
    text = [
        f"{incident.title}.",
        f"{sentence[0].upper()}{sentence[1:]}.",
        f"{incident.model}, severity {incident.severity}, since {clock(incident.since)} UTC{again}.",
        "",
        f"You are called for {call.tier}: {call.why}.",
        *([f"By pager, because {why}."] if why else []),
        "",
        f"1. Take it: {HERE.get(pager, 'type')} {command} ack {incident.id} in the chat.",
        f"2. Then: {command} {then}.",
    ]
    person = people.get(call.person) or Person(call.person, call.person, call.tier)
    subject = f"[{incident.id}] {incident.title}"
    return Page(call.page, incident.id, incident.model, incident.severity, call.tier, person, subject, "\n".join(text))
