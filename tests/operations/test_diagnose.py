"""From an incident to its likely causes, with all that the shelf knows about the window."""

from dataclasses import replace

import numpy as np
import pytest

from tests.operations.house import MODEL, SPEC, House
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.operations.diagnose import diagnose, rows_of
from tidewatch.operations.fleet import decide
from tidewatch.operations.journal import UnknownIncident
from tidewatch.operations.report import report
from tidewatch.operations.shelf import Shelf

KILOGRAMS = 0.45359237
OTHER = "acme/returns"
FROM_SCALES = SPEC.replace("weight: {", "weight: {source: scales, ")


def kinds(causes: list[Cause]) -> list[str]:
    return [cause.kind for cause in causes]


def diagnosed(house: House, name: str = "") -> list[Cause]:
    return diagnose(house.ports, name or house.incidents()[-1])


def snapshot(house: House) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in house.root.rglob("*") if path.is_file())


def test_another_unit_is_found_with_the_runbook_for_it(house: House) -> None:
    house.batch("2026-02-01", times=KILOGRAMS)
    first = diagnosed(house)[0]
    assert (first.kind, first.subject, first.runbook) == ("unit_or_scale", "weight", "convert-unit")
    assert first.evidence["pair"] == "pounds → kilograms"


def test_a_diagnosis_writes_nothing(house: House) -> None:
    house.batch("2026-02-01", times=KILOGRAMS)
    before = snapshot(house)
    diagnosed(house)
    assert snapshot(house) == before


def test_an_unknown_incident_is_refused(house: House) -> None:
    with pytest.raises(UnknownIncident):
        diagnose(house.ports, "INC-9999")


def test_of_a_window_without_a_batch_nothing_is_known(house: House) -> None:
    report(house.ports, [house.finding()], "k", "test")
    assert diagnosed(house) == []


def test_of_a_model_that_was_never_handed_over_nothing_is_known(house: House) -> None:
    report(house.ports, [house.finding(model="acme/unknown")], "k", "test")
    assert diagnosed(house) == []


def test_the_batch_is_diagnosed_as_it_came_not_as_it_was_corrected(house: House) -> None:
    house.batch("2026-02-01", times=KILOGRAMS)
    house.land("corrected", "2026-02-01", house.parquet(house.day("2026-02-01"), without=("late",)))
    assert kinds(diagnosed(house))[0] == "unit_or_scale"


def test_of_two_faults_the_one_about_the_incident_comes_first(house: House) -> None:
    usual = house.day("2026-02-01").columns["colour"]
    colour = np.where(usual == "blue", "teal", usual).astype(object)
    house.batch("2026-02-01", times=KILOGRAMS, colour=colour)
    decide(house.ports)
    subjects = {house.incident(name).finding.subject: diagnosed(house, name)[0].kind for name in house.incidents()}
    assert subjects == {"weight": "unit_or_scale", "colour": "category_renamed"}


def test_the_same_feed_in_another_model_makes_the_feed_the_cause(house: House) -> None:
    house.hand_over(FROM_SCALES)
    house.hand_over(FROM_SCALES.replace(MODEL, OTHER))
    house.batch("2026-02-01", times=KILOGRAMS)
    assert kinds(diagnosed(house))[0] == "unit_or_scale"
    report(house.ports, [house.finding(model=OTHER)], "k", "test")
    first = next(name for name in house.incidents() if house.incident(name).model == MODEL)
    assert (diagnosed(house, first)[0].kind, diagnosed(house, first)[0].subject) == ("upstream_source", "scales")


def test_a_window_that_is_as_the_one_a_week_before_is_the_season(house: House) -> None:
    for day in ("2026-02-01", "2026-02-08"):
        house.batch(day, weight=np.arange(60.0) + 41)
    season = next(cause for cause in diagnosed(house) if cause.kind == "seasonality")
    assert season.subject == "the window of 2026-02-01, a week before"


def test_metrics_that_are_bad_while_inputs_are_usual_mean_another_world(house: House) -> None:
    house.late_days(1, 3)
    assert house.incident().finding.family == "performance"
    assert kinds(diagnosed(house))[0] == "concept_drift"


def test_what_is_too_old_is_among_the_causes(house: House) -> None:
    house.late_days(1, 3)
    performance = house.incidents()[-1]
    old = replace(house.finding("model"), check="stale_model", sentence="the version in service is 400 days old")
    report(house.ports, [old], "k", "test")
    stale = [cause for cause in diagnosed(house, performance) if cause.kind == "staleness"]
    assert [cause.sentence for cause in stale] == ["the version in service is 400 days old"]


def test_of_a_large_batch_some_rows_are_read_in_their_order(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidewatch.operations.diagnose.MOST_ROWS", 25)
    data = house.parquet(house.day("2026-02-01", weight=np.arange(60.0)), without=("late",))
    rows = rows_of(house.ports.tables, data, "day.parquet", Shelf(house.ports, MODEL).spec(), 60)
    assert rows.rows == 25
    assert np.all(np.diff(rows.columns["weight"]) > 0)
    assert rows.columns["colour"].dtype == object
