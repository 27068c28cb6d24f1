"""NCRONTAB as Azure reads it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tidewatch.local_host.schedule import Schedule, Tick


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 * * * * *", "2026-03-02 12:00:00", "2026-03-02 12:01:00"),
        ("0 * * * * *", "2026-03-02 12:00:59.900", "2026-03-02 12:01:00"),
        ("*/10 * * * * *", "2026-03-02 12:00:00", "2026-03-02 12:00:10"),
        ("30 */5 * * * *", "2026-03-02 12:00:31", "2026-03-02 12:05:30"),
        ("5/20 0 0 * * *", "2026-03-02 00:00:05", "2026-03-02 00:00:25"),
        ("0 0 6 * * MON-FRI", "2026-03-06 07:00:00", "2026-03-09 06:00:00"),
        ("0 0 0 1 Jan,jul *", "2026-03-02 12:00:00", "2026-07-01 00:00:00"),
        ("0 0 0 29 2 *", "2026-03-02 12:00:00", "2028-02-29 00:00:00"),
        ("0 30 1 * * *", "2026-03-28 12:00:00", "2026-03-29 01:30:00"),  # a summer-time gap in Europe, none in UTC
    ],
)
def test_the_next_tick(expression: str, after: str, expected: str) -> None:
    assert Schedule(expression).next(at(after)) == at(expected)


def test_day_and_weekday_must_both_fit() -> None:
    assert Schedule("0 0 0 13 * 5").next(at("2026-03-14")) == at("2026-11-13")


def test_a_day_that_never_comes_has_no_next_tick() -> None:
    assert Schedule("0 0 0 30 2 1").next(at("2026-01-01")) is None


def test_another_time_zone_is_understood_as_the_same_moment() -> None:
    moscow = datetime(2026, 3, 2, 15, 0, tzinfo=timezone(timedelta(hours=3)))
    assert Schedule("0 0 13 * * *").next(moscow) == at("2026-03-02 13:00:00")


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        ("2026-03-02 12:00:10", "2026-03-02 12:00:59", None),
        ("2026-03-02 12:00:10", "2026-03-02 12:01:00", Tick(at("2026-03-02 12:01:00"), past_due=False)),
        ("2026-03-02 12:00:10", "2026-03-02 12:01:50", Tick(at("2026-03-02 12:01:00"), past_due=False)),
        ("2026-03-02 12:00:10", "2026-03-02 12:02:00", Tick(at("2026-03-02 12:01:00"), past_due=True)),
        ("2026-03-02 12:00:10", "2026-09-02 12:02:00", Tick(at("2026-03-02 12:01:00"), past_due=True)),
    ],
)
def test_many_missed_ticks_are_one_that_is_past_due(last: str, now: str, expected: Tick | None) -> None:
    assert Schedule("0 * * * * *").due(at(last), at(now)) == expected


def test_one_missed_tick_is_past_due_when_it_is_old() -> None:
    tick = Schedule("0 0 3 * * *").due(at("2026-03-02 12:00:00"), at("2026-03-03 05:00:00"))
    assert tick == Tick(at("2026-03-03 03:00:00"), past_due=True)


@pytest.mark.parametrize(
    ("expression", "clause"),
    [
        ("* * * * *", "has 5 fields"),
        ("00:05:00", "has 1 fields"),
        ("61 * * * * *", "bad second"),
        ("0 0 0 L * *", "which Azure does not know"),
        ("0 0 0 * * 5#2", "which Azure does not know"),
        ("0 0 0 * * 7", "which Azure does not know"),
        ("0 0 0 * * fri-7", "which Azure does not know"),
        ("0 0 0 * Julember *", "bad month"),
    ],
)
def test_what_azure_would_refuse_is_refused(expression: str, clause: str) -> None:
    with pytest.raises(ValueError, match=clause):
        Schedule(expression)
