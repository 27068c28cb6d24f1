"""Who is on call now, and putting somebody else in.

What is put in from the chat is written down like everything else: one chained, append-only stream of events a team,
kept as one blob because every page reads all of it. Its free text lies beside it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tidewatch.domain.events import Cause, Draft, Event, chain, parse, verify
from tidewatch.domain.model_spec import TIERS
from tidewatch.domain.oncall.duty import ANY_TEAM, Duty
from tidewatch.domain.oncall.rota import FILLED_BY, ROLES, Role, Shift
from tidewatch.domain.people import Refused
from tidewatch.operations.journal import keep_text_at, text_of
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound
from tidewatch.render.blocks import escape
from tidewatch.render.oncall import duty_line

ONCALL = "oncall"
LONGEST = timedelta(days=31)  # who is away for longer belongs into the rota


def team_duty(ports: Ports, team: str) -> Duty:
    standing_in: dict[Role, list[Shift]] = {}
    for event in overrides(ports, team):
        shift = shift_of(event)
        if shift.ends > ports.clock.now():
            standing_in.setdefault(event.data["role"], []).append(shift)
    return Duty(ports.oncall.of(team).rotas, standing_in)


def override(ports: Ports, team: str, role: Role, person: str, length: timedelta, reason: str, cause: Cause) -> Shift:
    """From now on somebody else is called first, for a while; of two overrides the later counts. Raises Refused."""
    who = ports.people.allow(cause.actor, "override", f"{team}/")
    stands_in = ports.people.get(person)
    if role != "duty_manager" and who.tier < role:
        raise Refused(f"The rota of {role} is changed by {role} or a higher tier; you are {who.tier}.")
    if role == "duty_manager" and who.tier == "L1":
        raise Refused("The duty manager's rota is changed by L2 or L3; you are L1.")
    if stands_in is None or stands_in.tier not in FILLED_BY[role]:
        able = " or ".join(FILLED_BY[role])
        raise Refused(f"{role.replace('_', ' ')} takes somebody of {able} who is in people.yaml.")
    if stands_in.teams and team not in stands_in.teams:
        raise Refused(f"{stands_in.name} looks after {', '.join(stands_in.teams)}, not after {team}.")
    if not timedelta(0) < length <= LONGEST:
        raise Refused(f"An override takes at most {LONGEST.days} days; write longer changes into the rota.")
    now = ports.clock.now()
    text = keep_text_at(ports, f"{ONCALL}-{team}", reason, cause.actor)
    put_in = {"role": role, "person": person, "starts": now.isoformat(), "ends": (now + length).isoformat()}
    return shift_of(_record(ports, team, Draft("overridden", put_in | {"reason": text}), cause))


def overrides(ports: Ports, team: str) -> list[Event]:
    """Everybody who was ever put in, the latest last."""
    return [event for line in _lines(ports, team) if (event := parse(line)).kind == "overridden"]


def shift_of(event: Event) -> Shift:
    starts, ends = (datetime.fromisoformat(event.data[name]) for name in ("starts", "ends"))
    return Shift(event.data["person"], starts, ends, f"override {event.seq} of {event.at:%d %b}")


def say_erased(ports: Ports, place: str, person: str, texts: Sequence[str], cause: Cause) -> None:
    """In the stream of the team whose reasons lie at `place`."""
    gone = Draft("texts_erased", {"person": person, "texts": list(texts)})
    _record(ports, place.removeprefix(f"{ONCALL}-"), gone, cause)


def faults(ports: Ports) -> list[str]:
    """What does not hold in the streams of overrides, a sentence each."""
    teams = [blob.name.removesuffix(".jsonl") for blob in ports.blobs.list(ONCALL)]
    return [fault for team in teams for fault in verify(_stream(team), _lines(ports, team))]


def teams(ports: Ports) -> list[str]:
    """Those with a plan of their own, and those of people."""
    of_people = {team for person in ports.people.everyone for team in person.teams}
    return sorted({*ports.oncall.teams, *of_people} - {ANY_TEAM})


def who_is_on_call(ports: Ports, at: datetime, team: str = "", zone: str = "") -> str:
    """A line a role, for one team or all, with who was put in and why. Raises Refused for a team nobody knows."""
    known = teams(ports)
    if team and known and team not in known:
        raise Refused(f"There is no team {team}. There are: {', '.join(known)}.")
    return "\n".join(_of_team(ports, each, at, zone) for each in ([team] if team else known or [ANY_TEAM]))


def _of_team(ports: Ports, team: str, at: datetime, zone: str) -> str:
    duty, lines = team_duty(ports, team), [f"*{team}*"]
    for role in ROLES:
        owners = [p.id for tier in TIERS if tier == role for p in ports.people.of_tier(tier, team)]
        if callees := duty.of(role, at, owners):
            lines.append(duty_line(role, callees, duty, ports.people, at, zone))
        elif role != "duty_manager":
            lines.append(duty_line(role, (), duty, ports.people, at, zone))
    for event in overrides(ports, team):
        shift = shift_of(event)
        if shift.covers(at):
            by, why = ports.people.name(event.actor), text_of(ports, f"{ONCALL}-{team}", event.data["reason"])
            lines.append(f"↪️ {shift.entry}: {ports.people.name(shift.person)}, put in by {by}: {escape(why)}")
    return "\n".join(lines)


def _record(ports: Ports, team: str, draft: Draft, cause: Cause) -> Event:
    name = f"{team}.jsonl"
    while True:
        info, lines = ports.blobs.stat(ONCALL, name), _lines(ports, team)
        events = [parse(line) for line in lines]
        if same := [event for event in events if event.key == cause.key]:
            return same[0]
        (added,) = chain(_stream(team), [draft], events[-1] if events else None, cause, ports.clock.now())
        data = "\n".join([*lines, added.line(), ""]).encode()
        try:
            ports.blobs.put(ONCALL, name, data, if_absent=info is None, if_match=info.etag if info else None)
        except (BlobExists, BlobChanged):
            continue
        return added


def override_streams(ports: Ports) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Of every team that has one: its name, where its reasons lie, and what is stored."""
    for blob in ports.blobs.list(ONCALL):
        team = blob.name.removesuffix(".jsonl")
        yield _stream(team), f"{ONCALL}-{team}", _lines(ports, team)


def _lines(ports: Ports, team: str) -> Sequence[str]:
    try:
        return ports.blobs.get(ONCALL, f"{team}.jsonl").decode().splitlines()
    except BlobNotFound:
        return ()


def _stream(team: str) -> str:
    return f"{ONCALL}/{team}"


def role_of(word: str) -> Role | None:
    """L1, l2, "manager", "duty-manager" as people write them."""
    wanted = word.lower().replace("-", "_")
    return next((role for role in ROLES if wanted in (role.lower(), role.removeprefix("duty_"))), None)
