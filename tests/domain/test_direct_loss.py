import json
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.domain.story import SPEC as PARCELS
from tidewatch.adapters.local.learning import SklearnLearning
from tidewatch.domain.estimation.cbpe import WindowEstimates
from tidewatch.domain.estimation.direct_loss import Losses, LossEstimator, Predict
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table

Floats = NDArray[np.float64]

COLUMNS = {
    "id": {"type": "text", "role": "id"},
    "day": {"type": "text", "role": "window"},
    "weight": {"type": "number"},
    "colour": {"type": "text"},
    "minutes": {"type": "number", "role": "prediction"},
    "took": {"type": "number", "role": "label", "unit": "minutes"},
}
SPEC = ModelSpec.model_validate(
    PARCELS.model_dump()
    | {"task": "regression", "columns": COLUMNS, "metrics": [], "estimation": {"metrics": ["mae", "rmse"]}}
)


def boosted(features: Floats, target: Floats, texts: Sequence[int]) -> Predict:
    return SklearnLearning().regressor(features, target, 1, texts)


def batch(seed: int, rows: int, heavy: float = 1.0, blue: float = 0.3, windows: int = 1) -> Table:
    """The model is off by what a parcel weighs, and by twice as much when it is blue."""
    random = np.random.default_rng(seed)
    weight = random.uniform(1, 5, rows) * heavy
    colour = np.where(random.uniform(size=rows) < blue, "blue", "red").astype(object)
    minutes = 30 + 10 * random.normal(size=rows)
    took = minutes + weight * np.where(colour == "blue", 2.0, 1.0) * random.normal(size=rows)
    day = np.array([f"2026-01-{1 + row * windows // rows:02d}" for row in range(rows)], dtype=object)
    columns = {"weight": weight, "colour": colour, "minutes": minutes, "took": took, "day": day}
    return Table(columns, {name: "text" if name in ("colour", "day") else "number" for name in columns})


def changed(table: Table, **columns: NDArray[np.float64] | NDArray[np.object_]) -> Table:
    return Table(dict(table.columns) | columns, table.kinds)


def unlabelled(table: Table) -> Table:
    return Table({name: values for name, values in table.columns.items() if name != "took"}, table.kinds)


def realised(table: Table) -> dict[str, float]:
    error = table.columns["took"] - table.columns["minutes"]
    return {"mae": float(np.abs(error).mean()), "rmse": float(np.sqrt((error**2).mean()))}


def values(estimates: WindowEstimates) -> dict[str, float]:
    return {name: estimate.value for name, estimate in estimates.metrics.items()}


@pytest.fixture(scope="module")
def estimator() -> LossEstimator:
    return LossEstimator.learn(SPEC, batch(1, 6000, windows=20), boosted)


@pytest.mark.parametrize(("heavy", "blue"), [(1.0, 0.3), (1.0, 0.9), (1.0, 0.0), (0.5, 0.3)])
def test_errors_are_known_from_the_inputs_before_a_label_is_in(
    estimator: LossEstimator, heavy: float, blue: float
) -> None:
    day = batch(2, 4000, heavy, blue)
    assert values(estimator.estimate(SPEC, "", unlabelled(day))) == pytest.approx(realised(day), rel=0.1)


def test_the_interval_holds_what_labels_say_in_nineteen_of_twenty_windows(estimator: LossEstimator) -> None:
    inside = {"mae": 0, "rmse": 0}
    for seed in range(100, 200):
        day = batch(seed, 300)
        came, said = realised(day), estimator.estimate(SPEC, "", day).metrics
        for name in inside:
            inside[name] += said[name].low <= came[name] <= said[name].high
    assert all(90 <= many <= 99 for many in inside.values()), inside


def test_what_is_usual_is_learnt_from_left_out_windows(estimator: LossEstimator) -> None:
    usual = estimator.losses.usual["mae"]
    assert usual.level is not None and usual.off is not None
    assert usual.level.windows == 20
    assert usual.level.mean == pytest.approx(usual.realised, rel=0.05)
    assert 0 < usual.off < 0.5


def test_from_what_was_kept_and_the_same_data_the_same_estimator_is_made_again(estimator: LossEstimator) -> None:
    text = json.dumps(estimator.losses.as_dict())
    assert len(text) < 2_000
    again = LossEstimator.again(SPEC, batch(1, 6000, windows=20), boosted, Losses.from_dict(json.loads(text)))
    day = batch(2, 500)
    assert again.estimate(SPEC, "d", day) == estimator.estimate(SPEC, "d", day)


def test_rows_without_a_prediction_are_left_out_and_other_holes_are_not(estimator: LossEstimator) -> None:
    day = batch(2, 500)
    holes = np.arange(500) < 100
    assert estimator.estimate(SPEC, "", changed(day, minutes=np.where(holes, np.nan, 30.0))).rows == 400
    odd = changed(
        day,
        weight=np.where(holes, np.inf, np.nan),
        colour=np.array([None, "mauve"] * 250, dtype=object),
    )
    assert all(np.isfinite(value) for value in values(estimator.estimate(SPEC, "", odd)).values())


def test_a_column_that_is_not_there_is_all_null(estimator: LossEstimator) -> None:
    day = batch(2, 500)
    shorter = Table({name: v for name, v in day.columns.items() if name != "weight"}, day.kinds)
    empty = changed(day, weight=np.full(500, np.nan))
    assert estimator.estimate(SPEC, "", shorter) == estimator.estimate(SPEC, "", empty)


def test_of_no_rows_nothing_is_estimated(estimator: LossEstimator) -> None:
    assert estimator.estimate(SPEC, "d", batch(1, 0)) == WindowEstimates("d", 0, {})


def test_without_windows_the_interval_is_wide_rather_than_narrow(estimator: LossEstimator) -> None:
    plain = batch(1, 6000)
    whole = Table({name: v for name, v in plain.columns.items() if name != "day"}, plain.kinds)
    alone = LossEstimator.learn(SPEC, whole, boosted)
    assert alone.losses.usual["mae"].level is None
    assert alone.losses.scatter["mae"] > estimator.losses.scatter["mae"]


def test_without_a_row_with_prediction_and_label_nothing_can_be_learnt() -> None:
    with pytest.raises(ValueError, match="no row of the reference data has both a prediction and a label"):
        LossEstimator.learn(SPEC, changed(batch(1, 50), took=np.full(50, np.nan)), boosted)


def test_a_model_that_is_never_wrong_is_expected_to_stay_so() -> None:
    right = batch(1, 300)
    right = changed(right, took=right.columns["minutes"])
    said = LossEstimator.learn(SPEC, right, boosted).estimate(SPEC, "", batch(2, 50)).metrics
    assert all((each.value, each.low, each.high) == pytest.approx((0, 0, 0), abs=1e-9) for each in said.values())
