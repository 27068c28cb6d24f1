import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from tidewatch.domain.estimation.isotonic import (
    AS_THEY_ARE,
    Calibration,
    calibrate,
    expected_calibration_error,
    isotonic,
    pool,
    rank_auc,
)

Floats = NDArray[np.float64]


def outcomes(seed: int, chance: Floats) -> Floats:
    return (np.random.default_rng(seed).uniform(size=len(chance)) < chance).astype(np.float64)


def evenly(rows: int) -> Floats:
    return (np.arange(rows) + 0.5) / rows


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60))
def test_the_curve_is_the_isotonic_regression_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    scores, labels = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    at = np.linspace(-1, 13, 57)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels).predict(at)
    curve = isotonic(scores, labels)
    assert curve(at) == pytest.approx(theirs, abs=1e-12)
    assert curve.rows.sum() == len(rows)


def test_values_that_pool_one_by_one_come_out_the_same() -> None:
    """A long rise with a fall at its end takes the slow way: every round of pooling would take one more block."""
    values = np.concatenate([np.linspace(0, 1, 400), np.linspace(0.2, 0.1, 5)])
    theirs = IsotonicRegression().fit(np.arange(405), values).predict(np.arange(405))
    first, sums, rows = pool(values, np.ones(405))
    assert np.repeat(sums / rows, rows.astype(int)) == pytest.approx(theirs, abs=1e-12)
    assert first[0] == 0


def test_scores_that_are_probabilities_stay_as_they_are() -> None:
    scores = evenly(20_000)
    assert calibrate(scores, outcomes(1, scores)) is AS_THEY_ARE
    assert AS_THEY_ARE(np.array([0.3, 1.2])).tolist() == [0.3, 1.0]


def test_scores_that_say_too_little_are_brought_to_what_happens() -> None:
    chance = evenly(20_000)
    curve = calibrate(chance**2, outcomes(1, chance))
    assert curve(chance**2) == pytest.approx(chance, abs=0.08)


def test_scores_beyond_0_and_1_always_get_a_curve() -> None:
    chance = evenly(5_000)
    curve = calibrate(np.log(chance / (1 - chance)), outcomes(1, chance))
    assert curve(np.array([-1e9, 0.0, 1e9])) == pytest.approx([0, 0.5, 1], abs=0.1)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [([], []), ([0.4], [1.0]), ([0.4, np.nan], [1.0, 0.0]), ([0.2, 0.3], [1.0, 1.0]), ([0.1, 0.9], [0.0, 1.0])],
    ids=["nothing", "one row", "one known row", "one kind", "told apart without fault"],
)
def test_where_nothing_can_be_learnt_scores_stay_as_they_are(scores: list[float], labels: list[float]) -> None:
    assert calibrate(scores, labels) is AS_THEY_ARE


def test_a_curve_can_be_kept_as_json() -> None:
    chance = evenly(300)
    curve = isotonic(chance**2, outcomes(1, chance))
    again = Calibration.from_dict(json.loads(json.dumps(curve.as_dict())))
    assert (again(chance) == curve(chance)).all()
    assert len(json.dumps(curve.as_dict())) < 10_000


def test_the_doubt_of_a_mean_is_how_much_it_varies_with_the_reference_rows() -> None:
    chance, new = evenly(2_000), np.random.default_rng(5).beta(3, 2, 500)
    slopes = np.full(500, 1 / 500)
    curves = [isotonic(chance, outcomes(seed, chance)) for seed in range(300)]
    varied = np.std([slopes @ curve(new) for curve in curves])
    expected = np.sqrt(np.mean([curve.doubt(new, slopes) for curve in curves]))
    assert expected == pytest.approx(varied, rel=0.25)


def test_the_order_of_labels_within_one_score_is_no_calibration_error() -> None:
    assert expected_calibration_error(np.full(100, 0.5), np.repeat([0.0, 1.0], 50)) == 0
    assert expected_calibration_error(np.full(100, 0.2), np.repeat([0.0, 1.0], 50)) == pytest.approx(0.3)


def test_rank_auc_counts_ties_half() -> None:
    assert rank_auc(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0, 1.0])) == 0.875
