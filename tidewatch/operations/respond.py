"""What people ask for: one log append each, answered at once."""

import json
from collections.abc import Mapping
from datetime import timedelta

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident import handling
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.operations.counted import catch_up
from tidewatch.operations.endpoint_again import endpoint_again
from tidewatch.operations.examine import look_again
from tidewatch.operations.journal import keep_text, load, record_known, send_job
from tidewatch.operations.relearn import changed
from tidewatch.operations.row_checks import ROW_CHECKS, passes_again
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_labels import judge_window
from tidewatch.operations.timeliness import timely_again
from tidewatch.ports import Ports

OF_BATCHES = ("input", "output", "attribution", "volume")  # families whose checks look at one batch


def acknowledge(ports: Ports, incident: str, cause: Cause) -> Incident:
    return record_known(ports, incident, cause, lambda now: handling.acknowledge(now, ports.people, cause.actor))


def unacknowledge(ports: Ports, incident: str, cause: Cause) -> Incident:
    return record_known(ports, incident, cause, lambda now: handling.unacknowledge(now, ports.people, cause.actor))


def assign(ports: Ports, incident: str, to: str, cause: Cause) -> Incident:
    return record_known(ports, incident, cause, lambda now: handling.assign(now, ports.people, cause.actor, to))


def escalate(ports: Ports, incident: str, reason: str, cause: Cause, seen: int | None = None) -> Incident:
    """`seen` is the version a button was drawn for: a second click must not escalate a second time."""
    if not reason.strip():
        raise Refused(f"Say why {incident} goes to the next tier: whoever is woken reads it first.")
    text = keep_text(ports, incident, reason, cause.actor)

    def decide(now: Incident) -> list[Draft]:
        if seen is not None and now.tier_since is not None and now.tier != _tier_at(ports, incident, seen):
            raise Refused(f"{incident} is with {now.tier} already, since {now.tier_since:%H:%M} UTC.")
        return handling.escalate(now, ports.people, cause.actor, text)

    return record_known(ports, incident, cause, decide)


def note(ports: Ports, incident: str, text: str, cause: Cause) -> Incident:
    kept = keep_text(ports, incident, text, cause.actor)
    return record_known(ports, incident, cause, lambda now: handling.note(now, ports.people, cause.actor, kept))


def write_findings(ports: Ports, incident: str, findings: Mapping[str, str] | str, cause: Cause) -> Incident:
    """By the names of `handling.FINDINGS`, or as typed: three parts with semicolons between them. Raises Refused."""
    ports.people.allow(cause.actor, "findings", load(ports, incident).model)
    parts = handling.findings_in(findings) if isinstance(findings, str) else findings
    kept = {name: keep_text(ports, incident, text, cause.actor) for name, text in parts.items()}
    return record_known(
        ports, incident, cause, lambda now: handling.write_findings(now, ports.people, cause.actor, kept)
    )  # fmt: skip


def watch(ports: Ports, incident: str, length: timedelta, reason: str, cause: Cause) -> Incident:
    kept, until = keep_text(ports, incident, reason, cause.actor), ports.clock.now() + length
    return record_known(ports, incident, cause, lambda now: handling.watch(now, ports.people, cause.actor, until, kept))


def accept(ports: Ports, incident: str, reason: str, cause: Cause, *, everything: bool = False) -> Incident:
    """Take the change as what is usual from now on, of its columns or of the whole model; a job learns it."""
    catch_up(ports, incident)  # the windows to learn from end with the newest
    text = keep_text(ports, incident, reason, cause.actor)

    def decide(now: Incident) -> list[Draft]:
        columns, windows = changed(ports, now) if now.may_be_accepted else ([], [])
        return handling.accept(now, ports.people, cause.actor, [] if everything else columns, windows, text)

    after = record_known(ports, incident, cause, decide)
    send_job(ports, {"do": "relearn", "incident": incident})
    return after


def request_resolution(ports: Ports, incident: str, reason: str, cause: Cause) -> Incident:
    """Resolving runs the check that opened the incident again: a job, because it reads data."""
    state = load(ports, incident)
    ports.people.allow(cause.actor, "resolve", state.model)
    send_job(ports, {"do": "resolve", "incident": incident, "reason": reason, "cause": _dump(cause)})
    return state


def carry_out_resolution(ports: Ports, incident: str, reason: str, cause: Cause) -> None:
    """Resolved when the check passes now, or when somebody who may says why it is resolved all the same."""
    state = catch_up(ports, incident)
    reported = state.signal.family == "reported"  # no check can say that it is over: whoever looked says so
    verified = "whoever looked into the report says so" if reported and reason else checked_again(ports, state)
    text = keep_text(ports, incident, reason, cause.actor) if reason else None
    try:
        record_known(
            ports, incident, cause, lambda now: handling.resolve(now, ports.people, cause.actor, verified, text)
        )  # fmt: skip
    except Refused as refused:
        ports.chat.whisper(ports.channel, cause.actor, str(refused))


def checked_again(ports: Ports, incident: Incident) -> str:
    """The check that opened the incident, on the data as it is now: a sentence when it passes, empty when it fails."""
    shelf, window = Shelf(ports, incident.model), incident.finding.window
    if incident.finding.check in ROW_CHECKS:
        return f"{incident.finding.subject} are as usual again" if passes_again(shelf, incident.finding) else ""
    if incident.signal.family == "performance":
        findings, judged = judge_window(shelf, shelf.spec(), window)
        return "the performance check passes again" if judged and not findings else ""
    if incident.signal.family in OF_BATCHES and (looked := look_again(shelf, window)):
        subject, examined = incident.finding.subject, looked[1]
        columns = {subject, *incident.finding.evidence.get("columns", ())}
        loud = {finding.signal for finding in examined.findings}
        still = bool(columns & set(examined.strange)) or incident.signal in loud
        return "" if still else f"{subject} is in its usual range again"
    if incident.signal.family == "storm":
        return "all incidents of it have ended" if incident.over == incident.members.keys() else ""
    if incident.signal.family == "endpoint":
        return endpoint_again(ports, shelf.spec(), incident.finding)
    if incident.signal.family == "staleness" or incident.signal.group == "arrival":
        return timely_again(ports, shelf.spec(), incident.finding)
    return ""


def _tier_at(ports: Ports, incident: str, version: int) -> str:
    tier = "L1"
    for event in ports.log.read(incident)[:version]:
        tier = {"escalated": event.data.get("to", tier), "reopened": "L1"}.get(event.kind, tier)
    return tier


def _dump(cause: Cause) -> str:
    return json.dumps(cause.__dict__)
