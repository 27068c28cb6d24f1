"""X, Y, Z: start what suits the finding, run it, and let verification decide."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident import handling, running
from tidewatch.domain.incident.run import Run
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.domain.runbook import Runbook, Verdict, verdict
from tidewatch.domain.runbook_input import Answer, answered
from tidewatch.operations.absent import without_batch, without_labels
from tidewatch.operations.counted import catch_up
from tidewatch.operations.journal import MACHINE, keep_text, load, record_known, send_job, text_of
from tidewatch.operations.preconditions import unmet
from tidewatch.operations.request_approval import request_approval
from tidewatch.operations.run_progress import Progress
from tidewatch.operations.run_step import Task
from tidewatch.operations.shelf import BATCHES, Shelf, UnknownModel
from tidewatch.operations.suggestion import suggestion
from tidewatch.operations.take_batch import examine_again, take_batch
from tidewatch.operations.take_labels import judge_labels
from tidewatch.ports import Ports
from tidewatch.ports.registry import RegistryError
from tidewatch.ports.scripts import Outcome
from tidewatch.render.thread import VERIFICATION


def chosen(ports: Ports, incident: Incident, name: str) -> Runbook:
    """The named runbook, or the suggested one without a name. Raises Refused with those there are."""
    if not name:
        runbook = suggestion(ports, incident)
        if runbook is None:
            raise Refused(f"No runbook is left to try for {incident.id}. Escalate it, or name one to run it again.")
        return runbook
    runbook = _known(ports, name)
    if incident.finding.check not in runbook.when.covers:
        raise Refused(f"{name} is a remedy for {', '.join(runbook.when.covers)}, not for {incident.finding.check}.")
    if not runbook.suits(incident.finding):
        wanted = ", ".join(f"{place} {value}" for place, value in runbook.when.finding.items())
        raise Refused(f"{name} is a remedy only where the finding has {wanted}.")
    return runbook


def start_run(
    ports: Ports, incident: str, name: str, cause: Cause, given: Mapping[str, Answer] | None = None
) -> tuple[Incident, Runbook]:
    """Record the start and put the work on the queue; a risky one asks for a yes first. Raises Refused (of the inputs,
    WrongAnswers) and UnknownIncident."""
    seen = catch_up(ports, incident)
    ports.people.allow(cause.actor, "run_runbook", seen.model)
    if cause.key in seen.keys:
        raise Refused("That was started already.")
    runbook = chosen(ports, seen, name)
    answers = answered(runbook.inputs, given or {}, seen.finding)
    if why := unmet(ports, seen, runbook):
        raise Refused(f"{runbook.name} cannot start now: {why}.")
    inputs = keep_text(ports, incident, json.dumps(answers), cause.actor) if answers else None
    if runbook.risk == "low":
        return record_start(ports, incident, runbook, inputs, cause), runbook
    running.start(seen, ports.people, cause.actor, runbook, inputs, ports.clock.now())  # refused now, not after a yes
    return request_approval(ports, incident, running.ask(seen, cause.actor, runbook, inputs), cause), runbook


def record_start(
    ports: Ports, incident: str, runbook: Runbook, inputs: Mapping[str, str] | None, cause: Cause
) -> Incident:
    """Raises Refused."""
    after = record_known(
        ports, incident, cause,
        lambda now: running.start(now, ports.people, cause.actor, runbook, inputs, ports.clock.now()),
    )  # fmt: skip
    _send(ports, after.runs[-1], incident)
    return after


def dry_run(ports: Ports, incident: str, name: str, given: Mapping[str, Answer]) -> Outcome:
    """What a run would do, said by the runbook itself; nothing is kept or recorded. Raises Refused and
    UnknownIncident."""
    state = load(ports, incident)
    runbook = chosen(ports, state, name)
    if not runbook.dry_run:
        raise Refused(f"{runbook.name} has no dry run; what it touches: {runbook.touches}.")
    answers = answered(runbook.inputs, given, state.finding)
    if why := unmet(ports, state, runbook):
        raise Refused(f"{runbook.name} cannot start now: {why}.")
    shelf = Shelf(ports, state.model)
    task = Task(shelf, state, runbook, f"{incident}-dry-run", tuple(_windows(shelf, state)), answers)
    return task.carry_out("dry_run")


def cancel_run(ports: Ports, incident: str, cause: Cause, run: str = "") -> Run:
    """The worker stops it within seconds; one that no worker has begun is over at once. `run` is the one a button was
    drawn for. Raises Refused."""
    running_now = load(ports, incident).running
    if run and running_now and running_now.id != run:
        raise Refused(f"{run} has ended already.")
    record_known(ports, incident, cause, lambda now: running.cancel(now, ports.people, cause.actor))
    assert running_now is not None  # noqa: S101 - else it was refused
    return running_now


def undo_run(ports: Ports, run: str, cause: Cause) -> Run:
    """Take back a run: a run of its own, so that it is recorded, shown and stopped like any other. Raises Refused."""
    incident = run.rpartition("-R")[0]
    found = load(ports, incident).run(run)
    if found is None:
        raise Refused(f"There is no run {run}.")
    runbook = _known(ports, found.runbook)

    def decide(now: Incident) -> Sequence[Draft]:
        current = now.run(run)
        assert current is not None  # noqa: S101 - runs are never forgotten
        return running.undo(now, ports.people, cause.actor, runbook, current, ports.clock.now())

    after = record_known(ports, incident, cause, decide)
    _send(ports, after.runs[-1], incident)
    return after.runs[-1]


def carry_out_run(ports: Ports, incident: str, run: str) -> None:
    """Y, then Z on data read again from the store. The first worker that takes it carries it out, and nobody else: if
    that one dies, the sweep calls the run interrupted and people decide what then."""
    state = load(ports, incident)
    job = state.run(run)
    if job is None or job.verdict != "running" or job.worker:
        return
    runbook = next((runbook for runbook in ports.runbooks if runbook.name == job.runbook), None)
    shelf, worker = Shelf(ports, state.model), secrets.token_hex(8)
    undone = state.run(job.undoes)
    windows = undone.windows if undone else _windows(shelf, state)
    begun = Cause("tidewatch", "queue", f"begun:{run}")
    state = record_known(ports, incident, begun, lambda now: running.begin(now, run, worker, windows))
    mine = state.run(run)
    if mine is None or mine.worker != worker:
        return  # somebody else was faster
    y, said, output = _carried_out(ports, shelf, state, mine, runbook)
    finished = Draft("runbook_finished", {
        "run": run, "runbook": job.runbook, "exit_status": y.exit_status, "seconds": round(y.seconds, 2),
        "verdict": "passed" if said.passed else "failed", "sentence": said.sentence,
        "output": keep_text(ports, incident, output, MACHINE),
    })  # fmt: skip
    cause = Cause("tidewatch", "queue", f"finished:{run}")
    record_known(ports, incident, cause, lambda now: _ended(ports, now, mine, finished, said))


def _carried_out(
    ports: Ports, shelf: Shelf, state: Incident, run: Run, runbook: Runbook | None
) -> tuple[Outcome, Verdict, str]:
    """Outcome of Y, verdict, and what both said."""
    fault = ""
    if runbook is None:
        fault = f"there is no runbook {run.runbook} any more"
    elif not run.windows and not run.undoes:
        fault = "no window is left that it could work on"
    if fault or runbook is None:
        return Outcome(None, fault, 0.0, "not started"), Verdict(passed=False, sentence=fault), fault
    told = text_of(ports, state.id, run.inputs)
    try:
        inputs: dict[str, Any] = json.loads(told) if told else {}
    except ValueError:
        gone = "what it was told has been erased"
        return Outcome(None, gone, 0.0, "not started"), Verdict(passed=False, sentence=gone), gone
    try:
        task = Task(shelf, state, runbook, run.undoes or run.id, run.windows, inputs)
        return _undo(ports, task, run) if run.undoes else _run_and_verify(ports, task, run)
    except (UnknownModel, RegistryError) as error:
        return Outcome(None, str(error), 0.0, "not started"), Verdict(passed=False, sentence=str(error)), str(error)


def _run_and_verify(ports: Ports, task: Task, run: Run) -> tuple[Outcome, Verdict, str]:
    """Z is asked however Y ended; what Y wrote is only proposed until Z has verified it."""
    y = task.carry_out("run", Progress(ports, task.incident.id, run.id, "run").look)
    why_not = _why_not(y, task.runbook)
    if y.ended in ("stopped", "not started"):
        return y, Verdict(passed=False, sentence=why_not), y.output
    z = task.carry_out("verify", Progress(ports, task.incident.id, run.id, "verify").look)
    said = verdict(z.exit_status, z.output)
    if said.passed:
        task.put_in_place()
        if BATCHES in task.runbook.writes:  # as if it had come from the feed; its own event finds it taken
            for window in task.windows:
                take_batch(ports, f"{task.shelf.model}/{window}.parquet", "queue")
        _take_up(task.shelf, task.windows)
    if why_not:
        said = Verdict(passed=said.passed, sentence=f"{why_not}; {said.sentence}")
    return y, said, f"{y.output}\n{VERIFICATION}\n{z.output}"


def _undo(ports: Ports, task: Task, run: Run) -> tuple[Outcome, Verdict, str]:
    """The runbook's own undo first: while it runs, what it repaired is still there to be looked at."""
    y = Outcome(0, "", 0.0)
    if task.runbook.undo:
        y = task.carry_out("undo", Progress(ports, task.incident.id, run.id, "undo").look)
        if not y.ok:
            return y, Verdict(passed=False, sentence=_why_not(y, task.runbook)), y.output
    changed = task.put_back()
    _take_up(task.shelf, task.windows)
    if changed:
        sentence = f"somebody changed {', '.join(changed)} since, which was left as it is"
    else:
        sentence = f"everything is as it was before {task.run}"
    return y, Verdict(passed=not changed, sentence=sentence), y.output or sentence


def _ended(ports: Ports, now: Incident, run: Run, finished: Draft, said: Verdict) -> list[Draft]:
    """Verified: resolved. Not verified: the next runbook is offered, and when there is none, the next tier."""
    current = now.run(run.id)
    if current is None or current.verdict != "running":  # the sweep gave it up in the meantime
        return []
    if current.cancelled_by and not said.passed:
        sentence = f"stopped by {ports.people.name(current.cancelled_by)}"
        return [Draft(finished.kind, {**finished.data, "verdict": "cancelled", "sentence": sentence})]
    if run.undoes:
        return [finished, Draft("runbook_undone", {"run": run.undoes, "by": run.id})] if said.passed else [finished]
    if now.status == "resolved":
        return [finished]
    if said.passed:
        return [finished, Draft("resolved", {"sentence": f"{run.runbook}: {said.sentence}"})]
    if now.tier == "L1" and suggestion(ports, now) is None:
        return [finished, handling.escalation(now, f"{run.runbook} did not fix it: {said.sentence}")]
    return [finished]


def _known(ports: Ports, name: str) -> Runbook:
    runbook = next((runbook for runbook in ports.runbooks if runbook.name == name), None)
    if runbook is None:
        raise Refused(f"There is no runbook {name}. There are: {', '.join(r.name for r in ports.runbooks)}.")
    return runbook


def _send(ports: Ports, run: Run, incident: str) -> None:
    send_job(ports, {"do": "run_runbook", "incident": incident, "run": run.id})


def _windows(shelf: Shelf, incident: Incident) -> list[str]:
    """The windows a remedy has to work on: not accepted, or measured, or missing."""
    latest = incident.finding
    if latest.family == "performance":
        first, last = latest.evidence["windows"]
        return [day.window for day in shelf.outcomes(last, 1000) if day.window >= first]
    if latest.check in ("missing_batch", "late_batch"):
        return without_batch(shelf, latest)
    if latest.check in ("stale_labels", "labels_unmatched"):
        return without_labels(shelf, latest)
    first = min(finding.window for finding in incident.findings)
    records = [record for record in shelf.windows_before(latest.window + "~") if record.window >= first]
    subject = {"check": latest.check, "subject": latest.subject}
    return sorted(r.window for r in records if any(subject.items() <= finding.items() for finding in r.findings))


def _take_up(shelf: Shelf, windows: Sequence[str]) -> None:
    """What lies in the store now counts from now on: for comparisons, and for labels that are in already."""
    spec = shelf.spec()
    for window in windows:
        shelf.forget_gone(window)
        examine_again(shelf.ports, shelf.model, window)
        judge_labels(shelf, spec, window, "queue")


def _why_not(y: Outcome, runbook: Runbook) -> str:
    """What went wrong with it, in a sentence; empty when nothing did."""
    match y.ended:
        case "timeout":
            return f"{runbook.name} did not end within its {runbook.timeout.total_seconds():g} s"
        case "crowd" | "lost" | "stopped" | "not started":
            return f"{runbook.name} was ended: {y.output.strip().splitlines()[-1] if y.output.strip() else y.ended}"
    if y.ok:
        return ""
    last = y.output.strip().splitlines()[-1:] or ["it said nothing"]
    return f"{runbook.name} failed with exit status {y.exit_status}: {last[0][:200]}"
