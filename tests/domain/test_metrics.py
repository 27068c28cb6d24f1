"""The formulas, against scikit-learn and against what can be said by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from tests.domain.labelled import binary_day, class_day, number_day
from tidewatch.domain.model_spec import Costs
from tidewatch.domain.performance import metrics
from tidewatch.domain.performance.outcomes import metric_values

EXACT = 1e-9
RANDOM = np.random.default_rng(11)


def binary_rows(rows: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    scores = RANDOM.beta(0.6, 1.5, rows).clip(1e-5, 1 - 1e-5)
    scores = np.round(scores, 1).clip(0.01, 0.99) if ties else scores
    return scores, (RANDOM.random(rows) < scores).astype(np.float64)


@pytest.mark.parametrize(("rows", "ties"), [(40, False), (40, True), (5000, True)])
def test_every_metric_of_a_binary_model_is_that_of_scikit_learn(rows: int, ties: bool) -> None:
    scores, labels = binary_rows(rows, ties)
    decided = scores >= 0.5
    assert metric_values([binary_day(scores, labels)]) == pytest.approx(
        {
            "accuracy": sklearn_metrics.accuracy_score(labels, decided),
            "precision": sklearn_metrics.precision_score(labels, decided),
            "recall": sklearn_metrics.recall_score(labels, decided),
            "f1": sklearn_metrics.f1_score(labels, decided),
            "roc_auc": sklearn_metrics.roc_auc_score(labels, scores),
            "log_loss": sklearn_metrics.log_loss(labels, scores),
            "brier": sklearn_metrics.brier_score_loss(labels, scores),
            "calibration_gap": labels.mean() - scores.mean(),
            "observed": labels.mean(),
            "predicted": scores.mean(),
        },
        abs=EXACT,
    )


def test_every_metric_of_a_model_of_many_classes_is_that_of_scikit_learn() -> None:
    names = np.array(["cat", "dog", "emu"], dtype=object)
    scores = (1 + RANDOM.multinomial(17, RANDOM.dirichlet([1.0, 1.0, 1.0], 400))) / 20
    labels = names[[RANDOM.choice(3, p=row) for row in scores]]
    decided = names[scores.argmax(axis=1)]
    happened = np.stack([labels == name for name in names], axis=1).astype(float)
    right, sure = labels == decided, scores.max(axis=1)
    macro = {"average": "macro"}
    assert metric_values([class_day(scores, labels, decided)]) == pytest.approx(
        {
            "accuracy": sklearn_metrics.accuracy_score(labels, decided),
            "precision": sklearn_metrics.precision_score(labels, decided, **macro),
            "recall": sklearn_metrics.recall_score(labels, decided, **macro),
            "f1": sklearn_metrics.f1_score(labels, decided, **macro),
            "roc_auc": sklearn_metrics.roc_auc_score(labels, scores, multi_class="ovr", labels=names, **macro),
            "log_loss": sklearn_metrics.log_loss(labels, scores, labels=names),
            "brier": ((scores - happened) ** 2).sum(axis=1).mean(),
            "calibration_gap": right.mean() - sure.mean(),
            "observed": right.mean(),
            "predicted": sure.mean(),
        },
        abs=EXACT,
    )


def test_a_class_that_is_never_decided_counts_in_the_macro_mean() -> None:
    labels, decided = np.array(["a", "b", "c", "c"], dtype=object), np.array(["a", "b", "a", "b"], dtype=object)
    values = metric_values([class_day(None, labels, decided)])
    assert set(values) == {"accuracy", "precision", "recall", "f1"}  # nothing can be said of probabilities
    for name in ("precision", "recall", "f1"):
        theirs = getattr(sklearn_metrics, f"{name}_score")(labels, decided, average="macro", zero_division=0)
        assert values[name] == pytest.approx(theirs, abs=EXACT)


@pytest.mark.parametrize("offset", [0.0, 1e7])
def test_every_metric_of_a_regression_is_that_of_scikit_learn(offset: float) -> None:
    labels = RANDOM.normal(offset, 3, 300)
    said = labels + RANDOM.normal(0.4, 1, 300)
    assert metric_values([number_day(said, labels)]) == pytest.approx(
        {
            "mae": sklearn_metrics.mean_absolute_error(labels, said),
            "rmse": sklearn_metrics.root_mean_squared_error(labels, said),
            "r2": sklearn_metrics.r2_score(labels, said),
            "calibration_gap": (labels - said).mean(),
            "observed": labels.mean(),
            "predicted": said.mean(),
        },
        rel=1e-7 if offset else EXACT,
    )


def test_the_cost_of_a_row_is_what_the_builders_say_each_outcome_is_worth() -> None:
    matrix = np.array([[60.0, 10.0], [5.0, 25.0]])  # 10 false alarms, 5 misses
    costs = Costs(true_positive=-2, false_positive=1, false_negative=20)
    assert metrics.business_cost(matrix, costs) == pytest.approx((-2 * 25 + 10 + 20 * 5) / 100)


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1"])
def test_decisions_of_no_rows_are_undefined_and_not_wrong(name: str) -> None:
    assert np.isnan(getattr(metrics, name)(np.zeros((2, 2)), *([1] if name != "accuracy" else [])))


def test_the_precision_of_a_model_that_decides_for_nobody_is_undefined_and_its_recall_is_0() -> None:
    matrix = np.array([[50.0, 0.0], [10.0, 0.0]])
    assert np.isnan(metrics.precision(matrix, 1))
    assert (float(metrics.recall(matrix, 1)), float(metrics.f1(matrix, 1))) == (0.0, 0.0)


def test_without_both_kinds_there_is_no_roc_auc_and_with_constant_labels_no_r2() -> None:
    assert np.isnan(metrics.roc_auc(np.array([3.0, 4.0]), np.zeros(2)))
    assert "r2" not in metric_values([number_day(np.array([1.0, 2.0]), np.array([5.0, 5.0]))])


def test_the_variance_of_the_roc_auc_is_delongs() -> None:
    """Against the definition, row by row."""
    negatives, positives = np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.4, 0.9, 0.7])
    wins = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    delong = wins.mean(axis=1).var(ddof=1) / 3 + wins.mean(axis=0).var(ddof=1) / 4
    edges = np.unique(np.concatenate([negatives, positives]))
    counted = [(edges == kind[:, None]).sum(axis=0).astype(np.float64) for kind in (negatives, positives)]
    assert metrics.auc_variance(*counted) == pytest.approx(delong)


def test_reliability_counts_each_tenth_of_the_score() -> None:
    table = metrics.reliability(np.array([0.0, 0.05, 0.1, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert table[0].tolist() == [2, 0.05, 1] and table[1].tolist() == [1, 0.1, 1] and table[9].tolist() == [1, 1, 1]
    assert metrics.calibration_error(table) == pytest.approx((0.95 + 0.9 + 0) / 4)


@given(shift=st.floats(-0.3, 0.3), seed=st.integers(0, 99))
def test_gaps_that_cancel_are_no_calibration_gap_and_still_a_calibration_error(shift: float, seed: int) -> None:
    scores = np.random.default_rng(seed).uniform(0.31, 0.69, 200)
    happened = scores + np.where(np.arange(200) % 2, shift, -shift)
    table = metrics.reliability(scores, happened)
    gap = abs(float((happened - scores).mean()))
    assert gap <= float(metrics.calibration_error(table)) + 1e-12 <= abs(shift) + 1e-9


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_coarser_cells_move_the_roc_auc_by_no_more_than_is_said(cells: list[tuple[int, int]]) -> None:
    fine = np.array(cells, dtype=np.float64).T
    padded = np.pad(fine, ((0, 0), (0, fine.shape[1] % 2)))
    coarse = padded.reshape(2, -1, 2).sum(axis=-1)
    exact, seen = metrics.roc_auc(*fine), metrics.roc_auc(*coarse)
    if np.isfinite(exact):
        assert abs(seen - exact) <= metrics.auc_error(*coarse) + 1e-12
    else:
        assert np.isnan(seen)
