"""What an incident leaves open, for those who meet about it afterwards."""

from collections.abc import Sequence

from tidewatch.domain.events import Event
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People


def open_questions(incident: Incident, events: Sequence[Event], people: People) -> list[str]:
    """Sentences; none for an incident about which nothing is left to ask."""
    return [*_about_the_end(incident, events, people), *_about_people(incident, events), *_about_work(incident)]


def _about_the_end(incident: Incident, events: Sequence[Event], people: People) -> list[str]:
    asked = []
    if incident.status != "resolved":
        asked.append("It is not resolved yet.")
    unverified = [e for e in events if e.kind == "resolved" and e.data["sentence"].startswith("resolved by decision")]
    asked += [
        f"Resolved without verification by {people.name(event.actor)}: is it really over?" for event in unverified
    ]
    if incident.status == "resolved" and not incident.confirmed:
        asked.append("It has not been confirmed by further good windows yet.")
    if incident.unlearnt:
        asked.append("It was accepted as usual, and the baseline does not know it yet.")
    if incident.reopened:
        asked.append("Why did it come back?")
    if any(event.kind == "texts_erased" for event in events):
        asked.append("Some of what was written here has been erased; what it said cannot be told any more.")
    return asked


def _about_people(incident: Incident, events: Sequence[Event]) -> list[str]:
    kinds = {event.kind for event in events}
    asked = []
    if not kinds & {"acknowledged", "assigned"} and not incident.quiet:
        asked.append("It was never acknowledged.")
    for tier in sorted({event.data["tier"] for event in events if event.kind == "nobody_on_call"}):
        asked.append(f"Nobody of {tier} could be called: who should have been on call?")
    for pager in sorted({e.data["pager"] for e in events if e.kind == "page_failed" and not e.data["again"]}):
        asked.append(f"A call did not go out by {pager}: does it work?")
    if "escalated" in kinds and not incident.written_findings:
        asked.append("It was escalated, and nobody wrote down what was found.")
    return asked


def _about_work(incident: Incident) -> list[str]:
    asked = []
    for run in incident.runs:
        if run.verdict == "interrupted" and not run.undone:
            asked.append(f"{run.id} ({run.runbook}) was interrupted: what did it leave behind?")
        elif run.verdict == "running":
            asked.append(f"{run.id} ({run.runbook}) is still running.")
    for approval in incident.approvals:
        if approval.decision == "pending":
            asked.append(f"{approval.id} waits for a decision: {approval.question}")
        elif approval.decision == "expired":
            asked.append(f"{approval.id} expired and was never decided: {approval.question}")
    if incident.retraining == "failed":
        asked.append("The retraining failed: is there a challenger to be had?")
    return asked
