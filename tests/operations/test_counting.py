"""What says nothing new is counted beside the log; what decides is in it."""

from datetime import timedelta

import pytest

from tests.operations.house import MODEL, House
from tidewatch.domain.finding import Signal
from tidewatch.domain.incident.quiet import ONE_BY_ONE
from tidewatch.operations.counted import COUNTED, catch_up, observations
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.respond import acknowledge, unacknowledge
from tidewatch.operations.sweep import sweep

SIGNAL = Signal(MODEL, "input", "weight")


def seen(house: House, key: str, value: float = 0.9) -> None:
    report(house.ports, [house.finding(value=value)], key, "blob")


def good(house: House, *windows: str) -> None:
    for window in windows:
        note_good_window(house.ports, MODEL, window, [SIGNAL], "blob")


@pytest.fixture
def long_open(house: House) -> House:
    """So long that observations are only counted."""
    for number in range(ONE_BY_ONE + 1):
        seen(house, f"early {number}")
    return house


def test_two_months_of_hourly_observations_are_two_months_of_daily_events(house: House) -> None:
    for hour in range(60 * 24):
        seen(house, f"hour {hour}")
        house.later(hours=1)
    assert ONE_BY_ONE + 55 <= len(house.events()) <= ONE_BY_ONE + 62
    assert (
        sum(event.data.get("times", 1) for event in house.events()) + len(observations(house.ports, "INC-1001")) == 1440
    )


def test_an_observation_that_is_delivered_twice_counts_once(long_open: House) -> None:
    for _ in range(2):
        seen(long_open, "again")
    assert len(observations(long_open.ports, "INC-1001")) == 1


def test_what_is_worse_than_ever_enters_the_log_and_says_how_many_went_before(long_open: House) -> None:
    for number in range(5):
        seen(long_open, f"same {number}")
    seen(long_open, "worse", value=2.0)
    assert long_open.events()[-1].data["times"] == 6
    assert long_open.incident().finding.value == 2.0
    assert observations(long_open.ports, "INC-1001") == []


def test_a_slightly_higher_value_is_nothing_new(long_open: House) -> None:
    before = long_open.kinds()
    seen(long_open, "a little more", value=0.91)
    assert long_open.kinds() == before


def test_two_good_windows_in_a_row_end_a_long_incident_in_one_event_that_names_them(long_open: House) -> None:
    before = len(long_open.events())
    good(long_open, "2026-02-10", "2026-02-11")
    (event,) = long_open.events()[before:]
    assert (event.kind, event.data["windows"]) == ("recovered", ["2026-02-10", "2026-02-11"])


def test_a_bad_window_between_two_good_ones_keeps_a_long_incident_open(long_open: House) -> None:
    good(long_open, "2026-02-10")
    seen(long_open, "between")
    good(long_open, "2026-02-12")
    assert long_open.incident().status == "open"
    good(long_open, "2026-02-13")
    assert long_open.incident().status == "resolved"


def test_a_year_of_good_and_bad_hours_in_turn_stays_small(long_open: House) -> None:
    before = len(long_open.events())
    for hour in range(200):
        seen(long_open, f"hour {hour}")
        good(long_open, f"2026-02-10T{hour:03d}")
    assert len(long_open.events()) == before


def test_whoever_acts_sees_the_newest_window(long_open: House) -> None:
    for day in ("03", "05", "04"):
        finding = long_open.finding().as_dict() | {"window": f"2026-02-{day}"}
        report(long_open.ports, [type(long_open.finding()).from_dict(finding)], f"day {day}", "blob")
    after = catch_up(long_open.ports, "INC-1001")
    assert after.finding.window == "2026-02-05"
    assert catch_up(long_open.ports, "INC-1001").version == after.version


def test_nothing_is_left_beside_the_log_when_an_incident_is_over(long_open: House) -> None:
    seen(long_open, "late")
    good(long_open, "2026-02-10", "2026-02-11")
    long_open.later(days=4)
    sweep(long_open.ports)
    assert list(long_open.ports.blobs.list(COUNTED)) == []


def test_a_resolution_is_provisional_until_two_more_windows_are_good(house: House) -> None:
    seen(house, "monday")
    good(house, "2026-02-10", "2026-02-11")
    house.run_jobs()
    assert "provisional until 2 more windows are good" in str(house.chat.card.blocks)
    good(house, "2026-02-12")
    assert not house.incident().confirmed
    good(house, "2026-02-13", "2026-02-14")
    house.run_jobs()
    assert house.kinds()[-1] == "confirmed" and house.kinds().count("confirmed") == 1
    assert "it stays good" in str(house.chat.card.blocks)


def flap(house: House, times: int, first: int = 0) -> None:
    """Good for two windows, then bad again; each time people are called who may be."""
    for number in range(first, first + times):
        good(house, f"2026-02-{2 * number + 2:02d}", f"2026-02-{2 * number + 3:02d}")
        seen(house, f"back {number}")
        sweep(house.ports)
        house.later(minutes=5)


def test_flapping_calls_people_once_and_then_is_quiet(house: House) -> None:
    seen(house, "first")
    sweep(house.ports)
    house.later(minutes=5)
    flap(house, 3)
    called = house.kinds().count("paged")
    assert called == 4 and house.incident().flapping
    flap(house, 4, first=3)
    house.later(hours=8)
    sweep(house.ports)
    house.run_jobs()
    assert house.kinds().count("paged") == called
    assert house.incident().quiet == "flapping" and house.incident().tier == "L1"
    assert sum(post.endswith(":card") for post in house.chat.posted) == 4
    assert "flapping" in str(house.chat.card.blocks)


def test_a_flapping_incident_that_somebody_takes_calls_again_when_given_back(house: House) -> None:
    seen(house, "first")
    flap(house, 4)
    assert house.incident().quiet == "flapping"
    acknowledge(house.ports, "INC-1001", house.by("U0ANA"))
    unacknowledge(house.ports, "INC-1001", house.by("U0ANA"))
    before = house.kinds().count("paged")
    sweep(house.ports)
    assert house.kinds().count("paged") == before + 1


def test_what_stays_good_is_flapping_no_more(house: House) -> None:
    seen(house, "first")
    flap(house, 4)
    good(house, *(f"2026-02-{day}" for day in range(20, 24)))
    assert house.incident().confirmed
    before = house.kinds().count("paged")
    seen(house, "once more")
    sweep(house.ports)
    assert not house.incident().flapping
    assert house.kinds().count("paged") == before + 1


def test_what_comes_back_within_the_reopen_window_is_the_same_incident_even_when_it_stayed_good(house: House) -> None:
    seen(house, "first")
    good(house, *(f"2026-02-{day}" for day in range(20, 24)))
    house.later(seconds=timedelta(days=2).total_seconds())
    seen(house, "back")
    assert house.incidents() == ["INC-1001"]
