"""What is late, missing, early or stale, told in sentences, once for each time it has doubled."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidewatch.domain.arrivals import (
    FAR,
    Arrivals,
    batch_came,
    data_time,
    expected_between,
    is_followed,
    labels_came,
    version_came,
)
from tidewatch.domain.checks.timeliness import Deadline, after_telling, in_order, next_look, overdue, signal_of
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.spec.text import parse_spec

SPEC = """
model: acme/demo
title: Demo
label_delay: 1d
columns: {id: {type: text, role: id}, day: {type: text, role: window}, weight: {type: number},
          score: {type: number, role: score}, late: {type: number, role: label}}
owners: {L1: [U0ANA]}
scoring: {command: [python, score.py]}
retraining: {command: [python, train.py]}
"""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2013, 5, 13, 3, tzinfo=UTC)  # when the model was handed over
EVERY = "schedules: {batches_every: 1d, batches_grace: 6h}\n"
STALE = "staleness: {model: 120d, data: 2d, labels: 5d}\n"


def spec(more: str = EVERY) -> ModelSpec:
    return parse_spec(SPEC + more, "spec.yaml")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2013-05-{text}+00:00")


def came(windows: Sequence[tuple[str, str]], spec_: ModelSpec | None = None, start: Arrivals | None = None) -> Arrivals:
    """What is known after these windows came at those times; every file lies where it should."""
    arrivals, spec_ = start or Arrivals(MONDAY), spec_ or spec()
    there = {window for window, _ in windows}
    for window, when in windows:
        missing = [name for name in expected_between(spec_, arrivals, window) if name not in there]
        arrivals = batch_came(spec_, arrivals, window, at(when), unseen=True, missing=missing)
    return arrivals


def told(arrivals: Arrivals, when: str, spec_: ModelSpec | None = None, **more: Any) -> list[Finding]:
    return [each.finding for each in overdue(spec_ or spec(), arrivals, at(when), **more)]


# --- late ------------------------------------------------------------------------------------------------------


def test_a_batch_is_late_once_its_grace_is_over_and_not_before() -> None:
    arrivals = came([("2013-05-13", "14T01:00")])
    assert told(arrivals, "15T06:59") == []
    (finding,) = told(arrivals, "15T08:00")
    assert finding.sentence == (
        "the batch due about 01:00 UTC on 15 May 2013 is 7 hours late; "
        "the last one, 2013-05-13, came at 01:00 UTC on 14 May 2013"
    )
    assert (finding.check, finding.value, finding.threshold, finding.severity) == ("late_batch", 7, 6, "medium")
    assert json.loads(json.dumps(finding.as_dict())) == finding.as_dict()


def test_before_the_first_batch_lateness_counts_from_the_hand_over() -> None:
    assert told(Arrivals(MONDAY), "14T08:59") == []
    (finding,) = told(Arrivals(MONDAY), "14T09:00")
    assert "none has come since it was handed over at 03:00 UTC on 13 May 2013" in finding.sentence


def test_batches_whose_names_are_no_times_are_late_too() -> None:
    arrivals = came([("batch-9", "14T01:00"), ("batch-10", "15T01:00")])
    assert told(arrivals, "16T06:59") == []
    assert "the last one, batch-10, came" in told(arrivals, "16T07:00")[0].sentence


def test_without_a_schedule_nothing_is_ever_late() -> None:
    assert not is_followed(spec(""))
    assert told(Arrivals(MONDAY), "31T00:00", spec("")) == []
    assert next_look(spec(""), Arrivals(MONDAY), MONDAY) is None


def test_a_file_that_was_refused_is_named_with_the_batch_that_is_late() -> None:
    arrivals = came([("2013-05-13", "14T01:00")])
    (finding,) = told(arrivals, "15T08:00", refused=["2013-05-14"])
    assert finding.sentence.endswith("; a file for 2013-05-14 came and was refused")
    (finding,) = told(arrivals, "16T08:00", refused=["2013-05-14", "2013-05-15"])
    assert finding.sentence.endswith("; 2 files, the last for 2013-05-15, came and were refused")


def test_the_same_lateness_has_the_same_key_whenever_it_is_found() -> None:
    arrivals = came([("2013-05-13", "14T01:00")])
    keys = [overdue(spec(), arrivals, at(when))[0].key for when in ("15T07:00", "15T07:01", "16T06:59")]
    assert len(set(keys)) == 1
    assert overdue(spec(), arrivals, at("16T07:00"))[0].key != keys[0]


def test_a_long_outage_is_told_again_whenever_it_has_doubled() -> None:
    arrivals, days = came([("2013-05-13", "14T01:00")]), []
    for day in range(1, 41):
        now = at("14T08:00") + day * DAY
        for each in (found := overdue(spec(), arrivals, now)):
            days.append(day)
            assert each.finding.severity == ("medium" if day == 1 else "high")
        arrivals = after_telling(arrivals, found)
    assert days == [1, 2, 4, 8, 16, 32]
    assert told(arrivals, "18T08:00")[0].sentence == (
        "4 batches are due, the first about 01:00 UTC on 15 May 2013, 3 days and 7 hours ago; "
        "the last one, 2013-05-13, came at 01:00 UTC on 14 May 2013"
    )


def test_a_batch_that_comes_ends_the_lateness() -> None:
    arrivals = came([("2013-05-13", "14T01:00"), ("2013-05-14", "15T08:00")])
    assert told(arrivals, "16T13:59") == []
    assert in_order(spec(), arrivals, at("15T08:00"), ("late_batch",)) == [signal_of("acme/demo", "late_batch")]
    assert in_order(spec(), arrivals, at("16T15:00"), ("late_batch",)) == []


def test_an_old_window_that_is_sent_again_is_no_new_batch() -> None:
    arrivals = came([("2013-05-13", "14T01:00"), ("2013-05-02", "15T06:00"), ("2013-05-13", "15T06:30")])
    assert (arrivals.window, arrivals.came) == ("2013-05-13", at("14T01:00"))
    again = batch_came(spec(), came([("b", "14T01:00")]), "a", at("15T01:00"), unseen=False)
    assert again.window == "b"


# --- missing and early -----------------------------------------------------------------------------------------


def test_a_window_left_out_is_missing_once_the_next_came() -> None:
    arrivals = came([("2013-05-13", "14T01:00"), ("2013-05-15", "16T01:00")])
    (finding,) = told(arrivals, "16T01:00")
    assert finding.sentence == (
        "the batch 2013-05-14 is missing: no file of it came, "
        "and the batch after it, 2013-05-15, came at 01:00 UTC on 16 May 2013"
    )
    assert (finding.check, finding.window, finding.value) == ("missing_batch", "2013-05-14", 1)
    assert finding.signal == signal_of("acme/demo", "late_batch")


def test_a_missing_hour_has_its_own_grace() -> None:
    hourly = spec("schedules: {batches_every: 1h, batches_grace: 3h}\n")
    arrivals = came([("2013-05-13T14", "13T15:05"), ("2013-05-13T16", "13T17:05")], hourly)
    assert told(arrivals, "13T19:04", hourly) == []
    assert [finding.window for finding in told(arrivals, "13T19:05", hourly)] == ["2013-05-13T15"]
    filled = batch_came(hourly, arrivals, "2013-05-13T15", at("13T18:00"), unseen=True)
    assert told(filled, "13T19:05", hourly) == [] and filled.window == "2013-05-13T16"


def test_many_missing_windows_are_one_finding() -> None:
    arrivals = came([("2013-03-01", "14T01:00"), ("2013-05-13", "14T02:00")])
    arrivals = replace(arrivals, troubles=tuple(replace(t, tell_at=at("14T02:00")) for t in arrivals.troubles))
    (finding,) = told(arrivals, "14T03:00")
    assert "72 batches are missing, the first 2013-03-02" in finding.sentence
    assert finding.value == 72 and len(finding.evidence["windows"]) == 31


def test_a_missing_window_is_told_once_and_the_window_after_the_next_is_good() -> None:
    arrivals = came([("2013-05-13", "14T01:00"), ("2013-05-15", "16T01:00")])
    assert in_order(spec(), arrivals, at("16T01:00"), ("late_batch", "missing_batch")) == []
    arrivals = after_telling(arrivals, overdue(spec(), arrivals, at("16T01:05")))
    assert told(arrivals, "16T01:10") == []
    assert in_order(spec(), arrivals, at("16T01:10"), ("late_batch", "missing_batch")) == []
    arrivals = came([("2013-05-16", "17T01:00")], start=arrivals)
    assert arrivals.troubles == ()
    assert len(in_order(spec(), arrivals, at("17T01:00"), ("late_batch", "missing_batch"))) == 1


@pytest.mark.parametrize(
    ("every", "first", "then", "expected"),
    [
        ("1d", "2013-05-13", "2013-05-14", []),
        ("1d", "2013-05-31", "2013-06-02", ["2013-06-01"]),
        ("1d", "20130513", "20130515", ["20130514"]),
        ("3d", "2013-05-17", "2013-05-20", []),  # no batches on Saturdays and Sundays
        ("12h", "2013-05-13", "2013-05-14", []),
        ("1d", "first", "2013-05-15", []),
        ("1d", "2013-05-15", "2013-05-12", []),
        ("1h", "2013-05-13T23Z", "2013-05-14T02Z", ["2013-05-14T00Z", "2013-05-14T01Z"]),
        ("1d", "2013-05-13", "2013-05-15T12", ["2013-05-14"]),
    ],
)
def test_the_windows_between_two_follow_from_the_schedule(
    every: str, first: str, then: str, expected: list[str]
) -> None:
    schedule = spec(f"schedules: {{batches_every: {every}}}\n")
    assert expected_between(schedule, replace(Arrivals(MONDAY), window=first), then) == expected


def test_a_gap_of_a_century_is_not_spelled_out() -> None:
    names = expected_between(spec(), replace(Arrivals(MONDAY), window="1970-01-01"), "2199-01-01")
    assert len(names) == 1000


def test_a_window_of_tomorrow_hard_on_todays_heels_is_early() -> None:
    arrivals = came([("2013-05-13", "14T01:00"), ("2013-05-15", "14T02:00")])
    (finding,) = told(arrivals, "14T02:00")
    assert finding.check == "early_batch" and "the batch 2013-05-15 came at 02:00 UTC on 14 May" in finding.sentence
    assert arrivals.window == "2013-05-13"
    assert told(came([("2013-05-15", "14T02:00")], start=arrivals), "14T02:00") == [finding], "taken twice, told once"


def test_one_wrong_year_does_not_make_all_that_follows_look_late() -> None:
    arrivals = came([("2013-05-13", "14T01:00"), ("2031-05-14", "15T01:00"), ("2013-05-15", "16T01:00")])
    assert arrivals.window == "2013-05-15"
    assert [finding.check for finding in told(arrivals, "16T02:00")] == ["early_batch", "missing_batch"]


def test_a_feed_in_a_time_zone_ahead_of_utc_is_not_early() -> None:
    arrivals = came([("2013-05-14", "13T14:30"), ("2013-05-15", "14T14:30")])
    assert told(arrivals, "14T14:30") == []


# --- stale -----------------------------------------------------------------------------------------------------


def test_data_are_as_new_as_the_end_of_their_window_and_never_newer_than_they_came() -> None:
    assert data_time(spec(), "2013-05-13", at("14T01:00")) == at("14T00:00")
    assert data_time(spec(), "2013-05-14", at("14T01:00")) == at("14T01:00")
    assert data_time(spec(""), "2013-05-13T05", at("14T01:00")) == at("13T06:00")
    assert data_time(spec(), "monday", at("14T01:00")) == at("14T01:00")


def test_stale_data_are_told_with_their_age_and_limit() -> None:
    stale = spec(STALE)
    arrivals = came([("2013-05-13", "14T01:00")], stale)
    assert told(arrivals, "15T23:59", stale) == []
    (finding,) = told(arrivals, "16T05:00", stale)
    assert finding.sentence == (
        "the newest batch is 2013-05-13, its data are as of 00:00 UTC on 14 May 2013, "
        "2 days and 5 hours ago, where 2 days is the limit"
    )
    assert (finding.check, finding.value, finding.threshold) == ("stale_data", 53, 48)
    assert told(arrivals, "18T00:00", stale)[0].severity == "high"


def test_an_old_window_that_comes_today_is_stale_today() -> None:
    stale = spec(STALE)
    arrivals = came([("2013-05-01", "14T01:00")], stale)
    assert [finding.check for finding in told(arrivals, "14T01:00", stale)] == ["stale_data"]
    assert in_order(stale, arrivals, at("14T01:00"), ("stale_data",)) == []


def test_labels_are_stale_only_while_batches_wait_for_them() -> None:
    stale = spec("staleness: {labels: 5d}\n")
    arrivals = came([("2013-05-13", "14T01:00")], stale)
    arrivals = labels_came(stale, arrivals, "2013-05-13", at("15T06:00"))
    assert told(arrivals, "31T00:00", stale) == [], "every batch has its labels"
    arrivals = came([("2013-05-14", "15T01:00")], stale, arrivals)
    assert told(arrivals, "18T23:59", stale) == []
    (finding,) = told(arrivals, "19T00:00", stale)
    assert finding.sentence == (
        "the newest window with labels is 2013-05-13, as of 00:00 UTC on 14 May 2013, 5 days ago, where 5 days is the "
        "limit; labels are known 1 day after their window, and later batches have none"
    )


def test_after_a_pause_labels_have_their_delay_again() -> None:
    stale = spec("staleness: {labels: 5d}\n")
    arrivals = labels_came(stale, came([("2013-05-01", "13T04:00")], stale), "2013-05-01", at("13T05:00"))
    arrivals = came([("2013-05-20", "21T01:00")], stale, arrivals)
    assert told(arrivals, "21T23:59", stale) == []
    assert [finding.check for finding in told(arrivals, "22T00:00", stale)] == ["stale_labels"]


def test_labels_of_an_older_window_say_nothing_new() -> None:
    stale = spec(STALE)
    arrivals = labels_came(stale, came([("2013-05-13", "14T01:00")], stale), "2013-05-10", at("14T02:00"))
    assert arrivals.labelled == "2013-05-10" and arrivals.unlabelled == at("14T00:00")
    assert labels_came(stale, arrivals, "2013-05-09", at("14T03:00")) == arrivals


def test_without_any_labels_their_age_counts_from_the_hand_over() -> None:
    stale = spec("staleness: {labels: 5d}\n")
    assert told(Arrivals(MONDAY), "31T00:00", stale) == [], "no batch, no labels"
    (finding,) = told(came([("2013-05-13", "14T01:00")], stale), "19T00:00", stale)
    assert "no label has come since the model was handed over at 03:00 UTC on 13 May 2013" in finding.sentence


def test_a_model_grows_stale_from_its_first_day_in_service_whatever_served_in_between() -> None:
    stale = spec("staleness: {model: 10d}\n")
    arrivals = version_came(Arrivals(MONDAY), "1", MONDAY)
    assert told(arrivals, "23T02:59", stale) == []
    (finding,) = told(arrivals, "23T03:00", stale)
    assert finding.sentence == (
        "version 1 has been in service since 03:00 UTC on 13 May 2013, 10 days ago, where 10 days is the limit"
    )
    newer = version_came(arrivals, "2", at("22T00:00"))
    assert told(newer, "23T03:00", stale) == []
    assert [f.check for f in told(version_came(newer, "1", at("23T00:00")), "23T03:00", stale)] == ["stale_model"]


def test_a_stricter_limit_is_told_although_a_looser_one_was() -> None:
    arrivals = version_came(Arrivals(MONDAY), "1", MONDAY)
    loose, strict = spec("staleness: {model: 10d}\n"), spec("staleness: {model: 9d}\n")
    arrivals = after_telling(arrivals, overdue(loose, arrivals, at("24T00:00")))
    assert told(arrivals, "24T00:00", loose) == []
    assert len(told(arrivals, "24T00:00", strict)) == 1
    assert next_look(strict, arrivals, at("24T00:00")) == at("22T03:00")


def test_each_kind_of_staleness_is_an_incident_of_its_own() -> None:
    signals = {signal_of("acme/demo", check) for check in ("stale_data", "stale_labels", "stale_model", "late_batch")}
    assert len(signals) == 4
    assert signal_of("acme/demo", "row_count") not in signals


def test_lengths_beyond_the_calendar_never_come() -> None:
    vast = spec("schedules: {batches_every: 499999w}\nstaleness: {model: 999999w, labels: 999999w, data: 999999w}\n")
    arrivals = came([("2013-05-13", "14T01:00")], vast)
    assert told(arrivals, "31T00:00", vast) == [] and next_look(vast, arrivals, at("31T00:00")) is None
    assert Deadline("late_batch", MONDAY, timedelta.max).at(4) == FAR


# --- time ------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.1, 2000.0), min_size=1, max_size=30, unique=True))
def test_late_doubled_or_skipped_looks_change_nothing_but_the_time(hours: list[float]) -> None:
    """Whoever looks often tells all that was told by those who look seldom, and nothing twice."""
    both = spec(EVERY + STALE)
    start = version_came(came([("2013-05-13", "14T01:00")], both), "1", MONDAY)
    arrivals, keys = start, list[str]()
    for hour in sorted([*hours, *hours]):
        now = at("14T01:00") + hour * HOUR
        found = overdue(both, arrivals, now)
        look = next_look(both, arrivals, now)
        assert look is not None and (look <= now) == bool(found)
        keys += [each.key for each in found]
        arrivals = after_telling(arrivals, found)
        look = next_look(both, arrivals, now)
        assert look is not None and look > now
        assert overdue(both, arrivals, look - timedelta(microseconds=1)) == [] != overdue(both, arrivals, look)
    assert len(keys) == len(set(keys))
    last = at("14T01:00") + max(hours) * HOUR
    assert {each.key for each in overdue(both, start, last)} <= set(keys)


@given(
    st.sampled_from(["late_batch", "stale_model"]),
    st.integers(1, 10**7),
    st.integers(0, 10**6),
    st.integers(0, 10**9),
)
def test_a_level_is_reached_at_its_time_and_not_before(check: str, step: int, slack: int, after: int) -> None:
    deadline = Deadline(check, MONDAY, timedelta(seconds=step), timedelta(seconds=slack))
    now = MONDAY + timedelta(seconds=after)
    level, then = deadline.level(now), deadline.next_after(now)
    assert then > now and (level == 0 or deadline.at(level) <= now)
    assert deadline.level(then) == max(1, 2 * level)
    assert deadline.level(then - timedelta(microseconds=1)) == level


def test_what_is_known_survives_being_stored() -> None:
    both = spec(EVERY + STALE)
    arrivals = came([("2013-05-13", "14T01:00"), ("2031-01-01", "14T01:10"), ("2013-05-15", "16T01:00")], both)
    arrivals = labels_came(both, version_came(arrivals, "2", at("16T02:00")), "2013-05-13", at("16T03:00"))
    arrivals = after_telling(arrivals, overdue(both, arrivals, at("20T00:00")))
    assert Arrivals.from_dict(json.loads(json.dumps(arrivals.as_dict()))) == arrivals
    assert Arrivals.from_dict(json.loads(json.dumps(Arrivals(MONDAY).as_dict()))) == Arrivals(MONDAY)
