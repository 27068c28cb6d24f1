"""What ends an incident by itself: good windows after what was found, of everything that it is about."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.operations.house import SPEC, House
from tidewatch.domain.finding import Signal
from tidewatch.operations.report import note_good_window, report

MODEL = "acme/demo"
OLD, OLDER, DAY, NEXT_DAY, DAY_AFTER = (f"2026-02-{day:02d}" for day in (3, 4, 10, 11, 12))
FEED = ("weight", "colour", "income")
WITH_FEED = SPEC
for line in ("weight: {type: number,", "colour: {type: text", "income: {type: number,"):
    WITH_FEED = WITH_FEED.replace(line, f"{line.rstrip(',')}, source: feed{',' if line.endswith(',') else ''}")
NOTHING = {"weight": np.full(60, np.nan), "colour": np.full(60, None), "income": np.full(60, np.nan)}


def empty(*columns: str) -> dict[str, Any]:
    return {name: NOTHING[name] for name in columns}


def test_old_windows_that_come_late_end_nothing(house: House) -> None:
    house.batch(DAY, times=1.609344)
    house.batch(OLD)
    house.batch(OLDER)
    assert house.kinds() == ["opened"]
    house.batch(NEXT_DAY)
    house.batch(DAY_AFTER)
    assert house.kinds() == ["opened", "window_passed", "window_passed", "recovered"]


def test_a_window_is_old_by_the_latest_finding_not_by_the_first(house: House) -> None:
    house.batch(DAY, times=1.609344)
    house.batch(DAY_AFTER, times=1.609344)
    house.batch(NEXT_DAY)
    assert house.kinds() == ["opened", "observed"]


def test_a_file_that_could_be_read_ends_what_was_about_reading_however_old_it_is(house: House) -> None:
    finding = replace(house.finding("unreadable"), check="unreadable")
    report(house.ports, [finding], "monday", "blob")
    for window in ("2026-01-30", "2026-01-31"):
        note_good_window(house.ports, MODEL, window, [Signal(MODEL, "intake", "unreadable")], "blob")
    assert house.incident().status == "resolved"


def test_a_window_sent_again_with_another_fault_is_told_and_not_taken_for_the_same_delivery(house: House) -> None:
    house.batch(DAY, times=1.609344)
    house.batch(DAY, times=25.4)
    assert house.kinds() == ["opened", "observed"]
    assert house.incident().finding.evidence["scale"]["factor"] == pytest.approx(25.4)


def test_a_window_sent_again_right_counts_once_and_wrong_again_not_at_all(house: House) -> None:
    house.batch(DAY, times=1.609344)
    house.batch(DAY)
    assert house.kinds() == ["opened", "window_passed"]
    house.batch(DAY, times=25.4)
    house.batch(NEXT_DAY)
    assert house.kinds() == ["opened", "window_passed", "observed", "window_passed"]
    assert house.incident().status == "open"


def test_a_window_sent_again_with_its_fault_in_another_column_passes_the_first_and_opens_the_second(
    house: House,
) -> None:
    house.batch(DAY, times=1.609344)
    house.batch(DAY, **empty("income"))
    weight, income = house.incidents()
    assert house.kinds(weight) == ["opened", "window_passed"]
    assert house.incident(income).finding.subject == "income"


def test_a_feed_that_is_still_empty_in_one_column_has_not_recovered(house: House) -> None:
    house.hand_over(WITH_FEED)
    house.batch(DAY, **empty(*FEED))
    (feed,) = house.incidents()
    assert house.incident(feed).finding.subject == "feed"
    house.batch(NEXT_DAY, **empty("weight"))
    house.batch(DAY_AFTER, **empty("weight"))
    assert house.kinds(feed) == ["opened"]
    house.batch("2026-02-13")
    house.batch("2026-02-14")
    assert {house.incident(name).status for name in house.incidents()} == {"resolved"}


def test_a_column_has_not_recovered_while_its_whole_feed_is_empty(house: House) -> None:
    house.hand_over(WITH_FEED)
    house.batch(DAY, **empty("weight"))
    (weight,) = house.incidents()
    assert house.incident(weight).finding.subject == "weight"
    house.batch(NEXT_DAY, **empty(*FEED))
    house.batch(DAY_AFTER, **empty(*FEED))
    assert house.kinds(weight) == ["opened"]
