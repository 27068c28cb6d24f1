"""Every minute: carry out what is due, deliver what is behind, finish what a crash left half done."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial

from tidewatch.domain.events import BrokenRecord, Cause, Draft, Event
from tidewatch.domain.incident.deadlines import due
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.happening import event_of
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.oncall.duty import Duty
from tidewatch.domain.silence import Silence
from tidewatch.operations.approvals import send_forgotten
from tidewatch.operations.deliver import is_behind
from tidewatch.operations.duty import team_duty
from tidewatch.operations.journal import record_known, send_job, send_page_job
from tidewatch.operations.page import page_is_due
from tidewatch.operations.report import Marker, forget, open_markers
from tidewatch.operations.silences import keep_quiet, put_away_what_is_over, silences
from tidewatch.operations.storms import add_up, gather
from tidewatch.ports import Ports

EVERY = timedelta(minutes=1)  # how often the timer calls
FORGOTTEN = timedelta(minutes=5)  # work that nobody began by then is sent again, and again after as long


def sweep(ports: Ports) -> None:
    """Late, doubled or skipped, it changes nothing but the time.

    Raises BrokenRecord for a stream that cannot be read, once all the others have been looked after.
    """
    broken: list[BrokenRecord] = []
    known, seen = silences(ports), list[Incident]()
    gather(ports)
    duty_of = cache(partial(team_duty, ports))
    for marker in open_markers(ports):
        try:
            seen += _look_after(ports, marker, known, duty_of)
        except BrokenRecord as error:
            broken.append(error)
    add_up(ports, seen, whole=not broken)
    put_away_what_is_over(ports, known)
    if broken:
        raise broken[0]


def _look_after(ports: Ports, marker: Marker, known: list[Silence], duty_of: Callable[[str], Duty]) -> list[Incident]:
    """The incident as it is now; nothing when there is none yet."""
    found = fold(ports.log.read(marker.incident))
    if found is None:
        return []  # its writer died before the first event; the next finding of the signal writes it
    incident = keep_quiet(ports, found, known)
    duty = duty_of(incident.model.partition("/")[0])
    while steps := due(incident, ports.clock.now(), duty):
        before, incident = incident, _carry_out(ports, incident.id, steps[0].key, duty)
        if incident.version == before.version:
            break
    _send_forgotten_work(ports, incident)
    if is_behind(ports, incident):
        send_job(ports, {"do": "deliver", "incident": incident.id})
    if page_is_due(ports, incident):
        send_page_job(ports, incident.id)
    if incident.status == "resolved":
        forget(ports, marker)
    return [incident]


def _carry_out(ports: Ports, incident: str, key: str, duty: Duty) -> Incident:
    """The state is looked at again when the step fires: whoever acted in the meantime wins."""

    def decide(now: Incident) -> list[Draft]:
        at = ports.clock.now()
        return [event_of(step, now, at, duty) for step in due(now, at, duty) if step.key == key]

    return record_known(ports, incident, Cause("tidewatch", "timer", key), decide)


def _send_forgotten_work(ports: Ports, incident: Incident) -> None:
    """Something was recorded and its job never reached the queue: the process died in between."""
    send_forgotten(ports, incident)
    run = incident.running
    if run and not run.worker and (ports.clock.now() - run.started) // EVERY % (FORGOTTEN // EVERY) == 1:
        send_job(ports, {"do": "run_runbook", "incident": incident.id, "run": run.id})
    if incident.unlearnt and _forgotten(ports, incident, "accepted_as_usual"):
        send_job(ports, {"do": "relearn", "incident": incident.id})
    if incident.retraining == "requested" and (asked := _forgotten(ports, incident, "retraining_requested")):
        send_job(ports, {"do": "retrain", "incident": incident.id, "requested_by": asked.actor, "key": asked.key})


def _forgotten(ports: Ports, incident: Incident, kind: str) -> Event | None:
    """The latest event of that kind, now and then once it is old: its job may only be waiting its turn."""
    asked = [event for event in ports.log.read(incident.id) if event.kind == kind][-1]
    waits = ports.clock.now() - asked.at
    return asked if waits >= FORGOTTEN and waits % FORGOTTEN < EVERY else None
