import numpy as np
import pytest
from numpy.typing import NDArray

from tidewatch.adapters.local.learning import SklearnLearning
from tidewatch.ports.learning import Learning

Floats = NDArray[np.float64]


@pytest.fixture(params=[SklearnLearning])
def learning(request: pytest.FixtureRequest) -> Learning:
    learner: Learning = request.param()
    return learner


def rows(seed: int, many: int = 1200) -> Floats:
    """A number with nulls, a code of twelve categories, noise, a column without any value."""
    chance = np.random.default_rng(seed)
    number = np.where(chance.uniform(size=many) < 0.1, np.nan, chance.normal(size=many))
    code = chance.integers(-1, 12, many).astype(np.float64)
    return np.column_stack([number, code, chance.normal(size=many), np.full(many, np.nan)])


def worth(features: Floats) -> Floats:
    """Nulls are worth 3, and so is every third category: no order of the codes tells it."""
    return np.nan_to_num(np.abs(features[:, 0]), nan=3.0) + np.where(features[:, 1] % 3 == 0, 3.0, 0.0)


@pytest.mark.parametrize("categorical", [(), (1,)])
def test_a_target_is_learnt_from_numbers_nulls_and_categories(learning: Learning, categorical: tuple[int, ...]) -> None:
    seen, unseen = rows(1), rows(2)
    predict = learning.regressor(seen, worth(seen), 7, categorical)
    assert np.abs(predict(unseen) - worth(unseen)).mean() < 0.15


def test_the_same_data_and_seed_give_the_same_answers(learning: Learning) -> None:
    seen, second = rows(1), np.arange(1200) % 2 == 0
    first, again = (learning.regressor(seen, worth(seen), 7)(seen) for _ in range(2))
    assert (first == again).all()
    scores, repeated = (learning.out_of_fold_scores(seen, second, 4, 7) for _ in range(2))
    assert (scores == repeated).all()


def auc(scores: Floats, second: NDArray[np.bool_]) -> float:
    return float((scores[second][:, None] > scores[~second][None, :]).mean())


def test_rows_of_another_kind_are_told_apart_and_rows_of_one_kind_are_not(learning: Learning) -> None:
    usual, same, moved = rows(1), rows(2), rows(3)
    moved[:, 0] += 2
    second = np.arange(2400) >= 1200
    assert auc(learning.out_of_fold_scores(np.vstack([usual, moved]), second, 5, 7), second) > 0.85
    # No row is judged by a model that saw it: else chance would look like a difference.
    assert 0.45 < auc(learning.out_of_fold_scores(np.vstack([usual, same]), second, 5, 7), second) < 0.55


def test_more_categories_than_the_learner_takes_are_no_mistake(learning: Learning) -> None:
    seen = rows(1)
    seen[:, 1] = np.arange(1200)
    predict = learning.regressor(seen, worth(seen), 7, (1,))
    assert np.isfinite(predict(seen)).all()


def test_infinities_are_large_numbers(learning: Learning) -> None:
    seen = rows(1)
    seen[:300, 2], seen[300:600, 2] = np.inf, -np.inf
    predict = learning.regressor(seen, np.where(seen[:, 2] == np.inf, 5.0, 0.0), 7)
    assert predict(seen[:300]).min() > 4.5
    assert predict(seen[300:]).mean() < 0.1


def test_one_row_is_enough_for_a_mean(learning: Learning) -> None:
    assert learning.regressor(rows(1, 1), np.array([4.0]), 7)(rows(2, 3)) == pytest.approx([4.0] * 3)


@pytest.mark.parametrize("many", [0, 1])
def test_too_few_rows_cannot_be_told_apart(learning: Learning, many: int) -> None:
    second = np.arange(20) < many
    assert (learning.out_of_fold_scores(rows(1, 20), second, 5, 7) == 0.5).all()


def test_two_rows_of_a_kind_are_judged_in_two_folds(learning: Learning) -> None:
    scores = learning.out_of_fold_scores(rows(1, 20), np.arange(20) < 2, 5, 7)
    assert ((scores >= 0) & (scores <= 1)).all()
