"""Looking at rotas: who is on call, and where nobody or two are."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tidewatch import compose
from tidewatch.commands.checking import InputRefused
from tidewatch.domain.oncall.holes import holes
from tidewatch.domain.people import Refused
from tidewatch.operations.duty import faults, team_duty, who_is_on_call
from tidewatch.ports import Ports
from tidewatch.render.oncall import hole_line, role_name
from tidewatch.settings import Settings


def check_rotas(home: Path, plan: Path | None, start: str, days: int) -> tuple[list[str], str]:
    """Every hole of the next days, a line each, and a sentence about the whole. Raises InputRefused."""
    ports = _ports(home, plan)
    since = _moment(start) if start else ports.clock.now()
    until = since + timedelta(days=days)
    rotas = [(team, role, rota) for team, own in ports.oncall.teams.items() for role, rota in own.rotas.items()]
    if not rotas:
        raise InputRefused(f"{plan or Settings(home=home).oncall_plan} has no rota to check; docs/oncall.md shows one")
    found = faults(ports)
    for team, role, rota in rotas:
        standing_in = team_duty(ports, team).standing_in.get(role, ())
        found += [
            hole_line(team, role, rota.zone, hole, ports.people) for hole in holes(rota, since, until, standing_in)
        ]
    what = ", ".join(f"{team} {role_name(role)}" for team, role, _ in rotas)
    span = f"from {since:%Y-%m-%d} to {until:%Y-%m-%d}"
    return found, f"{what}: {f'{len(found)} gaps and overlaps' if found else 'no gap and no overlap'} {span}."


def who(home: Path, at: str, team: str) -> str:
    """Raises InputRefused."""
    ports = _ports(home, None)
    try:
        return who_is_on_call(ports, _moment(at) if at else ports.clock.now(), team)
    except Refused as refused:
        raise InputRefused(str(refused)) from None


def _ports(home: Path, plan: Path | None) -> Ports:
    if plan and not plan.is_file():
        raise InputRefused(f"there is no file {plan}; give the path of an oncall.yaml")
    settings = Settings(home=home)
    try:
        return compose.compose(settings.model_copy(update={"oncall": plan or settings.oncall}))
    except (ValueError, OSError) as error:
        raise InputRefused(str(error)) from error


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputRefused(f"'{text}' is no time; write such as 2026-03-08T02:30 (UTC) or with +01:00") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
