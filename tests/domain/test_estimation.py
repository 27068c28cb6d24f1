import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.domain.story import spec_with
from tidewatch.domain.estimation.cbpe import Estimate, Estimator, WindowEstimates, left_out
from tidewatch.domain.levels import FEW
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table

METRICS = ["roc_auc", "f1", "precision", "recall", "accuracy", "business_cost"]
COSTS = {"false_positive": 3, "false_negative": 7, "true_positive": -1}
SPEC = spec_with(estimation={"metrics": METRICS}, costs=COSTS)
COLOURS = np.array(["red", "green", "blue"], dtype=object)


def batch(seed: int, rows: int, harder: float = 0.0, windows: int = 1) -> Table:
    """Scores are the squares of the probabilities, and rows are `harder` by how much nearer to a half they are."""
    random = np.random.default_rng(seed)
    chance = random.beta(0.6 + harder, 0.9 + harder, rows)
    late = (random.uniform(size=rows) < chance).astype(np.float64)
    day = np.array([f"2026-01-{1 + row * windows // rows:02d}" for row in range(rows)], dtype=object)
    columns = {"score": np.round(chance**2, 3), "late": late, "day": day}
    return Table(columns, {"score": "number", "late": "number", "day": "text"})


def without(table: Table, *names: str) -> Table:
    return Table({name: values for name, values in table.columns.items() if name not in names}, table.kinds)


def values(estimates: WindowEstimates) -> dict[str, float]:
    return {name: estimate.value for name, estimate in estimates.metrics.items()}


def realised(spec: ModelSpec, table: Table) -> dict[str, float]:
    return {name: usual.realised for name, usual in Estimator.learn(spec, table).usual.items()}


def test_estimates_of_two_classes_are_those_of_nannyml() -> None:
    """What NannyML 0.13.1 estimates for the same rows; its business value is the sum over 2,000 rows."""
    estimates = Estimator.learn(SPEC, batch(1, 8000)).estimate(SPEC, "", without(batch(2, 2000, 1.0), "late"))
    assert values(estimates) == pytest.approx(
        {
            "roc_auc": 0.7655038836647761,
            "f1": 0.4038123858264769,
            "precision": 0.8039358406225218,
            "recall": 0.2696206499866276,
            "accuracy": 0.6367997567106878,
            "business_cost": 4598.816507741846 / 2000,
        },
        abs=1e-6,
    )


def many_classes(seed: int, rows: int, harder: float) -> Table:
    random = np.random.default_rng([3, seed])
    weights = random.gamma(0.4 + harder, size=(rows, 3))
    chances = weights / weights.sum(axis=1, keepdims=True)
    label = (random.uniform(size=rows)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    scores = chances**2 / (chances**2).sum(axis=1, keepdims=True)
    columns: dict[str, Any] = {f"score_{name}": scores[:, k] for k, name in enumerate(COLOURS)}
    columns |= {"late": COLOURS[label], "answer": COLOURS[scores.argmax(axis=1)]}
    return Table(columns, dict.fromkeys(columns, "number") | {"late": "text", "answer": "text"})


def spec_of_many_classes() -> ModelSpec:
    columns = {name: column.model_dump() for name, column in SPEC.columns.items() if column.role in ("id", "window")}
    columns |= {f"score_{name}": {"type": "number", "role": "score"} for name in COLOURS}
    columns |= {"answer": {"type": "text", "role": "prediction"}}
    columns |= {"late": {"type": "text", "role": "label", "categories": list(COLOURS)}}
    return ModelSpec.model_validate(
        SPEC.model_dump() | {"task": "multiclass", "columns": columns, "estimation": {"metrics": METRICS[:-1]}}
    )


def test_estimates_of_many_classes_are_those_of_nannyml() -> None:
    spec = spec_of_many_classes()
    estimates = Estimator.learn(spec, many_classes(1, 8000, 0.0)).estimate(spec, "", many_classes(2, 2000, 0.6))
    assert values(estimates) == pytest.approx(
        {
            "roc_auc": 0.7997787716367858,
            "f1": 0.6131648227722094,
            "precision": 0.61316202987204,
            "recall": 0.6131698560276844,
            "accuracy": 0.6131644684772729,
        },
        abs=1e-6,
    )


def test_the_delivered_class_is_the_one_that_counts() -> None:
    spec, table = spec_of_many_classes(), many_classes(1, 3000, 0.0)
    always_red = Table(dict(table.columns) | {"answer": np.full(3000, "red", dtype=object)}, table.kinds)
    unheard_of = Table(dict(table.columns) | {"answer": np.full(3000, "mauve", dtype=object)}, table.kinds)
    estimator = Estimator.learn(spec, table)
    accuracy = [
        estimator.estimate(spec, "", each).metrics["accuracy"].value for each in (table, always_red, unheard_of)
    ]
    assert accuracy[1] == pytest.approx(1 / 3, abs=0.03)
    assert accuracy[2] == accuracy[0] > 0.6


def test_without_a_label_it_is_known_how_much_worse_harder_rows_are_done() -> None:
    estimator = Estimator.learn(SPEC, batch(1, 8000))
    easy, hard = (batch(seed, 4000, harder) for seed, harder in ((2, 0.0), (3, 1.0)))
    before, after = (values(estimator.estimate(SPEC, "", without(table, "late"))) for table in (easy, hard))
    assert after["roc_auc"] < before["roc_auc"] - 0.05
    assert after == pytest.approx(realised(SPEC, hard), abs=0.07)


def test_the_confusion_matrix_is_expected_as_shares_of_the_rows() -> None:
    estimates = Estimator.learn(SPEC, batch(1, 8000)).estimate(SPEC, "", batch(2, 2000))
    (_, _), (missed, found) = estimates.confusion
    assert found / (found + missed) == pytest.approx(estimates.metrics["recall"].value)
    assert sum(map(sum, estimates.confusion)) == pytest.approx(1)


def test_the_interval_holds_what_labels_say_in_nineteen_of_twenty_windows() -> None:
    estimator = Estimator.learn(SPEC, batch(1, 8000))
    inside, seen = dict.fromkeys(METRICS, 0), 200
    for seed in range(100, 100 + seen):
        day = batch(seed, 500, 0.5)
        came, said = realised(SPEC, day), estimator.estimate(SPEC, "", day).metrics
        for name in METRICS:
            inside[name] += said[name].low <= came[name] <= said[name].high
    assert all(0.9 <= many / seen <= 0.99 for many in inside.values()), inside


def test_the_spec_says_from_which_score_on_a_row_is_positive_unless_the_model_does() -> None:
    reference, day = batch(1, 3000), batch(2, 3000)
    lower = spec_with(estimation={"metrics": ["recall"]})
    lower = lower.model_copy(update={"threshold": 0.1})
    estimator = Estimator.learn(lower, reference)
    assert values(estimator.estimate(lower, "", day))["recall"] > 0.8
    columns = {name: column.model_dump() for name, column in lower.columns.items()}
    said = ModelSpec.model_validate(
        lower.model_dump() | {"columns": columns | {"said": {"type": "number", "role": "prediction"}}}
    )
    decided = Table(dict(day.columns) | {"said": np.zeros(3000)}, dict(day.kinds) | {"said": "number"})
    assert values(estimator.estimate(said, "", decided))["recall"] == 0


def test_rows_without_a_score_are_left_out() -> None:
    estimator, day = Estimator.learn(SPEC, batch(1, 3000)), batch(2, 500)
    holes = np.concatenate([day.columns["score"], np.full(100, np.nan), [np.inf]])
    table = Table({"score": holes}, {"score": "number"})
    assert estimator.estimate(SPEC, "d", table) == estimator.estimate(SPEC, "d", without(day, "late", "day"))
    assert estimator.estimate(SPEC, "d", table).rows == 500


def test_of_no_rows_nothing_is_estimated() -> None:
    estimator = Estimator.learn(SPEC, batch(1, 3000))
    assert estimator.estimate(SPEC, "d", batch(1, 0)) == WindowEstimates("d", 0, {}, ((0, 0), (0, 0)))


@pytest.mark.parametrize("late", [np.full(50, np.nan), np.full(50, 3.0)], ids=["no label", "no label known"])
def test_without_a_row_with_score_and_label_nothing_can_be_learnt(late: NDArray[np.float64]) -> None:
    table = batch(1, 50)
    with pytest.raises(ValueError, match="no row of the reference data has both a score and a label"):
        Estimator.learn(SPEC, Table(dict(table.columns) | {"late": late}, table.kinds))


def test_what_is_usual_is_learnt_from_left_out_windows() -> None:
    usual = Estimator.learn(SPEC, batch(1, 6000, windows=20)).usual["roc_auc"]
    assert usual.level is not None and usual.off is not None
    assert usual.level.windows == 20
    assert usual.level.mean == pytest.approx(usual.realised, abs=0.02)
    assert 0 < usual.level.sd < 0.03
    assert 0 < usual.off < 0.04


def test_a_judgement_over_three_windows_is_learnt_from_runs_of_three() -> None:
    spec = spec_with(estimation={"metrics": ["accuracy"], "windows": 3})
    one, three = (Estimator.learn(s, batch(1, 6000, windows=20)).usual["accuracy"].level for s in (SPEC, spec))
    assert one is not None and three is not None
    assert three.windows == 18
    assert three.sd < one.sd


@pytest.mark.parametrize("windows", [1, 4, FEW - 1])
def test_few_windows_do_not_say_what_is_usual(windows: int) -> None:
    usual = Estimator.learn(SPEC, batch(1, 2000, windows=windows)).usual["roc_auc"]
    assert (usual.level, usual.off) == (None, None)
    assert 0.5 < usual.realised < 1


def test_reference_data_without_windows_is_enough_for_a_curve() -> None:
    estimator = Estimator.learn(SPEC, without(batch(1, 2000), "day"))
    assert len(estimator.curves[0].scores) and estimator.usual["roc_auc"].level is None


def test_windows_are_left_out_in_order_of_time_and_nulls_belong_to_none() -> None:
    names = np.array(["b", None, "a", "c", "d", "e", "a", "f"], dtype=object)
    folds = list(left_out(names))
    held = {place: rows.tolist() for _, window in folds for place, rows in window.items()}
    assert held == {0: [2, 6], 1: [0], 2: [3], 3: [4], 4: [5], 5: [7]}
    first, window = folds[0]
    assert set(window) == {0, 5}
    assert np.flatnonzero(first).tolist() == [0, 3, 4, 5]


def test_an_estimator_and_its_estimates_can_be_kept_as_json() -> None:
    estimator, day = Estimator.learn(SPEC, batch(1, 6000, windows=20)), batch(2, 500)
    text = json.dumps(estimator.as_dict())
    assert len(text) < 20_000
    again = Estimator.from_dict(json.loads(text))
    estimates = estimator.estimate(SPEC, "d", day)
    assert again.estimate(SPEC, "d", day) == estimates
    assert again.usual == estimator.usual
    assert WindowEstimates.from_dict(json.loads(json.dumps(estimates.as_dict()))) == estimates


def test_a_variance_below_nothing_is_a_rounding_error() -> None:
    assert Estimate.of(0.5, -1e-20) == Estimate(0.5, 0.5, 0.5)
