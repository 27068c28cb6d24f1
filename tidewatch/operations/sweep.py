"""Every minute: carry out what is due, deliver what is behind, finish what a crash left half done."""

from datetime import timedelta

from tidewatch.domain.events import BrokenRecord, Cause, Draft, Event
from tidewatch.domain.incident import handling
from tidewatch.domain.incident.deadlines import Step, due
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.operations.approvals import send_forgotten
from tidewatch.operations.deliver import is_behind
from tidewatch.operations.journal import load, record_known, send_job, send_page_job
from tidewatch.operations.page import page_is_due
from tidewatch.operations.report import Marker, forget, open_markers
from tidewatch.ports import Ports

EVERY = timedelta(minutes=1)  # how often the timer calls
FORGOTTEN = timedelta(minutes=5)  # work that nobody began by then is sent again, and again after as long


def sweep(ports: Ports) -> None:
    """Late, doubled or skipped, it changes nothing but the time.

    Raises BrokenRecord for a stream that cannot be read, once all the others have been looked after.
    """
    broken: list[BrokenRecord] = []
    for marker in open_markers(ports):
        try:
            _look_after(ports, marker)
        except BrokenRecord as error:
            broken.append(error)
    if broken:
        raise broken[0]


def _look_after(ports: Ports, marker: Marker) -> None:
    if not ports.log.read(marker.incident):
        return  # its writer died before the first event; the next finding of the signal writes it
    incident = load(ports, marker.incident)
    for step in due(incident, ports.clock.now()):
        incident = _carry_out(ports, incident.id, step)
    _send_forgotten_work(ports, incident)
    if is_behind(ports, incident):
        send_job(ports, {"do": "deliver", "incident": incident.id})
    if page_is_due(ports, incident):
        send_page_job(ports, incident.id)
    forget(ports, marker)


def _carry_out(ports: Ports, incident: str, step: Step) -> Incident:
    """The state is looked at again when the step fires: whoever acted in the meantime wins."""

    def decide(now: Incident) -> list[Draft]:
        if step not in due(now, ports.clock.now()):
            return []
        return [_event(now, step)]

    return record_known(ports, incident, Cause("tidewatch", "timer", step.key), decide)


def _event(incident: Incident, step: Step) -> Draft:
    match step.kind:
        case "page":
            return Draft("paged", {"tier": incident.tier, "person": step.subject, "why": step.why})
        case "escalate":
            try:
                return handling.escalation(incident, step.why)
            except Refused as refused:  # pragma: no cover - due() asks for nothing that is refused
                return Draft("noted", {"sentence": str(refused)})
        case "expire":
            return Draft("approval_expired", {"request": step.subject})
        case "end_watch":
            return Draft("watch_ended", {"why": step.why})
        case "interrupt":
            return Draft(
                "runbook_finished",
                {"run": step.subject, "exit_status": None, "verdict": "interrupted", "sentence": step.why},
            )


def _send_forgotten_work(ports: Ports, incident: Incident) -> None:
    """Something was recorded and its job never reached the queue: the process died in between."""
    send_forgotten(ports, incident)
    if incident.unlearnt and _forgotten(ports, incident, "accepted_as_usual"):
        send_job(ports, {"do": "relearn", "incident": incident.id})
    if incident.retraining == "requested" and (asked := _forgotten(ports, incident, "retraining_requested")):
        send_job(ports, {"do": "retrain", "incident": incident.id, "requested_by": asked.actor, "key": asked.key})


def _forgotten(ports: Ports, incident: Incident, kind: str) -> Event | None:
    """The latest event of that kind, now and then once it is old: its job may only be waiting its turn."""
    asked = [event for event in ports.log.read(incident.id) if event.kind == kind][-1]
    waits = ports.clock.now() - asked.at
    return asked if waits >= FORGOTTEN and waits % FORGOTTEN < EVERY else None
