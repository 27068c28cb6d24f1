"""The verbs of the slash command: a verb and its help in one place."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from tidewatch.domain.events import Cause
from tidewatch.domain.incident import Incident, fold
from tidewatch.domain.model_spec import duration
from tidewatch.domain.people import MAY, Refused
from tidewatch.operations import respond
from tidewatch.operations.fleet import held_back
from tidewatch.operations.journal import UnknownIncident, load, text_of
from tidewatch.operations.report import open_incidents
from tidewatch.operations.retrain import request_retraining
from tidewatch.operations.runbooks import start_run, suggestion
from tidewatch.ports import Ports
from tidewatch.render.blocks import cut
from tidewatch.render.cards import ICONS, clock
from tidewatch.render.thread import timeline

MOST = 3900  # characters of an answer: Slack refuses or splits what is longer than 4,000
EVERYTHING = "everything"  # of a model is accepted, not only the columns of the incident
LONGEST_WATCH = timedelta(days=366)


@dataclass(frozen=True)
class Request:
    ports: Ports
    cause: Cause
    words: str  # what follows the verb

    @property
    def user(self) -> str:
        return self.cause.actor


@dataclass(frozen=True)
class Verb:
    usage: str
    help: str
    answer: Callable[[Request], str]


def answer(ports: Ports, cause: Cause, text: str) -> str:
    """The verdict on one command, as a private message. Refusals are answers, not errors."""
    return cut(_answer(ports, cause, text), MOST)


def _answer(ports: Ports, cause: Cause, text: str) -> str:
    verb, _, words = text.strip().partition(" ")
    name = ALIASES.get(verb.lower(), verb.lower()) or "help"
    if name not in VERBS:
        return _unknown(ports.command, name)
    try:
        return VERBS[name].answer(Request(ports, cause, words.strip()))
    except (Refused, UnknownIncident) as refusal:
        return str(refusal)


def incident_of(request: Request) -> tuple[str, str]:
    """The incident that is named first, and the words after it; without a name, the only open one."""
    first, _, rest = request.words.partition(" ")
    bare = first.upper().removeprefix("INC-")
    if re.fullmatch(r"[0-9]{1,9}", bare):
        return f"INC-{bare}", rest.strip()
    if first.upper().startswith("INC-"):  # mistyped: never let it fall on another incident
        raise UnknownIncident(first)
    incidents = open_incidents(request.ports)
    mine = [incident for incident in incidents if incident.owner == request.user] or incidents
    if len(mine) == 1:
        return mine[0].id, request.words
    if not mine:
        raise Refused("Nothing is open.")
    raise Refused(f"Which one? {', '.join(f'{i.id} ({i.title})' for i in mine[:5])}.")


def _status(request: Request) -> str:
    if request.words:
        incident = load(request.ports, incident_of(request)[0])
        return f"{_line(request.ports, incident)}\n{incident.finding.sentence}."
    incidents = open_incidents(request.ports)
    if not incidents:
        return "✅ Nothing is open."
    return "\n".join(_line(request.ports, incident) for incident in incidents[:20])


def _line(ports: Ports, incident: Incident) -> str:
    who = f"{ports.people.name(incident.owner)} has it" if incident.owner else f"waits for {incident.tier}"
    if incident.status in ("observing", "resolved"):
        who = incident.status
    return f"{ICONS[incident.status]} *{incident.id}* {incident.title} · {who} · since {clock(incident.since)} UTC"


def _acknowledge(request: Request) -> str:
    incident = respond.acknowledge(request.ports, incident_of(request)[0], request.cause)
    runbook = suggestion(request.ports, incident)
    then = f" Next: `{request.ports.command} runbook run {incident.id}` ({runbook.title})." if runbook else ""
    return f"You have {incident.id}.{then}"


def _unacknowledge(request: Request) -> str:
    incident = respond.unacknowledge(request.ports, incident_of(request)[0], request.cause)
    return f"{incident.id} waits for somebody again."


def _with_text(request: Request, what: str) -> tuple[str, str]:
    incident, text = incident_of(request)
    if not text:
        raise Refused(f"Say {what} behind {incident}.")
    return incident, text


def _escalate(request: Request) -> str:
    incident, reason = _with_text(request, "why")
    after = respond.escalate(request.ports, incident, reason, request.cause)
    called = ", ".join(request.ports.people.name(user) for user in after.owners.get(after.tier, ()))
    return f"{incident} is with {after.tier}{f' ({called})' if called else ''}."


def _resolve(request: Request) -> str:
    incident, reason = incident_of(request)
    respond.request_resolution(request.ports, incident, reason, request.cause)
    return f"The check that opened {incident} runs again; the card says how it ends."


def _note(request: Request) -> str:
    incident, text = _with_text(request, "what to note")
    respond.note(request.ports, incident, text, request.cause)
    return f"Noted in {incident}."


def _findings(request: Request) -> str:
    incident, text = _with_text(request, "what was examined, the suspected cause and what was tried")
    respond.write_findings(request.ports, incident, text, request.cause)
    return f"Your findings are in {incident}; L3 may be called now."


def _watch(request: Request) -> str:
    incident, text = incident_of(request)
    span, _, reason = text.partition(" ")
    length = duration(span) if len(span) < 8 else None  # longer spans overflow the calendar
    if not isinstance(length, timedelta) or not timedelta(0) < length <= LONGEST_WATCH or not reason:
        raise Refused(f"Say how long and why, as in `watch {incident} 14d one stormy week`.")
    after = respond.watch(request.ports, incident, length, reason, request.cause)
    return f"{incident} is watched until {clock(after.watch_until or after.since)} UTC."


def _accept(request: Request) -> str:
    incident, text = _with_text(request, "why it is usual from now on")
    first, _, rest = text.partition(" ")
    everything = first.lower() == EVERYTHING and bool(rest.strip())
    why = rest.strip() if everything else text
    after = respond.accept(request.ports, incident, why, request.cause, everything=everything)
    return f"{incident} is {after.resolution}."


def _held(request: Request) -> str:
    held = held_back(request.ports)
    if not held:
        return "Nothing is held back."
    return "\n".join(
        f"{each.model} {each.window}: {'; '.join(each.sentences)}. Held back: q = {each.q:.2f} over "
        f"{each.windows:,} windows of a day."
        for each in held
    )


def _runbook(request: Request) -> str:
    action, _, words = request.words.partition(" ")
    runbooks = {runbook.name: runbook for runbook in request.ports.runbooks}
    if action == "run":
        name, incident = "", words.split()
        if incident and incident[0] in runbooks:
            name, incident = incident[0], incident[1:]
        elif len(incident) > 1:
            name = incident[1]
        identity = incident_of(Request(request.ports, request.cause, incident[0] if incident else ""))[0]
        _, runbook = start_run(request.ports, identity, name, request.cause)
        return f"`{runbook.name}` runs for {identity} ({runbook.takes}); the thread shows how it ends."
    if action == "show" and words.strip() in runbooks:
        book = runbooks[words.strip()]
        return (
            f"*{book.name}* ({book.tier}): {book.title}.\nWhen: {', '.join(book.when.checks)}. "
            f"Run: `{' '.join(book.run)}`. Resolved if `{' '.join(book.verify)}` says so. {book.touches}; {book.takes}."
        )
    return "\n".join(f"`{book.name}` ({book.tier}): {book.title}" for book in runbooks.values())


def _retrain(request: Request) -> str:
    incident, reason = _with_text(request, "why")
    request_retraining(request.ports, incident, reason, request.cause)
    return f"A challenger is trained for {incident}; the comparison comes as a question somebody else decides."


def _approvals(request: Request) -> str:
    pending = [incident.pending for incident in open_incidents(request.ports) if incident.pending]
    if not pending:
        return "Nothing waits for a decision."
    people = request.ports.people
    return "\n".join(f"❓ `{p.id}` {p.question} · asked by {people.name(p.requested_by)}" for p in pending)


def _decide(request: Request, decision: respond.Decision) -> str:
    identity, _, reason = request.words.partition(" ")
    respond.decide(request.ports, identity.upper(), decision, reason, request.cause)
    return f"{identity.upper()} is {decision}."


def _timeline(request: Request) -> str:
    incident, _ = incident_of(request)
    return incident_timeline(request.ports, incident)


def incident_timeline(ports: Ports, incident: str) -> str:
    """As much of the end as one message holds. Raises UnknownIncident."""
    events = ports.log.read(incident)
    if fold(events) is None:
        raise UnknownIncident(incident)
    story = timeline(events, ports.people, partial(text_of, ports, incident))
    if len(story) <= MOST:
        return story
    note = "… (the beginning is cut)\n"
    end = story[len(note) - MOST :]
    return note + (end.partition("\n")[2] or end)


def _whoami(request: Request) -> str:
    person = request.ports.people.get(request.user)
    if person is None:
        return "I don't know you: ask for an entry in people.yaml."
    may = sorted(action.replace("_", " ") for action, tier in MAY.items() if person.tier >= tier)
    teams = ", ".join(person.teams) or "every team"
    return f"You are {person.name}, {person.tier}, for {teams}. You may {', '.join(may)}."


def _help(request: Request) -> str:
    return "\n".join(f"`{request.ports.command} {verb.usage}` {verb.help}" for verb in VERBS.values())


def _unknown(command: str, name: str) -> str:
    known = [*VERBS, *ALIASES]
    starts = [verb for verb in known if verb.startswith(name)]
    close = starts[:1] if len(starts) == 1 else difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean `{command} {close[0]}`? " if close else ""
    return f"I don't know `{cut(name, 40)}`. {hint}`{command} help` lists everything."


VERBS = {
    "status": Verb("status [INC]", "what is open", _status),
    "ack": Verb("ack INC", "take an incident", _acknowledge),
    "unack": Verb("unack INC", "give it back", _unacknowledge),
    "runbook": Verb("runbook list|show NAME|run INC [NAME]", "the remedies", _runbook),
    "escalate": Verb("escalate INC why", "call the next tier", _escalate),
    "resolve": Verb(
        "resolve INC [reason]", "close it if its check passes; a reason closes it all the same (L2)", _resolve
    ),
    "note": Verb("note INC text", "write something down", _note),
    "findings": Verb("findings INC text", "what L2 examined, suspects and tried; needed before L3", _findings),
    "watch": Verb("watch INC 14d why", "let it run under observation (L2)", _watch),
    "accept": Verb(
        f"accept INC [{EVERYTHING}] why", "the change is right: it is what is usual from now on (L2)", _accept
    ),
    "held": Verb("held", "what chance explains in so large a fleet, and nobody was called for", _held),
    "retrain": Verb("retrain INC why", "train a challenger and compare it (L2)", _retrain),
    "approvals": Verb("approvals", "what waits for a decision", _approvals),
    "approve": Verb(
        "approve INC-1-A1 reason", "say yes; never to your own request", partial(_decide, decision="approved")
    ),
    "reject": Verb("reject INC-1-A1 reason", "say no", partial(_decide, decision="rejected")),
    "timeline": Verb("timeline INC", "everything that happened", _timeline),
    "whoami": Verb("whoami", "who you are to me, and what you may do", _whoami),
    "help": Verb("help", "this list", _help),
}
ALIASES = {"claim": "ack", "acknowledge": "ack", "close": "resolve", "rb": "runbook", "deny": "reject", "who": "whoami"}
