"""What people do with an incident."""

import re
from datetime import timedelta

from bot.request import Request, Verb, incident_of, with_text
from tidewatch.domain.model_spec import duration
from tidewatch.domain.people import Refused
from tidewatch.operations import respond
from tidewatch.operations.duty import team_duty
from tidewatch.operations.suggestion import suggestion
from tidewatch.render.cards import clock

EVERYTHING = "everything"  # of a model is accepted, not only the columns of the incident
LONGEST_WATCH = timedelta(days=366)


def _acknowledge(request: Request) -> str:
    incident = respond.acknowledge(request.ports, incident_of(request)[0], request.cause)
    runbook = suggestion(request.ports, incident)
    then = f" Next: `{request.ports.command} runbook run {incident.id}` ({runbook.title})." if runbook else ""
    return f"You have {incident.id}.{then}"


def _unacknowledge(request: Request) -> str:
    incident = respond.unacknowledge(request.ports, incident_of(request)[0], request.cause)
    return f"{incident.id} waits for somebody again."


def _escalate(request: Request) -> str:
    incident, reason = with_text(request, "why")
    after = respond.escalate(request.ports, incident, reason, request.cause)
    ports, team = request.ports, after.model.partition("/")[0]
    on_call = team_duty(ports, team).of(after.tier, ports.clock.now(), after.owners.get(after.tier, ()))
    called = f"{ports.people.name(on_call[0].person)} is paged" if on_call else "nobody of it is on call"
    return f"{incident} is with {after.tier}; {called}."


def _assign(request: Request) -> str:
    incident, words = incident_of(request)
    mentioned = re.fullmatch(r"<@([A-Z0-9]+)(?:\|[^>]*)?>|@?([UW][A-Z0-9]+)", words)
    if not mentioned:
        raise Refused(f"Say to whom, as in `assign {incident} @ben`.")
    after = respond.assign(request.ports, incident, mentioned[1] or mentioned[2], request.cause)
    return f"{request.ports.people.name(after.owner)} has {incident} now."


def _resolve(request: Request) -> str:
    incident, reason = incident_of(request)
    respond.request_resolution(request.ports, incident, reason, request.cause)
    return f"The check that opened {incident} runs again; the card says how it ends."


def _note(request: Request) -> str:
    incident, text = with_text(request, "what to note")
    respond.note(request.ports, incident, text, request.cause)
    return f"Noted in {incident}."


def _findings(request: Request) -> str:
    incident, text = with_text(request, "what was examined, the suspected cause and what was tried")
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
    incident, text = with_text(request, "why it is usual from now on")
    first, _, rest = text.partition(" ")
    everything = first.lower() == EVERYTHING and bool(rest.strip())
    why = rest.strip() if everything else text
    after = respond.accept(request.ports, incident, why, request.cause, everything=everything)
    return f"{incident} is {after.resolution}."


VERBS = {
    "ack": Verb("ack INC", "take an incident", _acknowledge),
    "unack": Verb("unack INC", "give it back", _unacknowledge),
    "assign": Verb("assign INC @user", "hand it to somebody by name", _assign),
    "escalate": Verb("escalate INC why", "call the next tier", _escalate),
    "resolve": Verb(
        "resolve INC [reason]", "close it if its check passes; a reason closes it all the same (L2)", _resolve
    ),
    "note": Verb("note INC text", "write something down", _note),
    "findings": Verb(
        "findings INC examined; cause; tried", "what L2 knows, in three parts; needed before L3", _findings
    ),
    "watch": Verb("watch INC 14d why", "let it run under observation (L2)", _watch),
    "accept": Verb(
        f"accept INC [{EVERYTHING}] why", "the change is right: it is what is usual from now on (L2)", _accept
    ),
}
