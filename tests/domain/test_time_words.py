"""Times and lengths of time in sentences."""

from datetime import UTC, datetime, timedelta

import pytest

from tidewatch.domain.time_words import spoken_length, spoken_time


@pytest.mark.parametrize(
    ("span", "spoken"),
    [
        (timedelta(seconds=40), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=7), "7 hours"),
        (timedelta(hours=7, minutes=30, seconds=9), "7 hours and 30 minutes"),
        (timedelta(days=1, minutes=5), "1 day"),
        (timedelta(days=2, hours=3, minutes=5), "2 days and 3 hours"),
        (timedelta(days=120, hours=3), "120 days"),
        (timedelta(hours=-2), "2 hours"),
    ],
)
def test_lengths_are_said_in_words(span: timedelta, spoken: str) -> None:
    assert spoken_length(span) == spoken


def test_times_are_said_with_their_day() -> None:
    assert spoken_time(datetime(2013, 5, 5, 6, tzinfo=UTC)) == "06:00 UTC on 5 May 2013"
