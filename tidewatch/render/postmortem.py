"""What is written up about an incident: one record of plain values, from which every form of it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidewatch.domain.checkpoint import Checkpoint
from tidewatch.domain.events import Event, as_today
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.handling import BY_DECISION, FINDINGS
from tidewatch.domain.incident.run import Run
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People
from tidewatch.domain.storm import departure
from tidewatch.domain.time_words import spoken_length, spoken_time
from tidewatch.render.thread import TextOf, tell

Record = dict[str, Any]
MEASURED = ("opened", "observed", "reopened")
ENDED = ("resolved", "recovered", "accepted_as_usual")
LONGEST = 20_000  # characters of one text: beyond that nobody reads on, and the whole is in the store


@dataclass(frozen=True)
class Around:
    """What the write-up tells that is not in the incident's own stream."""

    rows: Mapping[str, int]  # of the windows it concerns, where known
    checkpoint: Checkpoint | None  # the newest that saw this stream
    picture: tuple[str, str] | None  # SVG, and what it shows in words


def write_up(incident: Incident, stored: Sequence[Event], people: People, text_of: TextOf, around: Around) -> Record:
    """Names of people are put in here and nowhere else; free text is as its authors wrote it, or says it was erased."""
    events = [as_today(event) for event in stored]
    return {
        "incident": incident.id,
        "title": incident.title,
        "model": incident.model,
        "signal": str(incident.signal),
        "severity": incident.severity,
        "status": incident.status,
        "opened": incident.opened.isoformat(),
        "summary": _summary(incident, events, people),
        "impact": _impact(events, around),
        "times": _times(incident, events),
        "people": _people(events, people),
        "timeline": _timeline(events, people, text_of),
        "runs": [_run(run, events, people, text_of) for run in incident.runs],
        "findings": [
            {"by": people.name(user), "event": seq, **_answers(parts, text_of)}
            for user, seq, parts in incident.findings_of
        ],
        "approvals": [_approval(approval, people, text_of) for approval in incident.approvals],
        "open_questions": open_questions(incident, events),
        "head": {"event": incident.version, "hash": incident.head},
        "checkpoint": {
            "number": around.checkpoint.number, "at": around.checkpoint.at.isoformat(), "hash": around.checkpoint.hash,
        } if around.checkpoint else None,
    }  # fmt: skip


def windows_of(events: Sequence[Event]) -> list[str]:
    """Every window in which it was measured, in order."""
    return sorted({finding.window for finding in _measured(events)})


def open_questions(incident: Incident, events: Sequence[Event]) -> list[str]:
    """What the log leaves unanswered."""
    kinds = {event.kind for event in events}
    asked = []
    if not kinds & {"acknowledged", "assigned"}:
        asked.append("It was never acknowledged.")
    if incident.status != "resolved":
        asked.append(f"It is not over: its state is {incident.status}.")
    elif incident.resolution == BY_DECISION:
        asked.append("It was resolved by decision, without a verification.")
    if incident.status == "resolved" and not incident.confirmed:
        asked.append("No good windows have confirmed yet that it stays good.")
    if incident.reopened:
        asked.append(f"It came back {'once' if incident.reopened == 1 else f'{incident.reopened} times'}. Why?")
    if "L3" in incident.tiers and not incident.written_findings:
        asked.append("L3 was called without written findings.")
    asked += [f"{run.id} ({run.runbook}) was interrupted." for run in incident.runs if run.verdict == "interrupted"]
    asked += [f"{request.id} was never decided." for request in incident.approvals if request.decision == "expired"]
    asked += [f"{request.id} still waits for a decision." for request in incident.undecided]
    return asked + _unreached(events)


def _unreached(events: Sequence[Event]) -> list[str]:
    """What went wrong in calling people, and what can no longer be told."""
    uncalled = sorted({event.data["tier"] for event in events if event.kind == "nobody_on_call"})
    failed = sorted({e.data["pager"] for e in events if e.kind == "page_failed" and not e.data["again"]})
    asked = [f"Nobody of {tier} could be called: who should have been on call?" for tier in uncalled]
    asked += [f"A call did not go out by {pager}: does that way work?" for pager in failed]
    if any(event.kind == "texts_erased" for event in events):
        asked.append("Some of what was written here has been erased; what it said cannot be told any more.")
    return asked


def _measured(events: Sequence[Event]) -> list[Finding]:
    return [Finding.from_dict(each) for event in events if event.kind in MEASURED for each in event.data["findings"]]


def _summary(incident: Incident, events: Sequence[Event], people: People) -> str:
    first = _measured(events)[0]
    said = [
        f"{incident.title} ({incident.model}, severity {incident.severity}).",
        f"Tidewatch opened it at {spoken_time(incident.opened)}: {first.sentence}.",
    ]
    owners = list(dict.fromkeys(people.name(user) for user, _ in incident.owners_so_far))
    said.append(f"{' and then '.join(owners)} had it." if owners else "Nobody took it.")
    if incident.tiers[1:]:
        said.append(f"It went on to {' and '.join(incident.tiers[1:])}.")
    verdicts = [f"{run.runbook} {run.verdict}" for run in incident.runs]
    if verdicts:
        said.append(f"Runbooks: {', '.join(verdicts)}.")
    if incident.promoted:
        said.append(f"Version {incident.promoted} was put in service instead of version {incident.replaced}.")
    if incident.status == "resolved" and incident.resolved:
        how = "It ended by itself" if incident.recovered else "It was resolved"
        lasted = spoken_length(incident.resolved - incident.opened)
        said.append(f"{how} after {lasted}, at {spoken_time(incident.resolved)}: {incident.resolution}.")
    else:
        said.append(f"It is still {incident.status}.")
    return " ".join(said)


def _impact(events: Sequence[Event], around: Around) -> Record:
    found, windows = _measured(events), windows_of(events)
    known = [around.rows[window] for window in windows if window in around.rows]
    latest = {(each.check, each.subject): each for each in found}  # keeps the order in which they came first
    first = {(each.check, each.subject): each for each in reversed(found)}
    worst = {at: max((e for e in found if (e.check, e.subject) == at), key=departure) for at in latest}
    return {
        "windows": windows,
        "rows": sum(known) if known else None,
        "measured": [
            {
                "check": check, "subject": subject, "statistic": latest[check, subject].statistic,
                "threshold": latest[check, subject].threshold,
                "first": _value(first[check, subject]), "worst": _value(worst[check, subject]),
                "last": _value(latest[check, subject]), "sentence": latest[check, subject].sentence,
            }
            for check, subject in latest
        ],
    }  # fmt: skip


def _value(finding: Finding) -> Record:
    return {"window": finding.window, "value": finding.value}


def _times(incident: Incident, events: Sequence[Event]) -> list[Record]:
    """How long each first step took since the incident was opened."""
    began = events[0].at
    steps = {
        "somebody was called": ("paged",), "acknowledged": ("acknowledged", "assigned"), "first remedy": (
                "runbook_started", "retraining_requested"),
        **({"over": ENDED} if incident.status == "resolved" else {}),
        **({"stayed good": ("confirmed",)} if incident.confirmed else {}),
    }  # fmt: skip
    times = []
    for what, kinds in steps.items():
        matching = [event for event in events if event.kind in kinds]
        if matching:
            event = matching[-1] if what in ("over", "stayed good") else matching[0]
            took = event.at - began
            times.append({
                "what": what, "at": event.at.isoformat(), "seconds": took.total_seconds(), "after": spoken_length(took),
            })  # fmt: skip
    return times


def _people(events: Sequence[Event], people: People) -> list[Record]:
    did: dict[str, dict[str, None]] = {}
    for event in events:
        if event.actor != "tidewatch":
            did.setdefault(event.actor, {})[event.kind.replace("_", " ")] = None
    return [{"id": user, "name": people.name(user), "did": list(kinds)} for user, kinds in did.items()]


def _timeline(events: Sequence[Event], people: People, text_of: TextOf) -> list[Record]:
    told, before = [], events[0].at
    for event in events:
        told.append({
            "event": event.seq, "at": event.at.isoformat(), "kind": event.kind, "who": people.name(event.actor),
            "via": event.via, "after": spoken_length(event.at - before) if event.at - before else "",
            "told": _plain(tell(event, people, text_of)),
        })  # fmt: skip
        before = event.at
    return told


def _plain(told: str) -> str:
    """Without what a run printed, which stands with the run."""
    shown = told.partition("\n```")[0]
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _run(run: Run, events: Sequence[Event], people: People, text_of: TextOf) -> Record:
    ended = [event for event in events if event.kind == "runbook_finished" and event.data["run"] == run.id]
    return {
        "run": run.id, "runbook": run.runbook, "title": run.title, "by": people.name(run.by),
        "started": run.started.isoformat(), "verdict": run.verdict, "sentence": run.sentence,
        "took": spoken_length(run.finished - run.started) if run.finished else "",
        "windows": list(run.windows), "inputs": _tail(text_of(run.inputs)), "undone": run.undone,
        "output": _tail(text_of(ended[-1].data.get("output"))) if ended else "",
    }  # fmt: skip


def _approval(approval: Approval, people: People, text_of: TextOf) -> Record:
    return {
        "request": approval.id, "kind": approval.kind, "question": approval.question,
        "requested_by": people.name(approval.requested_by), "requested": approval.requested.isoformat(),
        "why": text_of(approval.why), "needed": approval.needed, "decision": approval.decision,
        "sentence": approval.sentence,
        "votes": [
            {
                "by": people.name(vote.by), "at": vote.at.isoformat(), "says": "yes" if vote.approves else "no",
                "reason": text_of(vote.reason),
            }
            for vote in approval.votes
        ],
    }  # fmt: skip


def _answers(parts: Mapping[str, Any], text_of: TextOf) -> Record:
    if "text" in parts:
        return {"text": text_of(parts["text"])}
    return {name: text_of(parts.get(name)) for name in FINDINGS}


def _tail(text: str) -> str:
    return text if len(text) <= LONGEST else f"… (the beginning is cut)\n{text[-LONGEST:]}"
