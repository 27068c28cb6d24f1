"""X, Y, Z: start what suits the finding, run it, and let verification decide."""

import json
from collections.abc import Sequence
from pathlib import Path

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident import handling
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.domain.runbook import Runbook, Verdict, suggested, verdict
from tidewatch.operations.counted import catch_up
from tidewatch.operations.examine import usual_before
from tidewatch.operations.journal import keep_text, load, record_known, send_job
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_batch import examine_again
from tidewatch.operations.take_labels import judge_labels, known_labels
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobNotFound
from tidewatch.ports.scripts import Outcome
from tidewatch.render.thread import VERIFICATION


def suggestion(ports: Ports, incident: Incident) -> Runbook | None:
    """What to run next: the first runbook for this finding that was not tried since the incident was (re)opened."""
    return suggested(ports.runbooks, incident.finding, incident.tried)


PROPOSED = "proposed"  # the container of what Y wrote and Z has not verified yet


def start_run(ports: Ports, incident: str, name: str, cause: Cause) -> tuple[Incident, Runbook]:
    """Record the start and put the work on the queue. Raises Refused and UnknownIncident."""
    chosen: list[Runbook] = []

    def decide(now: Incident) -> Sequence[Draft]:
        ports.people.allow(cause.actor, "run_runbook", now.model)
        runbook = _named(ports, now, name)
        chosen[:] = [runbook]
        run = f"{now.id}-R{len(now.runs) + 1}"
        return handling.start_run(now, run, runbook.name, runbook.title, 2 * runbook.timeout.total_seconds())

    catch_up(ports, incident)
    after = record_known(ports, incident, cause, decide)
    if not chosen:  # the same click again
        raise Refused(f"{after.runs[-1].runbook} was started already.")
    send_job(ports, {"do": "run_runbook", "incident": incident, "run": after.runs[-1].id})
    return after, chosen[0]


def carry_out_run(ports: Ports, incident: str, run: str) -> None:
    """Y, then Z on data read again from the store. Delivered twice it runs twice: runbooks must bear that."""
    state = load(ports, incident)
    job = next((r for r in state.runs if r.id == run), None)
    runbook = next((r for r in ports.runbooks if job and r.name == job.runbook), None)
    if job is None or job.verdict != "running" or runbook is None:
        return
    shelf = Shelf(ports, state.model)
    windows = _windows(shelf, state)
    y, said, output = _run_and_verify(shelf, state, runbook, windows, run)
    if said.passed:
        _take_up(shelf, windows)
    text = keep_text(ports, incident, output)
    finished = Draft("runbook_finished", {
        "run": run, "runbook": runbook.name, "exit_status": y.exit_status, "seconds": round(y.seconds, 2),
        "verdict": "passed" if said.passed else "failed", "sentence": said.sentence, "output": text,
    })  # fmt: skip
    cause = Cause("tidewatch", "queue", f"finished:{run}")
    record_known(ports, incident, cause, lambda now: [finished, *_then(ports, now, runbook, said)])


def _run_and_verify(
    shelf: Shelf, incident: Incident, runbook: Runbook, windows: list[str], run: str
) -> tuple[Outcome, Verdict, str]:
    """Outcome of Y, verdict, and what both said. What Y wrote is only proposed until Z has verified it."""
    if not windows:
        nothing = "no window is left that it could work on"
        return Outcome(None, nothing, 0.0), Verdict(passed=False, sentence=nothing), nothing
    y = _run_step(shelf, incident, runbook, runbook.run, windows, run)
    if not y.ok:
        return y, Verdict(passed=False, sentence=_why_not(y, runbook)), y.output
    z = _run_step(shelf, incident, runbook, runbook.verify, windows, run, verifying=True)
    said = verdict(z.exit_status, z.output)
    for container in runbook.writes:
        for window in windows:
            name = f"{shelf.model}/{window}.parquet"
            proposal = _proposed(shelf.ports, run, container, name)
            if said.passed and proposal:
                shelf.ports.blobs.put(container, name, proposal)
    return y, said, f"{y.output}\n{VERIFICATION}\n{z.output}"


def _proposed(ports: Ports, run: str, container: str, name: str) -> bytes | None:
    try:
        return ports.blobs.get(PROPOSED, f"{run}/{container}/{name}")
    except BlobNotFound:
        return None


def _then(ports: Ports, incident: Incident, runbook: Runbook, said: Verdict) -> list[Draft]:
    """Verified: resolved. Not verified: the next runbook is offered, and when there is none, the next tier."""
    if incident.status == "resolved":
        return []
    if said.passed:
        return [Draft("resolved", {"sentence": f"{runbook.name}: {said.sentence}"})]
    if incident.tier == "L1" and suggestion(ports, incident) is None:
        return [handling.escalation(incident, f"{runbook.name} did not fix it: {said.sentence}")]
    return []


def _named(ports: Ports, incident: Incident, name: str) -> Runbook:
    if not name:
        runbook = suggestion(ports, incident)
        if runbook is None:
            raise Refused(f"No runbook is left to try for {incident.id}. Escalate it, or name one to run it again.")
        return runbook
    runbook = next((runbook for runbook in ports.runbooks if runbook.name == name), None)
    if runbook is None:
        raise Refused(f"There is no runbook {name}. There are: {', '.join(r.name for r in ports.runbooks)}.")
    if not runbook.suits(incident.finding):
        raise Refused(f"{name} is a remedy for {', '.join(runbook.when.checks)}, not for {incident.finding.check}.")
    return runbook


def _windows(shelf: Shelf, incident: Incident) -> list[str]:
    """The windows a remedy has to work on: those that are not accepted, or the run that was measured."""
    latest = incident.finding
    if latest.family == "performance":
        first, last = latest.evidence["windows"]
        return [day.window for day in shelf.outcomes(last, 1000) if day.window >= first]
    first = min(finding.window for finding in incident.findings)
    records = [record for record in shelf.windows_before(latest.window + "~") if record.window >= first]
    subject = {"check": latest.check, "subject": latest.subject}
    return sorted(r.window for r in records if any(subject.items() <= finding.items() for finding in r.findings))


def _run_step(
    shelf: Shelf, incident: Incident, runbook: Runbook, command: list[str], windows: list[str], run: str,
    *, verifying: bool = False,
) -> Outcome:  # fmt: skip
    """Lay the files out, run the script, and keep what Y proposes for its windows; Z only looks."""
    with shelf.ports.scripts.workspace() as work:
        _lay_out(shelf, incident, windows, work, run if verifying else "")
        request = {
            "incident": incident.id,
            "finding": incident.finding.as_dict(),
            "windows": windows,
            "work": str(work),
            "scoring": {"command": shelf.spec().scoring.command, "folder": shelf.folder()},
        }
        outcome = shelf.ports.scripts.run(
            command, folder=Path(runbook.folder), timeout=runbook.timeout.total_seconds(), stdin=json.dumps(request)
        )
        if outcome.ok and not verifying:
            for container in runbook.writes:
                for window in windows:
                    file = work / "out" / container / f"{window}.parquet"
                    if file.exists():
                        place = f"{run}/{container}/{shelf.model}/{window}.parquet"
                        shelf.ports.blobs.put(PROPOSED, place, file.read_bytes())
    return outcome


def _lay_out(shelf: Shelf, incident: Incident, windows: list[str], work: Path, proposed_by: str) -> None:
    """For Y the batches as they came; for Z what the run proposes, and beside it the batches as they came."""
    spec = shelf.spec()
    record = shelf.window(incident.finding.window)
    version = record.version if record else "1"
    baseline = shelf.baseline(version)
    (work / "spec.yaml").write_text(shelf.spec_text())
    (work / "baseline.json").write_bytes(baseline.to_bytes())
    for name in ("batches", "originals", "labels", "usual"):
        (work / name).mkdir()
    for window in windows:
        original = shelf.original(window) or b""
        kept = original if incident.signal.family == "input" else shelf.batch(window) or b""
        name = f"{shelf.model}/{window}.parquet"
        proposal = _proposed(shelf.ports, proposed_by, "corrected", name) if proposed_by else None
        (work / "originals" / f"{window}.parquet").write_bytes(original)
        (work / "batches" / f"{window}.parquet").write_bytes(proposal or kept)
        (work / "usual" / f"{window}.json").write_text(
            json.dumps(usual_before(shelf, spec, baseline, window).as_dict())
        )
        if labels := known_labels(shelf, spec, window):
            (work / "labels" / f"{window}.parquet").write_bytes(labels)
    if incident.signal.family == "input" and not proposed_by:
        shelf.ports.registry.fetch(shelf.model, version, work / "model")


def _take_up(shelf: Shelf, windows: list[str]) -> None:
    """What was corrected counts from now on: for comparisons, and for labels that are in already."""
    spec = shelf.spec()
    for window in windows:
        examine_again(shelf.ports, shelf.model, window)
        judge_labels(shelf, spec, window, "queue")


def _why_not(y: Outcome, runbook: Runbook) -> str:
    if y.exit_status is None:
        return f"{runbook.name} did not end within its {runbook.timeout.total_seconds():g} s"
    last = y.output.strip().splitlines()[-1:] or ["it said nothing"]
    return f"{runbook.name} failed with exit status {y.exit_status}: {last[0][:200]}"
