"""Does the model answer as it used to? Its confidence, and what its answers rest on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tests.domain.columns import learnt
from tests.domain.watched import DAY, ROWS, SPEC, days, judged, parcels, profiled, table, today, usual
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks import output
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec

NAMES = ("weight", "length", "width")


def confident(threshold: float = 0.75, max_share: float | None = None, task: str = "binary") -> ModelSpec:
    confidence = {"threshold": threshold, "max_share": max_share}
    return ModelSpec.model_validate(SPEC.model_dump() | {"confidence": confidence, "task": task})


def explained() -> ModelSpec:
    """Attributions of three features are delivered."""
    columns = dict(SPEC.model_dump()["columns"])
    for name in NAMES:
        columns[f"{name}_why"] = {"type": "number", "role": "attribution", "attribution_of": name}
    return ModelSpec.model_validate(SPEC.model_dump() | {"columns": columns})


def why(sizes: Sequence[float], rows: int = ROWS) -> dict[str, Any]:
    """Attributions of those mean sizes, of either sign."""
    signs = np.where(np.arange(rows) % 3 == 0, -1.0, 1.0)
    return {f"{name}_why": signs * size for name, size in zip(NAMES, sizes, strict=True)}


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learnt(days(), SPEC)


@pytest.fixture(scope="module")
def reasons() -> Baseline:
    """A baseline in which the weight matters most and the width least."""
    return learnt(table(parcels(1) | why((5.0, 2.0, 0.5))), explained())


def checked(baseline: Baseline, columns: Mapping[str, Any], spec: ModelSpec) -> list[Finding]:
    return output.findings(spec, baseline, usual(baseline, spec), profiled(baseline, columns, spec), DAY)


def scores(unsure: float, sure: tuple[float, float] = (0.05, 0.95)) -> dict[str, Any]:
    """A share of rows whose score is near one half, the others sure of either answer."""
    values = np.where(np.arange(ROWS) % 2, *sure)
    values[: round(unsure * ROWS)] = 0.5
    return today(score=values)


def test_a_model_that_became_unsure_is_found_by_what_is_usual(baseline: Baseline) -> None:
    spec = confident()
    level = baseline.levels["score"]["unsure"]
    assert checked(baseline, today(), spec) == [] and level.windows > 10
    (found,) = checked(baseline, scores(0.8), spec)
    assert (found.check, found.family, found.subject, found.value) == ("confidence", "output", "score", 0.8)
    assert found.threshold == pytest.approx(level.limit("unsure", 0.1 / 30), abs=0.02)
    assert found.sentence == (
        f"the model is less than 75% sure of its answer in 80% of 300 rows of 2026-03-01, "
        f"where up to {found.threshold:.0%} is usual"
    )


def test_both_answers_of_a_binary_model_can_be_sure(baseline: Baseline) -> None:
    spec = confident(max_share=0.1)
    for sure in ((0.05, 0.95), (0.05, 0.1), (0.9, 0.95)):
        assert checked(baseline, scores(0.1, sure), spec) == []
        assert [found.value for found in checked(baseline, scores(0.2, sure), spec)] == [0.2]


def test_of_several_classes_the_score_is_that_of_the_answer(baseline: Baseline) -> None:
    spec = confident(max_share=0.1, task="multiclass")
    (found,) = checked(baseline, scores(0.0, sure=(0.05, 0.95)), spec)
    assert found.value == 0.5


def test_the_threshold_says_what_is_sure(baseline: Baseline) -> None:
    day = scores(0.0, sure=(0.3, 0.7))
    assert checked(baseline, day, confident(0.6, max_share=0.2)) == []
    assert [found.value for found in checked(baseline, day, confident(0.8, max_share=0.2))] == [1.0]


def test_what_the_spec_allows_is_allowed_whatever_was_usual(baseline: Baseline) -> None:
    assert checked(baseline, scores(0.8), confident(max_share=0.9)) == []
    (found,) = checked(baseline, scores(0.2), confident(max_share=0.1))
    assert found.sentence.endswith("in 20% of 300 rows of 2026-03-01, where up to 10% is allowed")


@pytest.mark.parametrize("value", [np.nan, None])
def test_without_scores_or_without_a_rule_nothing_is_said(baseline: Baseline, value: float | None) -> None:
    day = today(score=np.full(ROWS, np.nan)) if value is not None else scores(0.9)
    assert checked(baseline, day, confident() if value is not None else SPEC) == []


def test_a_baseline_of_one_window_says_nothing_of_confidence() -> None:
    assert checked(learnt(table(parcels(1)), SPEC), scores(0.9), confident()) == []


def test_scores_that_moved_are_a_problem_of_the_output(baseline: Baseline) -> None:
    moved = today(score=today()["score"] / 2 + 0.5)
    found = judged(baseline, moved, earlier=[["score"]])
    assert [(f.check, f.family, f.subject) for f in found] == [("output_drift", "output", "score")]


# --- attributions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(5.0, 2.0, 0.5), (50.0, 20.0, 5.0), (3.0, 2.9, 2.8)])
def test_features_in_the_usual_order_are_quiet_whatever_their_scale(reasons: Baseline, sizes: Sequence[float]) -> None:
    assert checked(reasons, today() | why(sizes), explained()) == []


def test_features_in_another_order_are_found_and_the_risen_one_is_named(reasons: Baseline) -> None:
    (found,) = checked(reasons, today() | why((0.5, 2.0, 5.0)), explained())
    assert (found.check, found.family, found.subject, found.statistic) == (
        "attribution_drift", "attribution", "attributions", "ndcg",
    )  # fmt: skip
    ranks = 1 / np.log2([2, 3, 4])
    exact = (np.array([0.5, 2.0, 5.0]) @ ranks) / (np.array([5.0, 2.0, 0.5]) @ ranks)
    assert found.value == pytest.approx(exact, abs=0.005) and found.value < found.threshold == 0.9
    assert found.sentence == (
        f"other features decide than before: the ranking of 2026-03-01 agrees {found.value:.2f} with the usual one, "
        "where 0.90 is the least; width now has 67% of the weight, usually 7%"
    )


def test_two_features_that_hardly_differ_may_change_places(reasons: Baseline) -> None:
    assert checked(reasons, today() | why((2.0, 2.1, 0.5)), explained()) == []


@pytest.mark.parametrize("day", [{}, why((0.0, 0.0, 0.0)), why((np.nan, np.nan, np.nan))])
def test_without_attributions_nothing_is_said_about_them(reasons: Baseline, day: Mapping[str, Any]) -> None:
    assert checked(reasons, today() | dict(day), explained()) == []
