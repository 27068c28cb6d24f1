"""What did not come is found by a timer, becomes an incident, and recovers when it comes."""

import pytest

from tests.operations.house import MODEL, House
from tests.operations.timely import DAILY, FIFTH, FIRST, FOURTH, SECOND, THIRD, checks, entries, follow, known, tick
from tidewatch.operations.patrol import patrol
from tidewatch.operations.respond import carry_out_resolution
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.timeliness import ARRIVALS, follow_arrivals, note_version, timely_again


@pytest.fixture
def daily(house: House) -> House:
    return follow(house, DAILY)


def test_a_batch_that_does_not_come_opens_an_incident_and_batches_in_time_end_it(daily: House) -> None:
    daily.batch(FIRST)
    daily.later(hours=29, minutes=59)
    assert tick(daily) == 0
    daily.later(minutes=1)
    assert tick(daily) == 1
    incident = daily.incident()
    assert incident.title == "Demo: a batch is late" and incident.signal.family == "volume"
    daily.run_jobs()
    assert (
        "due about 03:00 UTC on 3 March 2026 is 6 hours late; "
        "the last one, 2026-03-01, came at 03:00 UTC on 2 March 2026"
    ) in str(daily.chat.card.blocks)
    daily.batch(SECOND)
    assert daily.kinds() == ["opened", "window_passed"]
    daily.later(days=1)
    daily.batch(THIRD)
    assert daily.kinds() == ["opened", "window_passed", "window_passed", "recovered"]
    assert len(daily.incidents()) == 1


def test_a_lateness_is_told_once_until_it_has_doubled(daily: House) -> None:
    daily.batch(FIRST)
    told = []
    for quarter in range(4 * 24 * 9):
        daily.later(minutes=15)
        if tick(daily):
            told.append(quarter / 96)
    assert daily.kinds() == ["opened", "observed", "observed", "observed"]
    assert [round(day, 2) for day in told] == [1.24, 2.24, 4.24, 8.24]
    assert "8 batches are due" in daily.incident().finding.sentence


def test_an_incident_closed_by_hand_comes_back_when_the_lateness_has_doubled(daily: House) -> None:
    daily.batch(FIRST)
    daily.later(hours=30)
    tick(daily)
    carry_out_resolution(daily.ports, "INC-1001", "the feed is being mended", daily.by("U0BEN"))
    assert daily.incident().status == "resolved"
    daily.later(hours=23)
    assert tick(daily) == 0
    daily.later(hours=1)
    tick(daily)
    assert daily.incident("INC-1001").status == "open" and len(daily.incidents()) == 1


def test_a_timer_that_was_away_for_days_tells_once_how_late_it_is(daily: House) -> None:
    daily.batch(FIRST)
    daily.later(days=7)
    assert [tick(daily), tick(daily)] == [1, 0]
    assert daily.kinds() == ["opened"] and "7 batches are due" in daily.incident().finding.sentence


def test_a_file_that_nobody_has_taken_yet_is_not_late(daily: House) -> None:
    daily.batch(FIRST)
    daily.land("batches", SECOND, daily.parquet(daily.day(SECOND), without=("late",)))
    daily.later(hours=31)
    assert [tick(daily), tick(daily)] == [1, 1]
    assert daily.incidents() == []
    patrol(daily.ports)
    assert tick(daily) == 0 and known(daily).window == SECOND


def test_a_batch_that_was_refused_is_late_and_says_so(daily: House) -> None:
    daily.batch(FIRST)
    take_batch(daily.ports, daily.land("batches", SECOND, b"rubbish"))
    daily.later(hours=30)
    tick(daily)
    assert checks(daily) == ["unreadable", "late_batch"]
    assert daily.incident().finding.sentence.endswith("; a file for 2026-03-02 came and was refused")
    daily.batch(SECOND)
    assert daily.kinds() == ["opened", "window_passed"]


def test_a_batch_left_out_is_missing_and_comes_later(daily: House) -> None:
    daily.batch(FIRST)
    daily.later(days=2)
    daily.batch(THIRD)
    tick(daily)
    assert daily.incident().title == "Demo: a batch is missing"
    assert "the batch 2026-03-02 is missing" in daily.incident().finding.sentence
    spec = Shelf(daily.ports, MODEL).spec()
    finding = daily.incident().finding
    assert timely_again(daily.ports, spec, finding) == ""
    daily.batch(SECOND)
    assert timely_again(daily.ports, spec, finding) == "every batch that was missing has come"
    daily.later(days=1)
    daily.batch(FOURTH)
    assert daily.kinds() == ["opened", "window_passed", "window_passed", "recovered"]


def test_a_batch_that_lies_there_untaken_or_refused_is_not_missing(daily: House) -> None:
    daily.batch(FIRST)
    take_batch(daily.ports, daily.land("batches", SECOND, b"rubbish"))
    daily.land("batches", THIRD, daily.parquet(daily.day(THIRD), without=("late",)))
    daily.later(days=3)
    daily.batch(FOURTH)
    assert known(daily).troubles == ()


def test_a_batch_before_its_time_is_told_and_two_good_ones_end_it(daily: House) -> None:
    daily.batch(FIRST)
    daily.later(hours=1)
    daily.batch(FIFTH)
    tick(daily)
    assert daily.incident().title == "Demo: a batch came before its time"
    spec = Shelf(daily.ports, MODEL).spec()
    assert timely_again(daily.ports, spec, daily.incident().finding) == ""
    daily.later(hours=23)
    daily.batch(SECOND)
    daily.later(hours=24)
    daily.batch(THIRD)
    assert daily.incident().status == "resolved" and len(daily.incidents()) == 1


def test_stale_data_recover_with_new_batches_and_not_with_old_ones(house: House) -> None:
    follow(house, "staleness: {data: 2d}\n").batch(FIRST)
    house.later(days=2)
    assert tick(house) == 1 and checks(house) == ["stale_data"]
    house.batch("2026-02-20")
    assert house.kinds() == ["opened"]
    spec = Shelf(house.ports, MODEL).spec()
    assert timely_again(house.ports, spec, house.incident().finding) == ""
    house.batch(THIRD)
    assert timely_again(house.ports, spec, house.incident().finding) == "the newest batch is new enough again"
    house.later(days=1)
    house.batch(FOURTH)
    assert house.kinds() == ["opened", "window_passed", "window_passed", "recovered"]


def test_stale_labels_recover_with_labels(house: House) -> None:
    follow(house, "staleness: {labels: 4d}\n")
    for number, day in enumerate((FIRST, SECOND, THIRD, FOURTH, FIFTH)):
        house.later(days=1 if number else 0)
        house.batch(day)
        if day == FIRST:
            house.labels(day)
    tick(house)
    assert checks(house) == ["stale_labels"]
    assert "the newest window with labels is 2026-03-01" in house.incident().finding.sentence
    house.labels(SECOND)
    house.labels(THIRD)
    assert house.kinds() == ["opened", "window_passed", "window_passed", "recovered"]


def test_labels_that_lie_there_untaken_are_not_stale(house: House) -> None:
    follow(house, "staleness: {labels: 4d}\n").batch(FIRST)
    house.later(days=9)
    house.land("labels", FIRST, house.parquet(house.day(FIRST)))
    assert tick(house) == 1 and house.incidents() == []
    patrol(house.ports)
    assert tick(house) == 0


def test_a_stale_model_recovers_once_a_newer_version_scores_batches(house: House) -> None:
    follow(house, "staleness: {model: 30d}\n").batch(FIRST)
    house.later(days=30)
    tick(house)
    assert checks(house) == ["stale_model"]
    assert "version 1 has been in service since 03:00 UTC on 2 March 2026, 30 days ago" in (
        house.incident().finding.sentence
    )
    house.batch("2026-03-31")
    assert house.kinds() == ["opened"]
    note_version(house.ports, MODEL, "2")
    note_version(house.ports, MODEL, "2")
    for day in ("2026-04-01", "2026-04-02"):
        house.later(days=1)
        house.batch(day)
    assert house.kinds() == ["opened", "window_passed", "window_passed", "recovered"]
    note_version(house.ports, MODEL, "1")  # going back makes it as old as it is
    tick(house)
    assert house.incident().status == "open"


def test_a_model_without_limits_costs_nothing(house: House) -> None:
    house.batch(FIRST)
    house.labels(FIRST)
    follow_arrivals(house.ports, Shelf(house.ports, MODEL).spec())
    note_version(house.ports, MODEL, "2")
    assert entries(house) == [] and list(house.ports.blobs.list(ARRIVALS)) == []


def test_a_model_that_was_there_before_starts_from_what_it_has(house: House) -> None:
    for day in (SECOND, FIRST):
        house.batch(day)
    house.labels(FIRST)
    house.later(hours=5)
    follow(house, DAILY)
    start = known(house)
    assert (start.window, start.labelled, start.came) == (SECOND, FIRST, house.ports.clock.now())
    assert start.version == "1" and entries(house) == ["2026-03-03T14:00Z_acme_demo"]


def test_limits_handed_over_anew_hold_at_once_and_forget_nothing(daily: House) -> None:
    daily.batch(FIRST)
    daily.later(hours=12)
    follow(daily, "schedules: {batches_every: 4h, batches_grace: 1h}\n")
    assert tick(daily) == 1 and checks(daily) == ["late_batch"]
    follow(daily, "")
    assert entries(daily) == [] and known(daily).window == FIRST
    daily.later(days=100)
    assert tick(daily) == 0
