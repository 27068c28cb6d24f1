"""Silences and maintenance windows: records of their own, each with a trail that is only ever added to.

A silence's name says all that decides, so that one listing answers whether something is silenced. Its trail says who
set it, who ended it, when and why. What is over moves to `past/`, out of that listing; trails stay where they are.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.domain.silence import Silence, covering, proposed
from tidewatch.operations.journal import keep_text_at, load, record, text_of
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobExists

SILENCES = "silences"
CURRENT, PAST, TRAIL = "current/", "past/", "trail/"
_NONE = "-"


def silences(ports: Ports) -> list[Silence]:
    """Those that are set and not over, of every model: one listing."""
    return [_parsed(blob.name) for blob in ports.blobs.list(SILENCES, CURRENT)]


def silence(ports: Ports, wanted: Silence, why: str, cause: Cause) -> Silence:
    """Set it: nobody is called about what it covers until it ends. Its id is given here. Raises Refused, and
    UnknownIncident for an incident that does not exist."""
    _may(ports, "silence" if wanted.kind == "silence" else "plan_maintenance", wanted.model, cause)
    if not why:
        raise Refused("A silence needs a reason: whoever is woken when it ends will read it.")
    wanted = proposed(wanted, ports.clock.now())
    before = max((int(_id(blob.name)[4:]) for blob in ports.blobs.list(SILENCES, TRAIL)), default=0)
    while True:
        wanted = replace(wanted, id=f"SIL-{before + 1}")
        try:
            _tell(ports, wanted.id, "1", "set", why, cause, scope=wanted.scope, until=wanted.until.isoformat())
        except BlobExists:
            before += 1
            continue
        ports.blobs.put(SILENCES, f"{CURRENT}{_name(wanted)}", b"")
        return wanted


def unsilence(ports: Ports, identity: str, why: str, cause: Cause) -> Silence:
    """End it now: what is still bad calls people with the next sweep. Raises Refused."""
    found = next((each for each in silences(ports) if each.id == identity), None)
    if found is None:
        raise Refused(f"There is no silence {identity} any more; `silence list` shows those there are.")
    _may(ports, "unsilence", found.model, cause)
    _tell(ports, found.id, "2", "ended", why, cause)
    _put_away(ports, found)
    return found


def trail(ports: Ports, identity: str) -> list[dict[str, Any]]:
    """Who did what to a silence, when and why, in order."""
    names = [blob.name for blob in ports.blobs.list(SILENCES, f"{TRAIL}{identity}/")]
    told = [json.loads(ports.blobs.get(SILENCES, name)) for name in names]
    return [each | {"why": text_of(ports, identity, each.get("why"))} for each in told]


def say_erased(ports: Ports, identity: str, person: str, digests: Sequence[str], cause: Cause) -> None:
    """A person's reasons are about to be erased: the trail says so."""
    _tell(ports, identity, f"erased-{digests[0][:16]}", "erased", "", cause, person=person)


def keep_quiet(ports: Ports, incident: Incident, known: list[Silence]) -> Incident:
    """Tell an incident that a silence covers it now, or that its silence is over; what is still bad then calls."""
    if incident.status == "resolved":
        return incident
    covers = covering(known, incident.id, incident.finding, ports.clock.now())
    if (covers.id if covers else "") == incident.silence:
        return incident
    cause = Cause("tidewatch", "timer", f"silence:{incident.version}")

    def decide(now: Incident | None) -> list[Draft]:
        if now is None or now.status == "resolved" or now.silence == (covers.id if covers else ""):
            return []
        if covers is None:
            still = {"quiet": "storm"} if now.storm else {}
            return [Draft("silence_ended", {"silence": now.silence} | still)]
        return [Draft("silenced", {"silence": covers.id, "until": covers.until.isoformat(), "kind": covers.kind})]

    return record(ports, incident.id, cause, decide) or incident


def put_away_what_is_over(ports: Ports, known: list[Silence]) -> None:
    for each in known:
        if each.until <= ports.clock.now():
            _put_away(ports, each)


def _put_away(ports: Ports, over: Silence) -> None:
    """First kept, then taken away: whatever dies in between, the next sweep does again."""
    ports.blobs.put(SILENCES, f"{PAST}{_name(over)}", b"")
    ports.blobs.delete(SILENCES, f"{CURRENT}{_name(over)}")


def _tell(ports: Ports, identity: str, number: str, what: str, why: str, cause: Cause, **more: str) -> None:
    """Told already, it is left as it is; only a number that somebody else has just taken raises BlobExists."""
    kept = keep_text_at(ports, identity, why, cause.actor) if why else {}
    at = ports.clock.now().isoformat()
    told = {"what": what, "by": cause.actor, "via": cause.via, "at": at, "why": kept, **more}
    try:
        ports.blobs.put(SILENCES, f"{TRAIL}{identity}/{number}.json", json.dumps(told).encode(), if_absent=True)
    except BlobExists:
        if number == "1":
            raise


def _may(ports: Ports, action: str, scope: str, cause: Cause) -> None:
    model = load(ports, scope).model if scope.startswith("INC-") else scope
    ports.people.allow(cause.actor, action, model)


def _name(one: Silence) -> str:
    parts = [one.model, one.check or _NONE, one.segment or _NONE, one.kind]
    times = [at.isoformat(timespec="seconds") for at in (one.start, one.until)]
    return "/".join(quote(part, safe="*") for part in (one.id, *times, *parts))


def _parsed(name: str) -> Silence:
    identity, start, until, model, check, segment, kind = map(unquote, name.removeprefix(CURRENT).split("/"))
    return Silence(
        identity, model, datetime.fromisoformat(start), datetime.fromisoformat(until),
        "" if check == _NONE else check, "" if segment == _NONE else segment,
        "maintenance" if kind == "maintenance" else "silence",
    )  # fmt: skip


def _id(name: str) -> str:
    return name.split("/")[1]
