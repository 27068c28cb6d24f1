"""Labels that came wrong and were sent again: joined again, and judged again by Z."""

from pathlib import Path

import pytest

from tests.operations.house import MODEL, House
from tests.runbooks.running import contents, run, with_script

DAYS = [f"2026-02-{number:02d}" for number in (1, 2, 3)]


@pytest.fixture
def too_late(staffed: House) -> House:
    """Three days of which the labels say that most parcels were late."""
    staffed.late_days(1, 3)
    assert [found.check for found in staffed.incident().findings] == ["calibration_gap"]
    return staffed


def send_right_labels(house: House, *days: str) -> None:
    """Into the store, with no event to tell of it."""
    for day in days:
        labels = house.day(day, late=0.2)
        others = tuple(name for name in labels.columns if name not in ("id", "late"))
        house.land("labels", day, house.parquet(labels, without=others))


def test_labels_that_are_right_by_now_end_the_incident(too_late: House) -> None:
    send_right_labels(too_late, *DAYS)
    done = run(too_late)
    assert (done.runbook, done.verdict) == ("rejoin-labels", "passed")
    assert too_late.incident().status == "resolved"
    assert too_late.incident().resolution == (
        "rejoin-labels: with the labels joined again the metrics are in their usual range"
    )


def test_labels_that_are_still_wrong_go_to_l2_and_nothing_is_written(too_late: House) -> None:
    send_right_labels(too_late, DAYS[0])
    before = contents(too_late)
    done = run(too_late)
    assert (done.verdict, done.exit_status) == ("failed", 0)
    assert done.sentence.startswith("the labels are complete, and still the model said 20% late parcels where ")
    assert (too_late.incident().status, too_late.incident().tier) == ("open", "L2")
    assert contents(too_late) == before


def test_what_y_says_of_the_labels_is_not_what_decides(too_late: House, tmp_path: Path) -> None:
    with_script(too_late, "rejoin-labels", tmp_path / "rejoin-labels", run="print('60 of 60 rows, all in order')\n")
    assert run(too_late).verdict == "failed"


def test_a_label_file_that_is_gone_fails_the_run_with_a_sentence(too_late: House) -> None:
    too_late.ports.blobs.delete("labels", f"{MODEL}/{DAYS[1]}.parquet")
    done = run(too_late)
    assert (done.verdict, done.exit_status) == ("failed", 1)
    assert done.sentence.startswith("rejoin-labels failed with exit status 1: ")
    assert DAYS[1] in done.sentence
