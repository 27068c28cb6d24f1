"""What looks at incidents and changes nothing."""

from functools import partial

from bot.request import MOST, Request, Verb, incident_of
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import TIERS
from tidewatch.domain.people import MAY, Person
from tidewatch.operations.fleet import held_back
from tidewatch.operations.journal import UnknownIncident, load, send_job, text_of
from tidewatch.operations.report import open_incidents
from tidewatch.ports import Ports
from tidewatch.render.cards import ICONS, clock
from tidewatch.render.storm_card import still_bad
from tidewatch.render.thread import timeline


def _status(request: Request) -> str:
    if request.words:
        incident = load(request.ports, incident_of(request)[0])
        return f"{_line(request.ports, incident)}\n{incident.finding.sentence}.\n{still_bad(incident)}".rstrip()
    incidents = open_incidents(request.ports)
    if not incidents:
        return "✅ Nothing is open."
    return "\n".join(_line(request.ports, incident) for incident in incidents[:20])


def _line(ports: Ports, incident: Incident) -> str:
    who = f"{ports.people.name(incident.owner)} has it" if incident.owner else f"waits for {incident.tier}"
    if incident.status in ("observing", "resolved"):
        who = incident.status
    elif incident.quiet:
        who = {
            "storm": f"part of {incident.storm}",
            "silence": f"silenced by {incident.silence}",
            "flapping": "flapping",
        }[incident.quiet]
    return f"{ICONS[incident.status]} *{incident.id}* {incident.title} · {who} · since {clock(incident.since)} UTC"


def _timeline(request: Request) -> str:
    incident, _ = incident_of(request)
    return incident_timeline(request.ports, incident)


def incident_timeline(ports: Ports, incident: str) -> str:
    """As much of the end as one message holds; of a longer one, the whole comes into the thread. Raises
    UnknownIncident."""
    events = ports.log.read(incident)
    if fold(events) is None:
        raise UnknownIncident(incident)
    story = timeline(events, ports.people, partial(text_of, ports, incident))
    if len(story) <= MOST:
        return story
    send_job(ports, {"do": "attach_timeline", "incident": incident})
    note = "… (the beginning is cut; the whole comes into its thread as a file)\n"
    end = story[len(note) - MOST :]
    return note + (end.partition("\n")[2] or end)


def _whoami(request: Request) -> str:
    person = request.ports.people.get(request.user)
    if person is None:
        return "I don't know you: ask for an entry in people.yaml."
    may = sorted(action.replace("_", " ") for action, tier in MAY.items() if person.tier >= tier)
    teams = ", ".join(person.teams) or "every team"
    lines = [f"You are {person.name}, {person.tier}, for {teams}. You may {', '.join(may)}."]
    for tier in TIERS[TIERS.index(person.tier) + 1 :]:
        if refused := sorted(action.replace("_", " ") for action, lowest in MAY.items() if lowest == tier):
            who = [p.name for p in request.ports.people.everyone if p.tier >= tier and _shares_team(p, person)]
            lines.append(f"Refused: {', '.join(refused)}; that takes {tier}. Ask {' or '.join(who) or 'for one'}.")
    if person.tier != "L3":
        lines.append(
            f"Refused: to acknowledge what is with a tier above {person.tier}, or to call L3 without findings."
        )
    lines.append("Refused to everybody: to decide what you asked for yourself.")
    if person.teams:
        lines.append(f"Refused: every button of a model that is not of {teams}.")
    return "\n".join(lines)


def _shares_team(one: Person, other: Person) -> bool:
    return not one.teams or not other.teams or bool({*one.teams} & {*other.teams})


def _held(request: Request) -> str:
    held = held_back(request.ports)
    if not held:
        return "Nothing is held back."
    return "\n".join(
        f"{each.model} {each.window}: {'; '.join(each.sentences)}. Held back: q = {each.q:.2f} over "
        f"{each.windows:,} windows of a day."
        for each in held
    )


VERBS = {
    "status": Verb("status [INC]", "what is open", _status),
    "timeline": Verb("timeline INC", "everything that happened", _timeline),
    "whoami": Verb("whoami", "who you are to me, what you may do, and why a button is refused", _whoami),
    "held": Verb("held", "what chance explains in so large a fleet, and nobody was called for", _held),
}
