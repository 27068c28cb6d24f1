"""Wall times and the moments they mean, where clocks are put forward and back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.oncall.rotas import clocks, utc, zones
from tidewatch.domain.local_time import Hours, known_zone, moment, reached, spans

naive = st.datetimes(*(datetime.fromisoformat(year) for year in ("2025-01-01", "2028-01-01"))).map(
    lambda at: at.replace(microsecond=0)
)
WORK = Hours(days=["mon", "tue", "wed", "thu", "fri"], starts="09:00", ends="17:00")


@pytest.mark.parametrize(
    ("zone", "local", "at"),
    [
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),  # skipped: the moment of the change
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),  # twice: the first
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("Australia/Sydney", "2026-10-04T02:30", "2026-10-03T16:00"),
        ("Australia/Sydney", "2026-04-05T02:30", "2026-04-04T15:30"),
        ("America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00"),  # midnight itself is skipped
        ("America/Santiago", "2026-04-04T23:30", "2026-04-05T02:30"),
        ("Pacific/Auckland", "2026-09-27T02:15", "2026-09-26T14:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30"),  # half an hour
        ("Asia/Kolkata", "2026-03-29T02:30", "2026-03-28T21:00"),
    ],
)
def test_a_wall_time_that_is_skipped_or_comes_twice_is_one_moment(zone: str, local: str, at: str) -> None:
    assert moment(datetime.fromisoformat(local), zone) == utc(at)


@given(zones, naive, naive)
def test_moments_never_run_backwards(zone: str, one: datetime, other: datetime) -> None:
    first, last = sorted((one, other))
    assert moment(first, zone) <= moment(last, zone)


@given(zones, naive)
def test_a_wall_time_that_exists_is_read_back(zone: str, local: datetime) -> None:
    back = moment(local, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert back == local or back > local  # later only where the clocks skipped it


@given(zones, clocks, clocks, naive)
def test_two_halves_of_a_day_meet_whatever_the_clocks_do(zone: str, one: str, other: str, day: datetime) -> None:
    start = moment(day, zone)
    end = start + timedelta(days=3)
    halves = [Hours(starts=one, ends=other), Hours(starts=other, ends=one)]
    found = sorted(span for hours in halves for span in spans(hours, zone, start, end))
    if one == other:
        assert found == [(start, end)] * 2
        return
    assert found[0][0] == start and found[-1][1] == end
    assert all(before[1] == after[0] for before, after in zip(found, found[1:], strict=False))


def test_a_clock_that_counts_working_hours_rests_over_the_weekend() -> None:
    friday = utc("2026-03-27T15:30")  # 16:30 in Berlin, which changes its clocks on Sunday
    assert reached(WORK, "Europe/Berlin", friday, timedelta(hours=1)) == utc("2026-03-30T07:30")
    assert reached(WORK, "Europe/Berlin", friday, timedelta(minutes=30)) == utc("2026-03-27T16:00")
    assert reached(WORK, "Europe/Berlin", utc("2026-03-28T12:00"), timedelta(0)) == utc("2026-03-30T07:00")


@given(zones, naive, st.integers(0, 3000), st.integers(0, 3000))
def test_counting_on_from_a_moment_counts_the_same(zone: str, local: datetime, some: int, more: int) -> None:
    start, first, second = moment(local, zone), timedelta(minutes=some), timedelta(minutes=more)
    on = reached(WORK, zone, reached(WORK, zone, start, first), second)
    assert on == reached(WORK, zone, start, first + second)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Berlin", "did you mean 'Europe/Berlin'?"),
        ("new york", "did you mean 'America/New_York'?"),
        ("CEST", "write such as Europe/Berlin"),
    ],
)
def test_a_zone_nobody_knows_is_answered_with_one_that_was_meant(name: str, advice: str) -> None:
    with pytest.raises(ValueError, match=f"there is no time zone '{name}'") as caught:
        known_zone(name)
    assert advice in str(caught.value)
