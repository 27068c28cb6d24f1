"""When a call leaves the chat for a pager, and when the pager is quieted again. Pure: the sweep asks, a job acts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidewatch.domain.events import Event
from tidewatch.domain.incident.call import Call, Quiet, Way
from tidewatch.domain.incident.change import replace
from tidewatch.domain.incident.deadlines import Step
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import TIERS
from tidewatch.domain.oncall.duty import Duty

UNSEEN_AFTER = timedelta(minutes=2)  # the chat has had so long to show a call
ANSWERS = (
    "acknowledged", "unacknowledged", "assigned", "watched", "promoted", "resolved", "recovered", "reopened",
    "silenced", "silence_ended", "joined_storm", "left_storm",
)  # fmt: skip


@dataclass(frozen=True)
class Outgoing:
    """A call that must reach its person outside the chat, and the sentence that says why."""

    call: Call
    why: str


@dataclass(frozen=True)
class Quieting:
    call: Call
    pager: str
    how: Quiet


def to_page(incident: Incident, shown: int, now: datetime) -> list[Outgoing]:
    """`shown` is how many events the chat has shown. Nobody is paged for what is taken, quiet or over."""
    if incident.status != "open" or incident.quiet:
        return []
    reasons = [(call, _why(incident, call, shown, now)) for call in waiting(incident)]
    return [Outgoing(call, why) for call, why in reasons if why]


def to_quiet(incident: Incident) -> list[Quieting]:
    """What a pager still shows as ringing, or as taken, and is not any more."""
    current = waiting(incident)
    due = []
    for call in incident.calls:
        how: Quiet | None = "resolved" if incident.status == "resolved" or call not in current else None
        if how is None and (incident.status != "open" or incident.quiet):
            how = "acknowledged"
        due += [
            Quieting(call, pager, how)
            for pager, way in call.ways.items()
            if how and (way == "out" or (way, how) == ("acknowledged", "resolved"))
        ]
    return due


def waiting(incident: Incident) -> tuple[Call, ...]:
    """The calls since the present tier was asked; those before it are settled, whatever came of them."""
    return incident.calls[len(incident.calls) - len(incident.paged) :]


def untried(call: Call, pagers: Iterable[str]) -> list[str]:
    """The pagers by which the call may still go out."""
    return [pager for pager in pagers if call.ways.get(pager, "delayed") == "delayed"]


def unreachable(call: Call, pagers: Iterable[str]) -> bool:
    return all(call.ways.get(pager) == "refused" for pager in pagers)


def next_call(incident: Incident, lost: Call, now: datetime, duty: Duty) -> Step | None:
    """When no pager can reach whoever was called: the next of the tier is, else the tier above's first."""
    above = TIERS[TIERS.index(incident.tier) + 1 :][:1]
    callees = [*duty.of(incident.tier, now, incident.owners.get(incident.tier, ()))]
    callees += [callee for tier in above for callee in duty.of(tier, now, incident.owners.get(tier, ()))[:1]]
    callee = next((callee for callee in callees if callee.person not in incident.paged), None)
    if (
        incident.status != "open"
        or incident.quiet
        or lost.page not in [call.page for call in waiting(incident)]
        or callee is None
    ):
        return None
    why = "no pager can reach whoever was called before"
    return Step("page", f"unreachable:{lost.page}", why, callee.person, callee.entry, incident.tier)


def _why(incident: Incident, call: Call, shown: int, now: datetime) -> str:
    severity, response = incident.severity, incident.response
    if severity in response.page_severities:
        return f"incidents of severity {severity} are always paged"
    if shown < call.seq and now >= call.at + UNSEEN_AFTER:
        return f"the chat did not show it within {_minutes(UNSEEN_AFTER)}"
    since = incident.unanswered_since
    if since is not None and now >= since + response.page_unanswered_after:
        return f"nobody has taken it since {since:%d %b %H:%M} UTC"
    return ""


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} minutes"


# --- what the events say about it --------------------------------------------------------------------------


def called(incident: Incident, event: Event) -> Incident:
    why = event.data.get("why", "")
    call = Call(event.incident, event.seq, event.data["person"], incident.tier, event.at, why)
    return replace(
        incident, calls=(*incident.calls, call), unanswered_since=incident.unanswered_since or event.at,
        paged=(*incident.paged, call.person), paged_at=event.at, warned=incident.warned or incident.flapping,
    )  # fmt: skip


def answered(incident: Incident, event: Event) -> Incident:
    """A person did something about it. A tier that was passed over has answered nothing."""
    by_hand = event.kind == "escalated" and event.actor != "tidewatch"
    return replace(incident, unanswered_since=None) if event.kind in ANSWERS or by_hand else incident


def _way(way_of: Callable[[Event], Way]) -> Callable[[Incident, Event], Incident]:
    def step(incident: Incident, event: Event) -> Incident:
        page, pager = event.data["page"], event.data["pager"]
        calls = tuple(
            replace(call, ways={**call.ways, pager: way_of(event)}) if call.page == page else call
            for call in incident.calls
        )
        return replace(incident, calls=calls)

    return step


STEPS: dict[str, Callable[[Incident, Event], Incident]] = {
    "paged": called,
    "paged_out": _way(lambda _: "out"),
    "page_failed": _way(lambda event: "delayed" if event.data["again"] else "refused"),
    "page_quieted": _way(lambda event: event.data["how"]),
}
