"""Who is on call until when, and where a rota has holes."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tidewatch.domain.oncall.duty import Callee, Duty
from tidewatch.domain.oncall.holes import Hole
from tidewatch.domain.oncall.rota import Role
from tidewatch.domain.people import People
from tidewatch.render.times import told


def duty_line(role: Role, callees: Sequence[Callee], duty: Duty, people: People, now: datetime, zone: str) -> str:
    name = role_name(role)
    if not callees:
        return f"{name}: ⚠️ nobody"
    first, *others = callees
    until = f" until {told(first.until, zone, now)}" if first.until else ""
    then = duty.of(role, first.until)[:1] if first.until else ()
    after = f", then {people.name(then[0].person)}" if then and then[0].person != first.person else ""
    seconds = f" · next: {', '.join(people.name(other.person) for other in others)}" if others else ""
    return f"{name}: *{people.name(first.person)}* ({first.entry}){until}{after}{seconds}"


def role_name(role: Role) -> str:
    return role.replace("_", " ")


def hole_line(team: str, role: Role, zone: str, hole: Hole, people: People) -> str:
    """nyc L1: nobody from Mon 2 Mar 2026 09:00 to 17:00 New York, 14:00 to 22:00 UTC."""
    who = "nobody" if hole.kind == "gap" else f"{' and '.join(people.name(p) for p in hole.people)} at once"
    layers = f" ({' and '.join(hole.layers)})" if hole.kind == "overlap" else ""
    local = _span(hole, ZoneInfo(zone))
    utc = _span(hole, ZoneInfo("UTC"))
    return f"{team} {role_name(role)}: {who} from {local} {zone}, {utc} UTC{layers}"


def _span(hole: Hole, zone: ZoneInfo) -> str:
    starts, ends = hole.starts.astimezone(zone), hole.ends.astimezone(zone)
    until = f"{ends:%H:%M}" if starts.date() == ends.date() else _day(ends)
    return f"{_day(starts)} to {until}"


def _day(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b %Y %H:%M}"
