"""Histogram gradient boosting of scikit-learn: takes nulls and categories as they are, and is fast on many rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.ports.learning import Floats, Predict

MOST_CATEGORIES = 254  # the learner's limit; rarer codes beyond it count as one
LARGEST = 1e300
# Large trees learn by heart the rows that come every day, and then call today's the ones of another day.
SMALL_TREES = {"max_iter": 30, "max_leaf_nodes": 4, "learning_rate": 0.2}
LEAVES = (20, 200)  # fewest rows a leaf of a regression: of few rows, and of very many; targets here are noisy


class SklearnLearning:
    def regressor(self, features: Floats, target: Floats, seed: int, categorical: Sequence[int] = ()) -> Predict:
        from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - takes three seconds
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only with it

        fewest, most = LEAVES
        settings = _settings(features, seed, categorical)
        settings["min_samples_leaf"] = min(max(len(target) // 50, fewest), most)
        with threadpool_limits(1):  # many threads on few rows wait for each other
            model = HistGradientBoostingRegressor(**settings).fit(_learnable(_prepared(features, categorical)), target)

        def predict(rows: Floats) -> Floats:
            with threadpool_limits(1):
                return np.asarray(model.predict(_prepared(rows, categorical)), dtype=np.float64)

        return predict

    def out_of_fold_scores(
        self, features: Floats, second: NDArray[np.bool_], folds: int, seed: int, categorical: Sequence[int] = ()
    ) -> Floats:
        from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - takes three seconds
        from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 - takes three seconds
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only with it

        scores = np.full(len(second), 0.5)
        fewest = min(int(second.sum()), int((~second).sum()))
        if fewest < 2:
            return scores
        rows = _prepared(features, categorical)
        splits = StratifiedKFold(max(2, min(folds, fewest)), shuffle=True, random_state=seed)
        for seen, unseen in splits.split(rows, second):
            model = HistGradientBoostingClassifier(**SMALL_TREES, **_settings(features, seed, categorical))
            with threadpool_limits(1):
                scores[unseen] = model.fit(_learnable(rows[seen]), second[seen]).predict_proba(rows[unseen])[:, 1]
        return scores


def _settings(features: Floats, seed: int, categorical: Sequence[int]) -> dict[str, Any]:
    chosen = [column in categorical for column in range(features.shape[1])]
    return {"categorical_features": chosen, "early_stopping": False, "random_state": seed}


def _prepared(features: Floats, categorical: Sequence[int]) -> Floats:
    rows = np.clip(features, -LARGEST, LARGEST).astype(np.float64)
    for column in categorical:
        codes = rows[:, column]
        rows[:, column] = np.where(codes >= 0, np.minimum(codes, MOST_CATEGORIES), np.nan)
    return rows


def _learnable(rows: Floats) -> Floats:
    """A column without any value would stop the learner: a constant says as little."""
    return np.where(np.isnan(rows).all(axis=0), 0.0, rows)
