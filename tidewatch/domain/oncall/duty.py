"""Whom a page reaches at a moment, and what says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tidewatch.domain.oncall.rota import ROLES, Role, Rota, Shift, shifts, stand_in
from tidewatch.domain.part import Part
from tidewatch.domain.response import Response

ANY_TEAM = "any"  # the entry of teams that have none of their own
_A_MOMENT = timedelta(microseconds=1)


class TeamPlan(Part):
    """How one team answers, and who of it is on call."""

    response: Response = Response()
    rotas: dict[Role, Rota] = {}


class OnCallPlan(Part):
    """What `oncall.yaml` says, by team."""

    teams: dict[str, TeamPlan] = {}

    def of(self, team: str) -> TeamPlan:
        return self.teams.get(team) or self.teams.get(ANY_TEAM) or TeamPlan()


@dataclass(frozen=True)
class Callee:
    """Somebody who is called, and why it is this person."""

    person: str
    entry: str  # "days", "next turn of days", "owners": goes into the log with the page
    until: datetime | None = None


@dataclass(frozen=True)
class Duty:
    """A team's rotas, and who was put in from the chat, the latest last."""

    rotas: Mapping[Role, Rota] = field(default_factory=dict)
    standing_in: Mapping[Role, Sequence[Shift]] = field(default_factory=dict)

    def of(self, role: Role, now: datetime, owners: Iterable[str] = ()) -> tuple[Callee, ...]:
        """In the order of being called. Without a rota it is whoever stands in, then the owners."""
        instead = self.standing_in.get(role, ())
        rota = self.rotas.get(role)
        found = shifts(rota, now, now + _A_MOMENT, instead) if rota else stand_in([], instead)
        callees = [Callee(shift.person, shift.entry, shift.ends) for shift in found if shift.covers(now)]
        if role not in self.rotas:
            callees += [Callee(person, "owners") for person in owners]
        first_entry: dict[str, Callee] = {}
        for callee in callees:
            first_entry.setdefault(callee.person, callee)
        return tuple(first_entry.values())

    @property
    def roles(self) -> list[Role]:
        return [role for role in ROLES if role in self.rotas or self.standing_in.get(role)]
