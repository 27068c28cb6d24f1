"""What a window's name says about when it is."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidewatch.domain.arrivals import newest
from tidewatch.domain.window_time import window_time


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("2013-05-14", "2013-05-14T00:00"),
        ("20130514", "2013-05-14T00:00"),
        ("2013-05-14T15", "2013-05-14T15:00"),
        ("2013-05-14-15", "2013-05-14T15:00"),
        ("2013-05-14T15:30Z", "2013-05-14T15:30"),
        ("2013-05-14T15:30:10", "2013-05-14T15:30:10"),
        ("2013-05", "2013-05-01T00:00"),
        ("2013-02-30", None), ("2013-5-4", None), ("10000101", None), ("batch-7", None), ("", None),
        ("20130514x", None),
    ],
)  # fmt: skip
def test_a_window_is_when_its_name_says(name: str, start: str | None) -> None:
    named = window_time(name)
    assert (named and named.start) == (datetime.fromisoformat(f"{start}+00:00") if start else None)


@given(st.text(max_size=20))
def test_any_name_is_a_time_or_none(name: str) -> None:
    named = window_time(name)
    assert named is None or named.start.strftime(named.shape) == name


def test_the_newest_window_is_the_latest_not_the_last_in_the_alphabet() -> None:
    assert newest(["2013-05-14", "backfill", "2013-05-02"]) == "2013-05-14"
    assert newest(["b", "a"]) == "b" and newest([]) == ""
