"""How an incident is answered: who has how long, when a tier may be woken, and what happens when nobody comes.

A team's policy and a model's own are merged key by key, the model's last; the result is written into the first event
of every incident, so that a later change of policy changes no incident under way.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from tidewatch.domain.finding import Severity
from tidewatch.domain.local_time import DAYS, ClockTime, Day, Hours, Zone, reached, spans
from tidewatch.domain.part import Duration, Part, PerTier, Tier

Limit = Literal["acknowledge_within", "resolve_within"]
_UNSAID = {"acknowledge_within": timedelta(hours=1), "resolve_within": timedelta(days=7)}


class WorkingHours(Hours):
    """When a tier is at work."""

    zone: Zone = Field(description="An IANA time zone: Europe/Berlin")
    days: list[Day] = Field(list(DAYS[:5]), min_length=1, description="The days on which they start")
    starts: ClockTime = Field("09:00", description="Local wall time, in quotes")
    ends: ClockTime = Field("17:00", description="Local wall time, in quotes; not later than `starts`: the next day")


class Urgency(Part):
    """What differs for incidents of one severity."""

    acknowledge_within: PerTier = Field({}, description="Instead of the tier's usual time")
    resolve_within: PerTier = Field({}, description="Instead of the tier's usual time")
    in_hours: list[Tier] = Field([], description="Tiers reached in their working hours only; their clocks rest outside")


class Response(Part):
    """Who has how long."""

    acknowledge_within: PerTier = Field(
        {"L1": timedelta(minutes=15), "L2": timedelta(minutes=30), "L3": timedelta(hours=1)},
        description="Until somebody of the tier takes the incident",
    )
    resolve_within: PerTier = Field(
        {"L1": timedelta(hours=4), "L2": timedelta(days=2), "L3": timedelta(days=7)},
        description="Until the tier has resolved it, else the next is called",
    )
    severities: dict[Severity, Urgency] = Field({}, description="Other times for incidents of a severity")
    working_hours: dict[Tier, WorkingHours] = Field({}, description="When each tier is at work")
    remind_at: list[float] = Field([], description="Reminders: shares of a tier's time, such as [0.5, 0.8]")
    if_nobody: Literal["skip", "wait"] = Field(
        "skip", description="A tier with nobody on call: the next is called at once, or when its time is over"
    )
    lapse_after: Duration = Field(
        timedelta(days=7), description="A page that is so late, for what was not seen since, is not sent any more"
    )
    page_severities: list[Severity] = Field([], description="Their calls also go out by pager, at once")
    page_unanswered_after: Duration = Field(
        timedelta(minutes=15), description="When nobody has taken it for so long, calls also go out by pager"
    )
    reopen_within: Duration = Field(timedelta(days=3), description="A finding this soon after reopens the incident")
    recover_after: int = Field(2, ge=1, description="Good windows in a row until an incident has recovered by itself")
    confirm_after: int = Field(2, ge=1, description="Good windows after it was resolved until that is believed")
    flapping_after: int = Field(3, ge=1, description="Reopenings until an incident is called flapping")

    def time_for(self, limit: Limit, tier: Tier, severity: Severity) -> timedelta:
        special = self.severities.get(severity, Urgency())
        usual: timedelta = getattr(self, limit).get(tier, _UNSAID[limit])
        own: timedelta = getattr(special, limit).get(tier, usual)
        return own

    def hours(self, tier: Tier, severity: Severity) -> WorkingHours | None:
        """The only hours in which the tier is called for this severity; None: always."""
        special = self.severities.get(severity, Urgency())
        return self.working_hours.get(tier) if tier in special.in_hours else None

    def deadline(self, limit: Limit, tier: Tier, severity: Severity, since: datetime, share: float = 1.0) -> datetime:
        """When that share of the tier's time is over; outside the only hours it is called in, the clock rests."""
        span = self.time_for(limit, tier, severity) * share
        hours = self.hours(tier, severity)
        return reached(hours, hours.zone if hours else "UTC", since, span)

    def may_call(self, tier: Tier, severity: Severity, now: datetime) -> bool:
        hours = self.hours(tier, severity)
        return hours is None or bool(spans(hours, hours.zone, now, now + timedelta(seconds=1)))


def merged(team: Response, model: Response) -> Response:
    """The team's policy, with what the model's own says put over it key by key."""
    return Response.model_validate(_over(team.model_dump(exclude_unset=True), model.model_dump(exclude_unset=True)))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _over(below[key], above[key]) for key in below if isinstance(below[key], dict) and key in above}
    return {**below, **above, **both}
