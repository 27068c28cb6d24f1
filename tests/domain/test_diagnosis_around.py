"""What a window's own columns do not say: its feed, other windows, other models, labels, age, runbooks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.domain.diagnosed import DAYS, ROWS, SPEC, Columns, causes, columns, first, name_of, profile, situation
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.ranking import focused, rank
from tidewatch.domain.diagnosis.situation import Elsewhere
from tidewatch.domain.finding import Finding
from tidewatch.domain.performance.outcomes import DayOutcome
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.runbook import Runbook

DAY = columns(DAYS + 5)
MANY = np.random.default_rng(1).random(ROWS) < 0.4


def finding(subject: str, check: str = "drift", model: str = "acme/parcels") -> Finding:
    return Finding(model, check, subject, "ks", 0.5, 0.1, "high", name_of(DAYS), f"{subject} is strange")


# --- the feed --------------------------------------------------------------------------------------------------


def test_the_same_fault_in_all_columns_of_a_feed_is_one_of_the_feed() -> None:
    scales = ("weight", "length", "height")
    cause = first(DAY | {name: np.where(MANY, np.nan, DAY[name]) for name in scales})
    assert (cause.kind, cause.subject) == ("upstream_source", "scales")
    assert cause.columns == scales
    assert "3 of 3 columns of the scales lack values (weight, length, height)" in cause.sentence


def feed(number: int) -> dict[str, Any]:
    """What the scales say on a day: another batch of goods every day."""
    chance = np.random.default_rng(1000 + number)
    middles = chance.uniform(0.4, 2.5, 3)
    return {
        "weight": np.round(chance.normal(30 * middles[0], 3, ROWS)),
        "length": np.round(chance.normal(20 * middles[1], 2, ROWS)),
        "height": chance.normal(30 * middles[2], 2, ROWS),
    }


@pytest.mark.parametrize(
    ("delivered", "found"), [(DAYS + 39, True), (DAYS + 40, False)], ids=["yesterday's", "its own"]
)
def test_a_feed_that_delivers_the_day_before_again_is_found(delivered: int, found: bool) -> None:
    days = range(DAYS, DAYS + 40)
    windows = {name_of(number): profile(columns(number) | feed(number)) for number in days}
    told = [c for c in causes(columns(DAYS + 40) | feed(delivered), windows=windows) if c.kind == "upstream_source"]
    assert [c.evidence["window"] for c in told] == ([name_of(DAYS + 39)] if found else [])


def test_findings_of_other_models_about_the_same_feed_make_it_the_cause() -> None:
    elsewhere = [Elsewhere(finding("mass", model="acme/returns"), "scales")]
    day = DAY | {"weight": DAY["weight"] * 0.45359237}
    cause = first(day, elsewhere=elsewhere)
    assert (cause.kind, cause.subject) == ("upstream_source", "scales")
    assert cause.sentence.endswith("also 1 other model of the same source: acme/returns")
    assert causes(day, elsewhere=[Elsewhere(finding("desk", model="acme/x"), "desk")])[0].kind == "unit_or_scale"


# --- other windows ---------------------------------------------------------------------------------------------


def summer(number: int) -> Columns:
    return columns(number) | {"height": np.random.default_rng(number).normal(45, 3, ROWS)}


def test_a_window_that_is_as_last_year_is_the_season() -> None:
    day = summer(DAYS + 5)
    seasons: Mapping[str, Profile] = {"last year's": profile(summer(DAYS + 6)), "last week's": profile(DAY)}
    cause = next(c for c in causes(day, seasons=seasons) if c.kind == "seasonality")
    assert cause.subject == "last year's"
    assert "last year's fits much better" in cause.sentence and "height" in cause.sentence


def test_a_window_that_is_as_no_other_is_no_season() -> None:
    found = causes(summer(DAYS + 5), seasons={"last week's": profile(DAY)})
    assert [c for c in found if c.kind == "seasonality"] == []


# --- labels ----------------------------------------------------------------------------------------------------


def outcomes(
    first_day: int, days: int, turned: float = 0.0, labelled: float = 0.98, odds: float = 1.0
) -> list[DayOutcome]:
    """Days whose labels follow the scores; a share is turned round, a share is known, the odds may be others."""
    found = []
    for number in range(first_day, first_day + days):
        chance = np.random.default_rng(number)
        score = chance.beta(1, 3, 1000)
        happened = chance.random(1000) < odds * score / (1 - score + odds * score)
        labels = np.where(chance.random(1000) < turned, ~happened, happened).astype(np.float64)
        kept = chance.random(1000) < np.where(happened, labelled, 0.98)  # late rows are known later
        found.append(DayOutcome.of(name_of(number), "1", score, np.where(kept, labels, np.nan)))
    return found


def about_labels(run: list[DayOutcome]) -> list[Cause]:
    return [cause for cause in causes(DAY, outcomes=run, earlier=outcomes(0, 20)) if cause.kind != "unknown"]


def test_labels_that_fit_have_no_cause() -> None:
    assert about_labels(outcomes(20, 3)) == []


@pytest.mark.parametrize(
    ("turned", "words"), [(1.0, "look turned round"), (0.5, "do not seem to belong to these rows")]
)
def test_labels_that_are_turned_or_dealt_anew_are_a_fault_of_the_labels(turned: float, words: str) -> None:
    cause = about_labels(outcomes(20, 3, turned=turned))[0]
    assert (cause.kind, cause.subject) == ("label_fault", "labels")
    assert words in cause.sentence and "ROC AUC" in cause.sentence


def test_labels_that_are_late_for_late_rows_are_a_fault_of_the_labels() -> None:
    cause = about_labels(outcomes(20, 3, labelled=0.3))[0]
    assert (cause.kind, cause.evidence["usual"]) == ("label_fault", pytest.approx(0.98, abs=0.01))
    assert "those of one kind are late" in cause.sentence


def test_labels_of_nobody_are_a_fault_of_the_labels() -> None:
    cause = about_labels([replace(day, unmatched=300) for day in outcomes(20, 3)])[0]
    assert cause.sentence.startswith("900 labels belong to no prediction")


def test_a_world_that_has_changed_while_the_inputs_have_not_is_concept_drift() -> None:
    cause = about_labels(outcomes(20, 3, odds=8.0))[0]
    assert (cause.kind, cause.subject) == ("concept_drift", "calibration_gap")
    assert "while the inputs are as usual" in cause.sentence


def test_with_inputs_that_differ_too_concept_drift_is_less_sure() -> None:
    day = DAY | {"weight": DAY["weight"] * 0.45359237}
    found = {c.kind: c.score for c in causes(day, outcomes=outcomes(20, 3, odds=8.0), earlier=outcomes(0, 20))}
    assert found["concept_drift"] < found["unit_or_scale"]


def test_what_is_too_old_is_told() -> None:
    cause = first(DAY, stale=[finding("model", "stale_model")])
    assert (cause.kind, cause.subject, cause.sentence) == ("staleness", "model", "model is strange")


# --- runbooks, and one finding ---------------------------------------------------------------------------------


def runbook(name: str, *checks: str) -> Runbook:
    return Runbook(
        name=name, title=name, when={"checks": list(checks)}, touches="nothing", takes="1 s", run=["a"], verify=["b"],
        timeout=timedelta(minutes=1), folder="/",
    )  # fmt: skip


def test_the_runbook_for_what_the_cause_looks_like_is_suggested() -> None:
    runbooks = [runbook("rejoin-labels", "calibration_gap"), runbook("convert-unit", "scale")]
    found = rank(situation(DAY | {"weight": DAY["weight"] * 0.45359237}), runbooks)
    assert [(cause.kind, cause.runbook) for cause in found] == [("unit_or_scale", "convert-unit"), ("unknown", None)]


def test_a_conversion_that_the_check_has_not_measured_has_no_runbook() -> None:
    found = rank(situation(DAY | {"height": DAY["height"] * 2.54}), [runbook("convert-unit", "scale")])
    assert (found[0].kind, found[0].runbook) == ("unit_or_scale", None)


@pytest.mark.parametrize(
    ("subject", "likeliest"), [("weight", "unit_or_scale"), ("scales", "unit_or_scale"), ("depot", "category_renamed")]
)
def test_of_several_causes_those_about_the_finding_come_first(subject: str, likeliest: str) -> None:
    day = DAY | {"weight": DAY["weight"] * 0.45359237, "depot": np.where(DAY["depot"] == "EAST", "ABC", DAY["depot"])}
    assert focused(causes(day), finding(subject), SPEC)[0].kind == likeliest


def test_a_finding_about_the_model_keeps_the_order() -> None:
    found = causes(DAY | {"weight": DAY["weight"] * 0.45359237})
    assert focused(found, finding("log_loss", "log_loss"), SPEC) == found
