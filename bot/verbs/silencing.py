"""What is not to call anybody for a while, and what is no part of a storm."""

import re
from datetime import UTC, datetime, time, timedelta

from bot.request import Request, Verb, with_text
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import duration
from tidewatch.domain.people import Refused
from tidewatch.domain.silence import ALL, Silence
from tidewatch.operations import quieten
from tidewatch.operations.shelf import Shelf, UnknownModel
from tidewatch.operations.silences import silences, trail
from tidewatch.operations.storms import split
from tidewatch.ports import Ports
from tidewatch.render.cards import clock

SCOPE = re.compile(r"INC-[0-9]{1,9}|[a-z0-9][a-z0-9-]*/([a-z0-9][a-z0-9-]*|\*)")


def _silence(request: Request) -> str:
    if request.words in ("", "list"):
        return _listed(request.ports)
    scope, rest = _scope(request)
    narrowed = dict(re.findall(r"(?:^|\s)(check|segment)=(\S+)", rest))
    span, _, why = re.sub(r"(^|\s)(check|segment)=\S+", "", rest).strip().partition(" ")
    now = request.ports.clock.now()
    until = _moment(span, now)
    if until is None:
        raise Refused(f"Say how long and why, as in `silence {scope} 4h the feed is being repaired`.")
    wanted = Silence("", scope, now, until, narrowed.get("check", ""), narrowed.get("segment", ""))
    return _set(request, wanted, why)


def _maintenance(request: Request) -> str:
    scope, rest = _scope(request)
    first, second, why = [*rest.split(None, 2), "", "", ""][:3]
    now = request.ports.clock.now()
    start = now if first == "now" else _moment(first, now)
    until = _moment(second, start) if start else None
    if start is None or until is None or scope.startswith("INC-"):
        raise Refused(
            "Say a model, from when, to when (UTC) and why, as in `maintenance acme/parcels 22:00 2h new gateway` or "
            "`maintenance acme/* 2026-12-01T22:00 2026-12-02T01:00 move`."
        )
    return _set(request, Silence("", scope, start, until, kind="maintenance"), why)


def _set(request: Request, wanted: Silence, why: str) -> str:
    made, quiet = quieten.silence(request.ports, wanted, why.strip(), request.cause)
    begins = f" from {clock(made.start)}" if made.start > request.ports.clock.now() else ""
    return (
        f"🔕 {made.id}: {made.scope} is silenced{begins} until {clock(made.until)} UTC{_named(quiet)}. Checks still "
        f"run, and what is still bad then calls people. `{request.ports.command} unsilence {made.id}` ends it."
    )


def _unsilence(request: Request) -> str:
    identity, _, why = request.words.partition(" ")
    over, loud = quieten.unsilence(request.ports, identity.upper(), why, request.cause)
    return f"🔔 {over.id} is over: {over.scope} calls people again{_named(loud)}."


def _listed(ports: Ports) -> str:
    lines = []
    for each in silences(ports):
        told = next(iter(trail(ports, each.id)), {})
        who = ports.people.name(str(told.get("by", "")))
        lines.append(
            f"🔕 {each.id} {each.scope} ({each.kind}) {clock(each.start)} to {clock(each.until)} UTC · {who}: "
            f"{told.get('why', '')}"
        )
    return "\n".join(lines) or "Nothing is silenced."


def _split(request: Request) -> str:
    incident, reason = with_text(request, "why it is another matter")
    after = split(request.ports, incident, reason, request.cause)
    return f"{after.id} stands alone again and waits for {after.tier}."


def _scope(request: Request) -> tuple[str, str]:
    first, _, rest = request.words.partition(" ")
    scope = first.upper() if first.upper().startswith("INC-") else first.lower()
    if not SCOPE.fullmatch(scope):
        raise Refused("Say what first: a model such as `acme/parcels`, a team's models `acme/*`, or an incident.")
    if "/" in scope and not scope.endswith(f"/{ALL}"):
        try:
            Shelf(request.ports, scope).spec()
        except UnknownModel as unknown:
            raise Refused(str(unknown)) from None
    return scope, rest.strip()


def _moment(text: str, after: datetime) -> datetime | None:
    """4h; 22:00, the next one; 2026-12-01T22:00. All in UTC."""
    span = duration(text) if len(text) < 8 else None
    if isinstance(span, timedelta):
        return after + span
    try:
        if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", text):
            at = datetime.combine(after.date(), time.fromisoformat(text.zfill(5)), UTC)
            return at if at > after else at + timedelta(days=1)
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _named(incidents: list[Incident]) -> str:
    return f" ({', '.join(incident.id for incident in incidents[:5])})" if incidents else ""


VERBS = {
    "silence": Verb(
        "silence MODEL|INC [check=…] [segment=…] 4h why", "call nobody for so long; alone, lists what is silenced",
        _silence,
    ),
    "unsilence": Verb("unsilence SIL-1 [why]", "end a silence now", _unsilence),
    "maintenance": Verb("maintenance TEAM/NAME FROM TO why", "a silence with a beginning, in UTC (L2)", _maintenance),
    "split": Verb("split INC why", "it is no part of its storm: it calls on its own again", _split),
}  # fmt: skip
