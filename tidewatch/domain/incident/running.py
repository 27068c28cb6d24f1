"""Starting, claiming, stopping and taking back a run: each function gives the events, or Refused with a sentence."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tidewatch.domain.events import Draft
from tidewatch.domain.incident import handling, opening
from tidewatch.domain.incident.approving import Ask
from tidewatch.domain.incident.run import Run
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import MAY, People, Refused
from tidewatch.domain.runbook import Runbook

OPEN_FOR = timedelta(hours=4)  # how long a risky run waits for a yes


def start(
    incident: Incident, people: People, user: str, runbook: Runbook, inputs: handling.Text | None, now: datetime
) -> list[Draft]:
    people.allow(user, "run_runbook", incident.model, runbook.tiers)
    _cooled_down(incident, runbook, now)
    timeout = runbook.whole_timeout.total_seconds()
    (draft,) = handling.start_run(incident, _next(incident), runbook.name, runbook.title, timeout)
    more = {"inputs": inputs} if inputs else {}
    return [Draft(draft.kind, {**draft.data, "scripts": runbook.digest, **more})]


def ask(incident: Incident, user: str, runbook: Runbook, inputs: handling.Text | None) -> Ask:
    """For the run of a risky runbook. Raises Refused while the same is being asked already."""
    for waiting in incident.undecided:
        if waiting.evidence.get("runbook") == runbook.name:
            raise Refused(f"{waiting.id} asks for {runbook.name} already; it waits for a yes.")
    evidence = {"runbook": runbook.name, "scripts": runbook.digest, "touches": runbook.touches}
    back = "It can be taken back afterwards." if runbook.undoable else "It cannot be taken back."
    return Ask(
        "runbook", f"Run {runbook.name}?", user, [tier for tier in runbook.tiers if tier >= MAY["approve"]], OPEN_FOR,
        {**evidence, "inputs": dict(inputs or {})}, f"{runbook.name} runs for {incident.id}: {runbook.title}.", back,
    )  # fmt: skip


def begin(incident: Incident, run: str, worker: str, windows: Sequence[str]) -> list[Draft]:
    """A worker takes it. The first event of this kind decides: nobody else carries it out, even if that one dies."""
    found = incident.run(run)
    if found is None or found.verdict != "running" or found.worker:
        return []
    return [Draft("runbook_begun", {"run": run, "worker": worker, "windows": list(windows)})]


def cancel(incident: Incident, people: People, user: str) -> list[Draft]:
    people.allow(user, "run_runbook", incident.model)
    run = incident.running
    if run is None:
        raise Refused(f"No runbook is running for {incident.id}.")
    if run.cancelled_by:
        raise Refused(f"{people.name(run.cancelled_by)} is stopping {run.runbook} already.")
    asked = Draft("cancel_requested", {"run": run.id, "runbook": run.runbook})
    if run.worker:
        return [asked]
    before = {
        "verdict": "cancelled",
        "sentence": f"{people.name(user)} stopped it before it began",
        "exit_status": None,
    }
    return [asked, Draft("runbook_finished", {"run": run.id, "runbook": run.runbook, **before})]


def undo(incident: Incident, people: People, user: str, runbook: Runbook, run: Run, now: datetime) -> list[Draft]:
    people.allow(user, "run_runbook", incident.model, runbook.tiers)
    if run.undoes or not runbook.undoable:
        raise Refused(f"{run.id} cannot be taken back: {runbook.name} has no undo.")
    if run.undone:
        raise Refused(f"{run.id} was taken back already.")
    if incident.running:
        raise Refused(f"{incident.running.runbook} is running; wait for its verdict or stop it first.")
    written = run.verdict in ("passed", "interrupted")  # killed between writing and telling, it may have written
    if not run.worker or not (written or runbook.undo):
        raise Refused(f"{run.id} changed nothing: there is nothing to take back.")
    if incident.status == "resolved" and not opening.reopens(incident, now):
        raise Refused(f"{incident.id} is closed for good; report what is wrong now as a new incident.")
    return [Draft("runbook_started", {
        "run": _next(incident), "runbook": runbook.name, "title": f"take back {run.id}", "undoes": run.id,
        "timeout": runbook.whole_timeout.total_seconds(),
    })]  # fmt: skip


def _next(incident: Incident) -> str:
    return f"{incident.id}-R{len(incident.runs) + 1}"


def _cooled_down(incident: Incident, runbook: Runbook, now: datetime) -> None:
    ended = [run.finished for run in incident.runs if run.runbook == runbook.name and run.finished]
    if runbook.cool_down and ended and now < ended[-1] + runbook.cool_down:
        again = ended[-1] + runbook.cool_down
        raise Refused(f"{runbook.name} ended at {ended[-1]:%H:%M} UTC and may run again from {again:%d %b %H:%M} UTC.")
