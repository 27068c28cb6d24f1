"""Who of a tier is on call when: layers of people who take turns, in local wall time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, NaiveDatetime, model_validator

from tidewatch.domain.local_time import ONE_DAY, ClockTime, Hours, Zone, at, moment, spans
from tidewatch.domain.part import Duration, Part, Tier

Role = Literal["L1", "L2", "L3", "duty_manager"]
ROLES: tuple[Role, ...] = ("L1", "L2", "L3", "duty_manager")
# Whose people may stand in: those of the tier or of a higher one.
FILLED_BY: dict[Role, tuple[Tier, ...]] = {
    "L1": ("L1", "L2", "L3"), "L2": ("L2", "L3"), "L3": ("L3",), "duty_manager": ("L2", "L3"),
}  # fmt: skip
Rank = Literal["first", "second"]


def _whole_days(turn: timedelta) -> timedelta:
    if turn % ONE_DAY:
        raise ValueError("a turn takes whole days or weeks, such as 1w; shifts within a day are written as hours")
    return turn


class Layer(Part):
    """People who take turns."""

    name: str = Field(description="What the shift is called: nights")
    people: list[str] = Field(min_length=1, description="User ids of the chat, in the order of their turns")
    first_day: date = Field(description="Local day on which the first turn begins")
    last_day: date | None = Field(None, description="Local day on which the last turn ends; without it, none does")
    at: ClockTime = Field("09:00", description="Local wall time of the hand-over, in quotes")
    turn: Annotated[Duration, AfterValidator(_whole_days)] = Field(
        timedelta(days=7), description="How long one turn takes: whole days or weeks"
    )
    hours: Hours | None = Field(None, description="Only these hours of the week; without it, all of them")
    call: Rank = Field("first", description="A layer of seconds; without one, whoever has the next turn is second")


class Override(Part):
    """Somebody else, for once."""

    person: str = Field(description="User id of the chat")
    starts: NaiveDatetime = Field(description="Local wall time: 2026-03-02T09:00")
    ends: NaiveDatetime = Field(description="Local wall time; an override always ends")

    @model_validator(mode="after")
    def _forwards(self) -> "Override":
        if self.ends <= self.starts:
            raise ValueError("an override ends after it starts")
        return self


class Rota(Part):
    """Who of one tier, or which duty manager, is on call."""

    zone: Zone = Field(description="An IANA time zone: Europe/Berlin")
    layers: list[Layer] = Field(min_length=1, description="Where two are on call at once, the upper is called first")
    overrides: list[Override] = Field([], description="Somebody else, for once")
    cover: Hours | None = Field(None, description="When somebody must be on call; without it, always")


@dataclass(frozen=True)
class Shift:
    """Somebody is on call for a while."""

    person: str
    starts: datetime  # UTC
    ends: datetime
    entry: str  # what of the rota says so, in words
    rank: Rank = "first"

    def covers(self, now: datetime) -> bool:
        return self.starts <= now < self.ends


def shifts(rota: Rota, start: datetime, end: datetime, standing_in: Iterable[Shift] = ()) -> list[Shift]:
    """Whole shifts that touch the span, by layer, cut back by whoever stands in now or later; the latest first."""
    regular = [shift for layer in rota.layers for shift in _turns(rota, layer, start, end)]
    written = [
        Shift(o.person, moment(o.starts, rota.zone), moment(o.ends, rota.zone), "override in the rota")
        for o in rota.overrides
    ]
    return stand_in(regular, (shift for shift in (*written, *standing_in) if shift.ends > start))


def stand_in(regular: list[Shift], instead: Iterable[Shift]) -> list[Shift]:
    """Put people in the place of whoever else would be called first; of two at once, the later one counts."""
    firsts = [shift for shift in regular if shift.rank == "first"]
    for each in instead:
        firsts = [each, *(rest for shift in firsts for rest in _without(shift, each))]
    return [*firsts, *(shift for shift in regular if shift.rank == "second")]


def _without(shift: Shift, taken: Shift) -> Iterator[Shift]:
    if not _touches(shift, taken.starts, taken.ends):
        yield shift
        return
    if shift.starts < taken.starts:
        yield replace(shift, ends=taken.starts)
    if taken.ends < shift.ends:
        yield replace(shift, starts=taken.ends)


def _touches(shift: Shift, start: datetime, end: datetime) -> bool:
    return shift.starts < end and start < shift.ends


def _turns(rota: Rota, layer: Layer, start: datetime, end: datetime) -> Iterator[Shift]:
    own_seconds = any(other.call == "second" for other in rota.layers)
    days, zone = layer.turn // ONE_DAY, ZoneInfo(rota.zone)
    since = start.astimezone(zone).date() - layer.first_day
    number = max(0, since.days // days - 1)
    while True:
        first = layer.first_day + timedelta(days=number * days)
        begins = at(first, layer.at, rota.zone)
        if begins >= end or (layer.last_day and first >= layer.last_day):
            return
        last = first + layer.turn if layer.last_day is None else min(first + layer.turn, layer.last_day)
        for opens, closes in spans(layer.hours, rota.zone, begins, at(last, layer.at, rota.zone)):
            shift = Shift(_person(layer, number), opens, closes, layer.name, layer.call)
            if _touches(shift, start, end):
                yield shift
                if layer.call == "first" and not own_seconds and len(layer.people) > 1:
                    entry = f"next turn of {layer.name}"
                    yield replace(shift, person=_person(layer, number + 1), rank="second", entry=entry)
        number += 1


def _person(layer: Layer, number: int) -> str:
    return layer.people[number % len(layer.people)]
