from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from tidewatch.domain.estimation.expected import Rows, expected_confusion, expected_metrics
from tidewatch.domain.model_spec import Costs

ALL = ("accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier")
COSTS = Costs(false_positive=3, false_negative=7, true_positive=-1)


def rows(classes: int, many: int = 400, seed: int = 1) -> Rows:
    """Probabilities and scores that differ; some scores are tied."""
    random = np.random.default_rng(seed)
    weights = random.gamma(0.7, size=(many, classes)) + 0.01
    chances = weights / weights.sum(axis=1, keepdims=True)
    raw = np.round(chances**2 + 0.02, 2)
    scores = raw / raw.sum(axis=1, keepdims=True)
    return Rows(chances, scores, scores.argmax(axis=1))


def labelled(of: Rows, seed: int = 2) -> tuple[Rows, NDArray[np.int64]]:
    """Labels drawn by the probabilities, and then known."""
    drawn = np.random.default_rng(seed).uniform(size=(len(of.decisions), 1)) > of.chances.cumsum(axis=1)
    labels = np.minimum(drawn.sum(axis=1), of.classes - 1)
    return replace(of, chances=np.eye(of.classes)[labels]), labels


def test_of_known_labels_the_expectation_is_the_metric_of_two_classes() -> None:
    known, y = labelled(rows(2))
    ours = {name: one.value for name, one in expected_metrics(known, (*ALL, "business_cost"), COSTS).items()}
    d, s = known.decisions, known.scores[:, 1]
    tn, fp, fn, tp = metrics.confusion_matrix(y, d).ravel()
    assert ours == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(y, d),
            "precision": metrics.precision_score(y, d),
            "recall": metrics.recall_score(y, d),
            "f1": metrics.f1_score(y, d),
            "roc_auc": metrics.roc_auc_score(y, s),
            "log_loss": metrics.log_loss(y, s),
            "brier": metrics.brier_score_loss(y, s),
            "business_cost": (3 * fp + 7 * fn - tp) / 400,
        },
        abs=1e-9,
    )
    assert expected_confusion(known).tolist() == [[tn, fp], [fn, tp]]


def test_of_known_labels_the_expectation_is_the_metric_of_many_classes() -> None:
    known, y = labelled(rows(4))
    ours = {name: one.value for name, one in expected_metrics(known, ALL, COSTS).items()}
    d, s = known.decisions, known.scores
    assert ours == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(y, d),
            "precision": metrics.precision_score(y, d, average="macro"),
            "recall": metrics.recall_score(y, d, average="macro"),
            "f1": metrics.f1_score(y, d, average="macro"),
            "roc_auc": metrics.roc_auc_score(y, s, multi_class="ovr"),
            "log_loss": metrics.log_loss(y, s),
            "brier": ((np.eye(4)[y] - s) ** 2).sum(axis=1).mean(),
        },
        abs=1e-9,
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_slopes_are_what_a_metric_gains_when_a_probability_does(classes: int) -> None:
    of = rows(classes, 60)
    step = 1e-5 * np.random.default_rng(3).normal(size=of.chances.shape)
    step -= step.mean(axis=1, keepdims=True)  # probabilities of a row keep their sum
    names = (*ALL, "business_cost") if classes == 2 else ALL
    here = expected_metrics(of, names, COSTS)
    there = expected_metrics(replace(of, chances=of.chances + step), names, COSTS)
    for name in names:
        gained = there[name].value - here[name].value
        assert gained == pytest.approx(float((here[name].slopes * step).sum()), abs=1e-9), name


@pytest.mark.parametrize("classes", [2, 3])
def test_the_variance_is_how_much_realised_metrics_vary(classes: int) -> None:
    of, names = rows(classes), (*ALL, "business_cost") if classes == 2 else ALL
    draws = [expected_metrics(labelled(of, seed)[0], names, COSTS) for seed in range(400)]
    for name, expected in expected_metrics(of, names, COSTS).items():
        realised = np.array([draw[name].value for draw in draws])
        assert np.sqrt(expected.variance(of.chances)) == pytest.approx(realised.std(), rel=0.15), name
        assert expected.value == pytest.approx(realised.mean(), abs=0.3 * realised.std()), name


def test_what_is_undefined_is_left_out() -> None:
    certain = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert set(expected_metrics(Rows(certain, certain, np.array([0, 0])), ALL, COSTS)) == {
        "accuracy", "log_loss", "brier",
    }  # fmt: skip
    nothing = Rows(np.empty((0, 2)), np.empty((0, 2)), np.empty(0, dtype=np.int64))
    assert expected_metrics(nothing, ALL, COSTS) == {}
