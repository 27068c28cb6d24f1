"""Rotas: who is on call, that hand-overs keep their wall time, and that holes are found and only where they are."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.oncall.rotas import ANA, BEN, EVA, ZONES, clocks, rota, utc, zones
from tidewatch.domain.local_time import Hours, spans
from tidewatch.domain.oncall.duty import Duty
from tidewatch.domain.oncall.holes import holes
from tidewatch.domain.oncall.rota import Rota, Shift, shifts

YEAR = (utc("2026-02-01T00:00"), utc("2027-02-01T00:00"))


def firsts(given_rota: Rota, at: str) -> list[str]:
    return [callee.person for callee in Duty({"L1": given_rota}).of("L1", utc(at))]


# --- turns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_a_week_is_handed_over_at_the_same_wall_time_all_year(zone: str) -> None:
    handed = {shift.starts.astimezone(ZoneInfo(zone)) for shift in shifts(rota(zone), *YEAR)}
    assert {(at.weekday(), at.hour, at.minute) for at in handed} == {(0, 9, 0)}
    assert len(handed) in (53, 54)  # the one that has begun before counts too


def test_people_take_turns_and_the_next_is_second() -> None:
    week = rota("Europe/Berlin", {"people": [ANA, BEN, EVA]})
    assert firsts(week, "2026-01-05T07:59") == []  # nobody before the first turn
    assert firsts(week, "2026-01-05T08:00") == [ANA, BEN]
    assert firsts(week, "2026-01-12T08:00") == [BEN, EVA]
    assert firsts(week, "2026-03-30T06:59") == [EVA, ANA]  # Berlin's clocks went forward the day before
    assert firsts(week, "2026-03-30T07:00") == [ANA, BEN]


def test_a_layer_of_seconds_takes_the_place_of_the_next_turn() -> None:
    both = rota("Asia/Kolkata", {}, {"name": "deputies", "people": [EVA], "call": "second"})
    assert firsts(both, "2026-02-01T00:00") == [BEN, EVA]


def test_where_two_layers_are_on_call_the_upper_is_called_first() -> None:
    both = rota("Asia/Kolkata", {"people": [EVA]}, {"name": "lower", "people": [BEN]})
    assert firsts(both, "2026-02-01T00:00") == [EVA, BEN]


def test_a_layer_ends_with_its_last_day() -> None:
    ended = rota("Asia/Kolkata", {"last_day": "2026-01-15"})
    assert firsts(ended, "2026-01-15T03:29") == [BEN, ANA]
    assert firsts(ended, "2026-01-15T03:30") == []


# --- somebody else -------------------------------------------------------------------------------------------


def test_an_override_counts_from_its_wall_time_to_its_end_and_says_so() -> None:
    swapped = rota(
        "America/New_York", overrides=[{"person": EVA, "starts": "2026-01-06T09:00", "ends": "2026-01-07T09:00"}]
    )
    duty = Duty({"L1": swapped})
    before, during, after = (duty.of("L1", utc(f"2026-01-0{day}:00"))[0] for day in ("6T13", "6T14", "7T14"))
    assert (before.person, during.person, after.person) == (ANA, EVA, ANA)
    assert before.until == utc("2026-01-06T14:00") and during.entry == "override in the rota"


def test_of_two_who_were_put_in_the_later_counts() -> None:
    put_in = [
        Shift(EVA, utc("2026-02-01T00:00"), utc("2026-02-02T00:00"), "override 1"),
        Shift(ANA, utc("2026-02-01T06:00"), utc("2026-02-01T08:00"), "override 2"),
    ]
    duty = Duty({"L1": rota("Asia/Kolkata")}, {"L1": put_in})
    assert [duty.of("L1", utc(f"2026-02-01T{hour}:00"))[0].person for hour in ("05", "07", "09")] == [EVA, ANA, EVA]


def test_without_a_rota_the_owners_are_called_after_whoever_was_put_in() -> None:
    put_in = [Shift(EVA, utc("2026-02-01T00:00"), utc("2026-02-02T00:00"), "override 1")]
    duty = Duty({}, {"L1": put_in})
    assert [callee.person for callee in duty.of("L1", utc("2026-02-01T05:00"), [ANA, EVA])] == [EVA, ANA]
    assert [callee.entry for callee in duty.of("L1", utc("2026-02-03T05:00"), [ANA])] == ["owners"]


# --- holes ---------------------------------------------------------------------------------------------------


@given(zones, st.lists(clocks, min_size=1, max_size=4, unique=True), clocks)
@settings(max_examples=25, deadline=None)
def test_shifts_that_meet_in_wall_time_have_no_gap_and_no_overlap(zone: str, cuts: list[str], at: str) -> None:
    cuts = sorted(cuts)
    layers = [
        {"name": starts, "at": at, "people": [f"U{number}", f"V{number}"], "hours": {"starts": starts, "ends": ends}}
        for number, (starts, ends) in enumerate(zip(cuts, [*cuts[1:], cuts[0]], strict=True))
    ]
    assert holes(rota(zone, *layers), *YEAR) == []


@given(zones, clocks, clocks)
@settings(max_examples=15, deadline=None)
def test_the_gaps_are_exactly_the_hours_that_nobody_has(zone: str, starts: str, ends: str) -> None:
    if starts == ends:
        return
    hours, rest = Hours(starts=starts, ends=ends), Hours(starts=ends, ends=starts)
    found = holes(rota(zone, {"hours": hours.model_dump()}), *YEAR)
    assert [(hole.starts, hole.ends) for hole in found] == spans(rest, zone, *YEAR)
    assert {hole.kind for hole in found} == {"gap"}


@pytest.mark.parametrize("zone", ZONES)
def test_a_rota_for_working_hours_has_no_gap_at_night(zone: str) -> None:
    work = {"days": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "17:00"}
    assert holes(rota(zone, {"hours": work}, cover=work), *YEAR) == []
    assert holes(rota(zone, {"hours": work | {"ends": "16:00"}}, cover=work), *YEAR) != []


def test_two_layers_at_once_overlap_unless_it_is_the_same_person() -> None:
    day = {"name": "day", "people": [EVA], "hours": {"days": ["wed"], "starts": "12:00", "ends": "13:00"}}
    start, end = utc("2026-02-02T00:00"), utc("2026-02-09T00:00")
    (overlap,) = holes(rota("Europe/Berlin", {"people": [ANA]}, day), start, end)
    assert (overlap.kind, overlap.people, overlap.layers) == ("overlap", (ANA, EVA), ("week", "day"))
    assert (overlap.starts, overlap.ends) == (utc("2026-02-04T11:00"), utc("2026-02-04T12:00"))
    assert holes(rota("Europe/Berlin", {"people": [EVA]}, day), start, end) == []


def test_whoever_is_put_in_fills_a_gap_and_makes_no_overlap() -> None:
    gap_from = datetime.fromisoformat("2026-01-15T03:30+00:00")
    put_in = Shift(EVA, gap_from - timedelta(days=1), gap_from + timedelta(days=2), "override 1")
    ended = rota("Asia/Kolkata", {"last_day": "2026-01-15"})
    (gap,) = holes(ended, utc("2026-01-10T00:00"), utc("2026-01-20T00:00"), [put_in])
    assert (gap.kind, gap.starts) == ("gap", gap_from + timedelta(days=2))
