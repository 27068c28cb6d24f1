"""What an incident came to, told from its log: one account, which is written as JSON, Markdown or a page."""

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from tidewatch.domain.events import Event
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.handling import FINDINGS
from tidewatch.domain.incident.run import Run
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People
from tidewatch.domain.time_words import spoken_length, spoken_time
from tidewatch.render.blocks import cut
from tidewatch.render.questions import open_questions
from tidewatch.render.thread import VERIFICATION, tell

TextOf = Callable[[object], str]
MACHINE = "tidewatch"
TAIL = 20  # lines of what a run said
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


@dataclass(frozen=True)
class Step:
    what: str
    at: str  # UTC, ISO 8601
    after: float  # seconds since it was opened


@dataclass(frozen=True)
class Entry:
    seq: int
    at: str
    after: float  # seconds since the event before
    who: str
    kind: str
    told: str
    quotes: tuple[str, ...] = ()  # what somebody wrote, line by line


@dataclass(frozen=True)
class Tried:
    run: str
    runbook: str
    title: str
    who: str
    started: str
    seconds: float | None  # None while it runs
    verdict: str
    sentence: str
    windows: tuple[str, ...]
    output: str  # the last lines
    undone: bool


@dataclass(frozen=True)
class Decision:
    request: str
    question: str
    who: str
    why: str
    decision: str
    needed: int
    votes: tuple[tuple[str, str, str, str], ...]  # who, when, yes or no, reason
    sentence: str


@dataclass(frozen=True)
class Account:
    """Plain text everywhere, times in UTC, people by name. Whoever writes it down escapes it."""

    incident: str
    title: str
    model: str
    severity: str
    status: str
    written: str
    summary: str
    impact: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    people: tuple[tuple[str, str], ...]  # name, what the person did
    findings: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]  # of L2: who, when, question and answer
    tried: tuple[Tried, ...]
    approvals: tuple[Decision, ...]
    timeline: tuple[Entry, ...]
    open_questions: tuple[str, ...]
    events: int
    head: str
    witness: str  # what vouches for it outside its own chain

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Source:
    """`events` in today's shape; `incident` is their fold. `rows` by window, as far as they are known."""

    incident: Incident
    events: Sequence[Event]
    people: People
    text_of: TextOf
    rows: Mapping[str, int]
    witness: str = ""

    def name(self, user: str) -> str:
        return plain(self.people.name(user))

    def text(self, reference: object) -> str:
        return plain(self.text_of(reference))


def account(source: Source, now: datetime) -> Account:
    incident = source.incident
    return Account(
        incident=incident.id,
        title=plain(incident.title),
        model=plain(incident.model),
        severity=incident.severity,
        status=incident.status,
        written=_time(now),
        summary=summary(source, now),
        impact=_impact(source),
        steps=_steps(source),
        people=_people(source),
        findings=tuple(
            (source.name(user), _time(_at(source, seq)), _answers(source, parts))
            for user, seq, parts in incident.findings_of
        ),
        tried=tuple(_tried(source, run) for run in incident.runs),
        approvals=tuple(_decision(source, approval) for approval in incident.approvals),
        timeline=_timeline(source),
        open_questions=tuple(plain(question) for question in open_questions(incident, source.events, source.people)),
        events=incident.version,
        head=incident.head,
        witness=source.witness,
    )


def plain(text: str) -> str:
    """What can be printed; line feeds and tabs stay. Unknown people are told by their id."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"<@([\w.-]+)>", r"\1", text.replace("\r\n", "\n")))


def summary(source: Source, now: datetime) -> str:
    """What broke, since when, how bad, who, and how it ended, in one paragraph."""
    incident = source.incident
    first = incident.findings[0]
    said = [
        f"{incident.title}: {first.sentence}.",
        f"It was opened at {spoken_time(incident.opened)} for {incident.model}, severity {incident.severity}.",
        _taken(source),
    ]
    if incident.runs:
        counted = Counter(f"{run.runbook} {run.verdict}" for run in incident.runs)
        each = [what if times == 1 else f"{what} {times} times" for what, times in counted.items()]
        said.append(f"What was tried: {', '.join(each)}.")
    if incident.reopened:
        said.append(f"It came back {_times(incident.reopened)}.")
    if incident.resolved:
        lasted = spoken_length(incident.resolved - incident.opened)
        said.append(f"It was resolved at {spoken_time(incident.resolved)}, after {lasted}: {incident.resolution}.")
    else:
        state = "is watched" if incident.status == "observing" else f"is with {incident.tier}"
        owner = f" ({source.name(incident.owner)})" if incident.owner else ""
        said.append(f"It {state}{owner}, {spoken_length(now - incident.opened)} after it was opened.")
    return plain(" ".join(" ".join(said).split()))


def _taken(source: Source) -> str:
    for event in source.events:
        if event.kind in ("acknowledged", "assigned"):
            who = source.name(event.data["to"] if event.kind == "assigned" else event.actor)
            return f"{who} had it after {spoken_length(event.at - source.incident.opened)}."
    return "Nobody acknowledged it."


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def found(events: Sequence[Event]) -> list[Finding]:
    """Every finding in the log, in order."""
    return [Finding.from_dict(record) for event in events for record in event.data.get("findings", ())]


def _impact(source: Source) -> tuple[tuple[str, str], ...]:
    incident, findings = source.incident, found(source.events)
    windows = sorted({finding.window for finding in findings})
    told = [("Model", incident.model), ("Severity", incident.severity)]
    if windows:
        span = windows[0] if len(windows) == 1 else f"{len(windows):,}, from {windows[0]} to {windows[-1]}"
        told.append(("Windows that were seen to be bad", span))
    if known := [source.rows[window] for window in windows if window in source.rows]:
        part = "" if len(known) == len(windows) else f", in {len(known):,} of these windows"
        told.append(("Rows in them", f"{sum(known):,}{part}"))
    for check in dict.fromkeys((finding.check, finding.subject, finding.statistic) for finding in findings):
        told.append(_measured([f for f in findings if (f.check, f.subject, f.statistic) == check]))
    if incident.members:
        still = len(incident.members) - len(incident.over)
        told.append(("Models of the storm", f"{len(incident.members):,}, of which {still:,} are still bad"))
    if incident.resolved:
        told.append(("Afterwards", incident.resolution))
    return tuple((plain(label), plain(what)) for label, what in told)


def _measured(same: Sequence[Finding]) -> tuple[str, str]:
    first, last = same[0], same[-1]
    label = first.check.replace("_", " ").capitalize()
    label += "" if first.subject == first.check else f" of {first.subject}"
    statistic = "" if first.statistic == first.check else f"{first.statistic} "
    later = "" if len(same) == 1 else f", {last.value:.4g} when it was last seen"
    return label, f"{statistic}{first.value:.4g}{later} (limit {first.threshold:.4g})"


def _steps(source: Source) -> tuple[Step, ...]:
    """The first time of each; of the end, the last."""
    what = {
        "opened": "Opened", "paged": "Somebody was called", "acknowledged": "Acknowledged", "assigned": "Acknowledged",
        "runbook_started": "First runbook", "escalated": "Escalated", "promoted": "Another version in service",
    }  # fmt: skip
    firsts: dict[str, datetime] = {}
    for event in source.events:
        if event.kind in what:
            firsts.setdefault(what[event.kind], event.at)
    if source.incident.resolved:
        firsts["Resolved"] = source.incident.resolved
    opened = source.incident.opened
    return tuple(Step(name, _time(at), (at - opened).total_seconds()) for name, at in firsts.items())


def _people(source: Source) -> tuple[tuple[str, str], ...]:
    did: dict[str, Counter[str]] = {}
    for event in source.events:
        if event.actor != MACHINE:
            did.setdefault(event.actor, Counter())[event.kind.replace("_", " ")] += 1
        if event.kind == "paged":
            did.setdefault(event.data["person"], Counter())["was called"] += 1
    return tuple(
        (source.name(user), ", ".join(what if n == 1 else f"{what} ({_times(n)})" for what, n in deeds.items()))
        for user, deeds in did.items()
    )


def _answers(source: Source, parts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    asked = {"text": "Findings", **FINDINGS}
    return tuple((question, source.text(parts[key])) for key, question in asked.items() if parts.get(key))


def _tried(source: Source, run: Run) -> Tried:
    ended = [e for e in source.events if e.kind == "runbook_finished" and e.data["run"] == run.id]
    said = source.text(ended[-1].data.get("output")) if ended else ""
    output = "\n".join(said.partition(VERIFICATION)[0].strip().splitlines()[-TAIL:])
    return Tried(
        run.id, plain(run.runbook), plain(run.title), source.name(run.by), _time(run.started),
        (run.finished - run.started).total_seconds() if run.finished else None, run.verdict, plain(run.sentence),
        tuple(map(plain, run.windows)), cut(output, 4000), run.undone,
    )  # fmt: skip


def _decision(source: Source, approval: Approval) -> Decision:
    votes = tuple(
        (source.name(v.by), _time(v.at), "yes" if v.approves else "no", source.text(v.reason)) for v in approval.votes
    )
    return Decision(
        approval.id, plain(approval.question), source.name(approval.requested_by), source.text(approval.why),
        approval.decision, approval.needed, votes, plain(approval.sentence),
    )  # fmt: skip


def _timeline(source: Source) -> tuple[Entry, ...]:
    entries, before = [], source.incident.opened
    for event in source.events:
        told, quotes = _unmarked(tell(event, source.people, source.text_of))
        after = (event.at - before).total_seconds()
        entries.append(Entry(event.seq, _time(event.at), after, source.name(event.actor), event.kind, told, quotes))
        before = event.at
    return tuple(entries)


def _unmarked(told: str) -> tuple[str, tuple[str, ...]]:
    """A line of the thread without the chat's markup, and what it quotes; what a run printed is told elsewhere."""
    told, _, _ = told.partition("\n```")
    first, *others = plain(html.unescape(told)).split("\n")
    bare = re.sub(r"\*(\S[^*]*)\*", r"\1", first.replace("`", ""))
    return bare, tuple(line.removeprefix("> ") for line in others if line.strip())


def _at(source: Source, seq: int) -> datetime:
    return next(event.at for event in source.events if event.seq == seq)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
