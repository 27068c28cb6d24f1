"""Who is on call, putting somebody else in, and what people saw themselves."""

import re
from datetime import timedelta

from bot.request import Request, Verb
from tidewatch.domain.events import Cause
from tidewatch.domain.model_spec import duration
from tidewatch.domain.oncall.rota import Role
from tidewatch.domain.people import Refused
from tidewatch.operations.duty import override, role_of, teams, who_is_on_call
from tidewatch.operations.seen import report_seen
from tidewatch.ports import Ports
from tidewatch.render.times import told

_MODEL = re.compile(r"[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*")
_OVERRIDE = re.compile(
    r"(?:(?P<team>[a-z0-9][a-z0-9-]*)\s+)?(?P<role>L[123]|(?:duty[-_ ])?manager)\s+"
    r"<?@?(?P<person>[UW][A-Z0-9]+)(?:\|[^>]*)?>?\s+(?P<length>\d{1,4}[smhdw])\s+(?P<reason>\S.*)",
    re.IGNORECASE | re.DOTALL,
)


def _oncall(request: Request) -> str:
    action, _, words = request.words.partition(" ")
    if action == "override":
        return _override(request, words.strip())
    person = request.ports.people.get(request.user)
    return who_is_on_call(request.ports, request.ports.clock.now(), action, person.zone if person else "")


def _override(request: Request, words: str) -> str:
    said = _OVERRIDE.fullmatch(words)
    length = duration(said["length"].lower()) if said else None
    role = role_of(said["role"]) if said else None
    if said is None or role is None or not isinstance(length, timedelta):
        raise Refused("Say it as in `oncall override L1 @ana 4h at the dentist`: tier, who, how long and why.")
    ports, team = request.ports, _team(request, (said["team"] or "").lower(), role)
    shift = override(ports, team, role, said["person"].upper(), length, said["reason"], request.cause)
    until = told(shift.ends, person.zone if (person := ports.people.get(shift.person)) else "", shift.starts)
    return f"{ports.people.name(shift.person)} is called first as {role.replace('_', ' ')} of {team} until {until}."


def _team(request: Request, named: str, role: Role) -> str:
    known = teams(request.ports)
    person = request.ports.people.get(request.user)
    mine = [team for team in known if not person or not person.teams or team in person.teams]
    if named in known or (named and not known):
        return named
    if named or len(mine) != 1:
        example = f"`oncall override {(mine or known or ['nyc'])[0]} {role} …`"
        raise Refused(
            f"Which team? Say it first, as in {example}. Teams: {', '.join(known) or 'none are written down'}."
        )
    return mine[0]


def _report(request: Request) -> str:
    model, _, text = request.words.partition(" ")
    incident = report(request.ports, model, text, request.cause)
    return f"What you saw is in {incident}; the people on call are told."


def report(ports: Ports, model: str, seen: str, cause: Cause) -> str:
    """The incident that holds it now. Raises Refused."""
    named = model.strip().lower()
    if not _MODEL.fullmatch(named) or not seen.strip():
        raise Refused("Say which model and what was seen, as in `report nyc/flight-delays all flights on time today`.")
    return report_seen(ports, named, seen.strip(), cause)


VERBS = {
    "oncall": Verb("oncall [TEAM] | oncall override [TEAM] TIER @user 4h why", "who is on call until when", _oncall),
    "report": Verb("report [MODEL what was seen]", "tell what no check found; alone, in a form", _report),
}
