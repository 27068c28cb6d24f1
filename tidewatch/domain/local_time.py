"""Local wall time, in which people write when they work, and the moments it means.

Every day's hours are found anew in their zone, so that nothing shifts when clocks change. A wall time that a change
skips is the moment of the change; one that comes twice is its first coming. Moments then never run backwards: where
two shifts share a wall time they meet, without a gap and without an overlap.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field

from tidewatch.domain.part import Part

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ONE_DAY = timedelta(days=1)
_FOREVER = 4000  # days: whoever can be reached at all can be reached by then


def known_zone(name: str) -> str:
    """The name of an IANA time zone. Raises ValueError with a sentence for anything else."""
    try:
        ZoneInfo(name)  # kept by zoneinfo once it was read; the list of all takes 20 ms
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = {zone.lower(): zone for zone in available_timezones()}
        tail = name.lower().replace(" ", "_").rpartition("/")[2]
        meant = known.get(name.lower()) or next((zone for low, zone in sorted(known.items()) if low.endswith(tail)), "")
        advice = f"did you mean '{meant}'?" if meant and tail else "write such as Europe/Berlin or America/New_York"
        raise ValueError(f"there is no time zone '{name}'; {advice}") from None
    return name


def _clock(text: str) -> str:
    try:
        return time.fromisoformat(text).strftime("%H:%M") if len(text) == 5 else _no_clock(text)
    except ValueError:
        return _no_clock(text)


def _no_clock(text: str) -> str:
    raise ValueError(f"'{text}' is no time of day; write hours and minutes in quotes, such as \"09:00\"")


Zone = Annotated[str, AfterValidator(known_zone)]
ClockTime = Annotated[str, AfterValidator(_clock)]


class Hours(Part):
    """A part of the week, in local wall time."""

    days: list[Day] = Field(list(DAYS), min_length=1, description="The days on which they start")
    starts: ClockTime = Field("00:00", description="Local wall time")
    ends: ClockTime = Field("00:00", description="Local wall time; not later than `starts`: on the next day")


def moment(local: datetime, zone: str) -> datetime:
    """The UTC moment of a naive local wall time."""
    place = ZoneInfo(zone)
    found = local.replace(tzinfo=place).astimezone(UTC)
    if found.astimezone(place).replace(tzinfo=None) == local:
        return found
    # Skipped. With fold=1 it is read by the offset after the change, which gives a moment before it.
    before, after = local.replace(tzinfo=place, fold=1).astimezone(UTC), found
    offset = after.astimezone(place).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(place).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def at(day: date, clock: str, zone: str) -> datetime:
    return moment(datetime.combine(day, time.fromisoformat(clock)), zone)


def spans(hours: Hours | None, zone: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The moments between `start` and `end` that lie in `hours`, as spans; what touches is one span."""
    if hours is None:
        return [(start, end)] if start < end else []
    found: list[tuple[datetime, datetime]] = []
    for opens, closes in _openings(hours, zone, start):
        if opens >= end:
            break
        opens, closes = max(opens, start), min(closes, end)
        if found and found[-1][1] >= opens:
            found[-1] = (found[-1][0], max(closes, found[-1][1]))
        elif opens < closes:
            found.append((opens, closes))
    return found


def reached(hours: Hours | None, zone: str, start: datetime, span: timedelta) -> datetime:
    """When `span` has passed since `start`, counting only `hours`; with no span, the first moment within them."""
    if hours is None:
        return start + span
    for opens, closes in _openings(hours, zone, start):
        opens = max(opens, start)
        if closes > opens:
            if span <= closes - opens:
                return opens + span
            span -= closes - opens
    return start + span  # hours that no day has


def _openings(hours: Hours, zone: str, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each day's hours, from those on that `start` may lie in."""
    first = start.astimezone(ZoneInfo(zone)).date() - ONE_DAY
    overnight = ONE_DAY if hours.ends <= hours.starts else timedelta(0)
    for number in range(_FOREVER):
        day = first + number * ONE_DAY
        if DAYS[day.weekday()] in hours.days:
            yield at(day, hours.starts, zone), at(day + overnight, hours.ends, zone)
