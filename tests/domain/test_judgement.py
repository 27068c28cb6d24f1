"""Every check on one window: what alarms now, what waits, and what is remembered of it."""

import numpy as np
import pytest

from tests.domain.columns import counted, learnt
from tests.domain.watched import DAY, ROWS, SPEC, days, parcels, table, today, usual
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.judgement import Judgement, judge


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learnt(days(), SPEC)


def look(baseline: Baseline, columns: dict[str, np.ndarray], *earlier: list[str]) -> Judgement:
    now = counted(table(columns), SPEC, baseline)
    return judge(SPEC, baseline, DAY, usual(baseline), now.profile, now.samples, earlier)


def test_a_usual_day_leaves_nothing_behind(baseline: Baseline) -> None:
    judged = look(baseline, today())
    assert (judged.findings, judged.strange) == ([], [])
    assert {result.column for result in judged.results} == set(SPEC.watched)


def test_thirty_usual_days_give_hardly_an_alarm_without_persistence(baseline: Baseline) -> None:
    strange = [look(baseline, parcels(number, DAY)).strange for number in range(60, 90)]
    assert sum(bool(columns) for columns in strange) <= 3


def test_drift_is_remembered_before_it_alarms(baseline: Baseline) -> None:
    moved = today(length=today()["length"] + 15)
    first = look(baseline, moved)
    assert (first.findings, first.strange) == ([], ["length"])
    second = look(baseline, moved, first.strange)
    assert [(found.check, found.subject) for found in second.findings] == [("drift", "length")]
    late = look(baseline, moved, first.strange, [], [])
    assert late.findings == []


def test_what_is_certain_alarms_at_once_and_is_remembered_too(baseline: Baseline) -> None:
    judged = look(baseline, today(weight=np.full(ROWS, 20.0)))
    assert "frozen" in {found.check for found in judged.findings} and "weight" in judged.strange


def test_every_finding_is_of_the_model_and_the_window(baseline: Baseline) -> None:
    judged = look(baseline, today(weight=np.full(ROWS, np.nan), colour=np.array(["mauve"] * ROWS, dtype=object)))
    assert {found.check for found in judged.findings} == {"missing_feature", "unseen_category", "frozen"}
    assert {(found.model, found.window) for found in judged.findings} == {("acme/parcels", DAY)}
    assert all(found.family == "input" for found in judged.findings)


def test_strange_columns_are_remembered_by_their_own_names_when_their_source_speaks(baseline: Baseline) -> None:
    judged = look(baseline, today(**{name: np.full(ROWS, np.nan) for name in ("length", "width", "height")}))
    assert [found.subject for found in judged.findings] == ["size feed"]
    assert judged.strange == ["length", "width", "height"]
