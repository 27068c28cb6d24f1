"""When nobody is called for an open incident: it is one of a storm, it is silenced, or it flaps and was told."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tidewatch.domain.events import Draft, Event
from tidewatch.domain.finding import SEVERITIES, Finding
from tidewatch.domain.incident.change import replace
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.storm import departure

ONE_BY_ONE = 8  # observations and good windows that enter the log as they come; later ones when they say something new
NEWS_EVERY = timedelta(days=1)
CAME = ("opened", "reopened")
WORSE = 1.25  # times the worst departure so far is something new


def is_news(incident: Incident, findings: Sequence[Finding], now: datetime) -> bool:
    """Whether an observation of an open incident enters its log. Otherwise it is counted beside it: a year of hourly
    observations must not fill the stream, and nobody reads the eight-hundredth."""
    if incident.told < ONE_BY_ONE or incident.passed or incident.status == "observing":
        return True
    if incident.last_seen is None or now - incident.last_seen >= NEWS_EVERY:
        return True
    return any(_is_worse(incident, finding) for finding in findings)


def _is_worse(incident: Incident, finding: Finding) -> bool:
    known = incident.worst.get(finding.check)
    return known is None or SEVERITIES.index(finding.severity) > known[0] or departure(finding) > WORSE * known[1]


def with_worst(incident: Incident, findings: Sequence[Finding]) -> Incident:
    worst = dict(incident.worst)
    for finding in findings:
        severity, far = worst.get(finding.check, (0, 0.0))
        worst[finding.check] = (max(severity, SEVERITIES.index(finding.severity)), max(far, departure(finding)))
    return replace(incident, worst=worst)


def comes_back_quietly(incident: Incident) -> bool:
    """A flapping incident calls people once; then it is quiet until somebody acts or it stays good."""
    return incident.flapping and incident.warned


def confirmed(incident: Incident, windows: Sequence[str]) -> list[Draft]:
    """A resolution is provisional until so many good windows have followed it."""
    needed = incident.response.confirm_after
    if incident.status != "resolved" or incident.confirmed or len(windows) < needed:
        return []
    return [Draft("confirmed", {"sentence": f"{needed} more good windows, the last {max(windows)}"})]


def is_loud(event: Event) -> bool:
    """Whether people are to see the incident in the channel from this event on: it calls, or somebody acts on it."""
    if event.kind in (*CAME, "silence_ended", "left_storm"):
        return not event.data.get("quiet")
    return event.actor != "tidewatch"


def came(incident: Incident, data: Mapping[str, Any]) -> Incident:
    """What opening or reopening means for who hears of it."""
    why = data.get("quiet", "")
    return replace(
        incident, hushed=why == "flapping", silence=data.get("silence", ""), storm=data.get("storm", ""),
        told=0, confirmed=False,
    )  # fmt: skip


def somebody_acted(incident: Incident) -> Incident:
    return replace(incident, hushed=False, warned=False)


def _calls_again(incident: Incident, event: Event) -> Incident:
    """The clocks of the present tier begin anew."""
    return replace(incident, tier_since=event.at, waits_since=event.at, paged=())


def _silence_ended(incident: Incident, event: Event) -> Incident:
    return _calls_again(replace(incident, silence=""), event) if not incident.storm else replace(incident, silence="")


def _left_storm(incident: Incident, event: Event) -> Incident:
    return _calls_again(replace(incident, storm="", alone=True), event)


def _storm_counted(incident: Incident, event: Event) -> Incident:
    data = event.data
    members = {**incident.members, **data["joined"]}
    over = (incident.over | set(data["ended"])) - set(data["returned"])
    for name in data["left"]:
        members.pop(name, None)
    findings = (*incident.findings[:1], Finding.from_dict(data["finding"]))
    return replace(incident, members=members, over=over & members.keys(), findings=findings, last_seen=event.at)


STEPS: dict[str, Callable[[Incident, Event], Incident]] = {
    "silenced": lambda incident, event: replace(incident, silence=event.data["silence"]),
    "silence_ended": _silence_ended,
    "joined_storm": lambda incident, event: replace(incident, storm=event.data["storm"]),
    "left_storm": _left_storm,
    "storm_grew": _storm_counted,
    "storm_eased": _storm_counted,
    "confirmed": lambda incident, _: somebody_acted(replace(incident, confirmed=True, returns=0)),
}
