"""Performance of a regression before labels are in: direct loss estimation (DLE).

On labelled reference rows a second model learns how large the first one's error is for a row like this, from the
row's features and its prediction (NannyML, "How DLE works"). It answers for what the inputs show: that rows became
harder. It is blind to a world in which the same row now ends differently; labels must still come.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.estimation.cbpe import Estimate, NothingToLearn, Usual, WindowEstimates, left_out, usual_of
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]
# (features with NaN for null, target, places of the columns that hold codes of text) -> what predicts the target
Fit = Callable[[Floats, Floats, Sequence[int]], Predict]

_POWER = {"mae": 1, "rmse": 2}  # of the absolute error whose mean is estimated
MOST_TEXTS = 250  # of a column have a code of their own, the most frequent ones


@dataclass(frozen=True)
class Losses:
    """What is kept: how texts are coded, how far losses scatter around their estimate, and what is usual."""

    codes: Mapping[str, Sequence[str]]  # of the text columns, each text's code is its place
    scatter: Mapping[str, float]  # by metric: variance of |error| or error² around its estimate in left-out windows
    usual: Mapping[str, Usual]

    def as_dict(self) -> dict[str, Any]:
        usual = {name: usual.as_dict() for name, usual in self.usual.items()}
        return {"codes": {n: list(c) for n, c in self.codes.items()}, "scatter": dict(self.scatter), "usual": usual}

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Losses":
        usual = {name: Usual.from_dict(one) for name, one in record["usual"].items()}
        return Losses(record["codes"], record["scatter"], usual)


@dataclass(frozen=True, eq=False)
class LossEstimator:
    losses: Losses
    models: Mapping[str, Predict]  # by metric

    @staticmethod
    def learn(spec: ModelSpec, reference: Table, fit: Fit) -> "LossEstimator":
        """From reference rows with predictions and labels; with the window column too, also how windows vary.

        Raises NothingToLearn.
        """
        codes = {name: _codes(reference.columns[name]) for name in _features(spec) if _is_text(spec, name)}
        rows = _Labelled.of(spec, reference, codes)
        if not len(rows.errors):
            raise NothingToLearn("prediction")
        names: list[str] = [name for name in spec.estimation.metrics if name in _POWER]
        realised = {name: _metric(name, float(rows.losses(name).mean())) for name in names}
        # Without windows, as if losses scattered around nothing but their mean: too wide rather than too narrow.
        scatter = {name: float(rows.losses(name).var()) for name in names}
        pairs, measured = _left_out(rows, names, fit)
        losses = Losses(codes, scatter | measured, usual_of(spec, realised, pairs))
        return LossEstimator(losses, _models(rows, names, fit))

    @staticmethod
    def again(spec: ModelSpec, reference: Table, fit: Fit, losses: Losses) -> "LossEstimator":
        """The same estimator from the same data, where only `losses` was kept: models are fitted, windows are not."""
        return LossEstimator(losses, _models(_Labelled.of(spec, reference, losses.codes), list(losses.scatter), fit))

    def estimate(self, spec: ModelSpec, window: str, table: Table) -> WindowEstimates:
        """mae and rmse in the unit of the label, as the spec asks; rows without a prediction are left out.

        The interval holds how far losses of single rows scatter around their estimate.
        """
        features = _matrix(spec, table, self.losses.codes)
        features = features[np.isfinite(features[:, -1])]
        many = len(features)
        made = {}
        for name, model in self.models.items() if many else ():
            mean = max(float(model(features).mean()), 0.0)
            value, variance = _metric(name, mean), self.losses.scatter[name] / many
            # The slope of a root is 1 / (2 root).
            made[name] = Estimate.of(value, variance / (4 * mean) if name == "rmse" and mean else variance)
        return WindowEstimates(window, many, made)


@dataclass(frozen=True, eq=False)
class _Labelled:
    features: Floats
    places: Sequence[int]  # of text columns
    errors: Floats  # label minus prediction
    windows: NDArray[Any] | None

    @staticmethod
    def of(spec: ModelSpec, table: Table, codes: Mapping[str, Sequence[str]]) -> "_Labelled":
        features = _matrix(spec, table, codes)
        errors = table.columns[spec.only("label")].astype(np.float64) - features[:, -1]
        windows = table.columns.get(spec.only("window"))
        places = [place for place, name in enumerate(_features(spec)) if name in codes]
        return _Labelled(features, places, errors, windows).where(np.isfinite(errors))

    def where(self, rows: NDArray[Any]) -> "_Labelled":
        windows = None if self.windows is None else self.windows[rows]
        return _Labelled(self.features[rows], self.places, self.errors[rows], windows)

    def losses(self, metric: str) -> Floats:
        return np.asarray(np.abs(self.errors) ** _POWER[metric])


def _left_out(
    rows: _Labelled, names: Sequence[str], fit: Fit
) -> tuple[list[tuple[dict[str, float], dict[str, float]]], dict[str, float]]:
    """(estimated, realised) of each window by models that did not see it; and the scatter of single losses."""
    made: dict[int, tuple[dict[str, float], dict[str, float]]] = {}
    squares = {name: [0.0] for name in names}
    many = 0
    for learnt, held in left_out(rows.windows):
        models = _models(rows.where(learnt), names, fit)
        for place, chosen in held.items():
            day = rows.where(chosen)
            said = {name: models[name](day.features) for name in names}
            came = {name: day.losses(name) for name in names}
            for name in names:
                squares[name].append(float(((came[name] - said[name]) ** 2).sum()))
            many += len(chosen)
            estimated, realised = ({n: _metric(n, float(v.mean())) for n, v in side.items()} for side in (said, came))
            made[place] = (estimated, realised)
    return [made[place] for place in sorted(made)], {n: sum(terms) / many for n, terms in squares.items() if many}


def _models(rows: _Labelled, names: Iterable[str], fit: Fit) -> dict[str, Predict]:
    return {name: fit(rows.features, rows.losses(name), rows.places) for name in names}


def _metric(name: str, mean: float) -> float:
    return float(np.sqrt(max(mean, 0.0))) if name == "rmse" else mean


def _features(spec: ModelSpec) -> list[str]:
    """What an error is told from. A time always moves on, and no reference row is like a new one."""
    return [n for n, c in spec.columns.items() if c.role in ("feature", "segment") and c.type != "time"]


def _is_text(spec: ModelSpec, name: str) -> bool:
    return spec.columns[name].type == "text"


def _codes(values: NDArray[Any]) -> list[str]:
    counts = Counter(value for value in values.tolist() if isinstance(value, str))
    return sorted(counts, key=lambda text: (-counts[text], text))[:MOST_TEXTS]


def _matrix(spec: ModelSpec, table: Table, codes: Mapping[str, Sequence[str]]) -> Floats:
    """(rows, features and last the prediction); a text as its code, an unknown one and a null as NaN."""
    columns = []
    for name in [*_features(spec), spec.only("prediction")]:
        values = table.columns.get(name)
        if values is None:
            columns.append(np.full(table.rows, np.nan))
        elif name in codes:
            place = {text: code for code, text in enumerate(codes[name])}
            columns.append(np.array([place.get(value, np.nan) for value in values.tolist()], dtype=np.float64))
        else:
            columns.append(values.astype(np.float64))
    return np.column_stack(columns)
