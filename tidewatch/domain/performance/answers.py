"""What a model answered, and which of its rows can be held against their labels.

What a scored table must carry depends on the task. binary: a column of role score, the probability of 1; a column of
role prediction, where there is one, holds the decision (0 or 1), else the spec's threshold decides. multiclass: a
prediction, and either one score column a class, named like score_CLASS, or a single one with the probability of the
predicted class. regression: a prediction. Classes are compared as text, the number 1 being "1".
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.metrics import Values
from tidewatch.domain.performance.tallies import Tallied, tally_binary, tally_classes, tally_numbers
from tidewatch.domain.table import Table

Mask = NDArray[np.bool_]
Tallying = Callable[[Mask, int], Tallied]


def answer_columns(spec: ModelSpec) -> list[str]:
    """What a scored table must carry, beside id and window."""
    return spec.of_role("score") if spec.task == "binary" else [spec.only("prediction"), *spec.of_role("score")]


def joined_columns(spec: ModelSpec) -> list[str]:
    """All that an outcome can make use of, as far as it is there."""
    return list(dict.fromkeys([*answer_columns(spec), *spec.of_role("prediction"), *spec.segmented]))


def _binary(spec: ModelSpec, table: Table, labels: NDArray[Any]) -> tuple[Mask, Tallying]:
    y, score = numbers_of(labels), numbers_of(table.columns[spec.only("score")])
    decided = (score >= spec.threshold).astype(np.float64)
    for name in spec.of_role("prediction"):
        if name in table.columns and table.kinds.get(name) == "number":
            delivered = table.columns[name]
            decided = np.where((delivered == 0) | (delivered == 1), delivered, decided)
    known = np.isfinite(score) & ((y == 0) | (y == 1))
    return known, lambda rows, most: tally_binary(y[rows], score[rows], decided[rows], most)


def _classes(spec: ModelSpec, table: Table, labels: NDArray[Any]) -> tuple[Mask, Tallying]:
    y, decided = names_of(labels), names_of(table.columns[spec.only("prediction")])
    columns = class_of_score(spec)
    scores = {name: numbers_of(table.columns[column]) for column, name in columns.items()}
    known = (y != "") & (decided != "")
    for score in scores.values():
        known &= np.isfinite(score)

    def tally(rows: Mask, most: int) -> Tallied:
        return tally_classes(y[rows], decided[rows], {name: score[rows] for name, score in scores.items()}, most)

    return known, tally


def _regression(spec: ModelSpec, table: Table, labels: NDArray[Any]) -> tuple[Mask, Tallying]:
    y, said = numbers_of(labels), numbers_of(table.columns[spec.only("prediction")])
    return np.isfinite(y) & np.isfinite(said), lambda rows, _: tally_numbers(y[rows], said[rows])


_TASKS = {"binary": _binary, "multiclass": _classes, "regression": _regression}


def answers(spec: ModelSpec, table: Table, labels: NDArray[Any]) -> tuple[Mask, Tallying]:
    """Which rows count, and how to sum up some of them."""
    return _TASKS[spec.task](spec, table, labels)


def class_of_score(spec: ModelSpec) -> dict[str, str]:
    """Score column -> its class: the label's category its name ends with, else what follows the first underscore.

    A single score column is the probability of whatever class was predicted: its class is "".
    """
    columns = spec.of_role("score")
    if len(columns) == 1:
        return {columns[0]: ""}
    categories = sorted(spec.columns[spec.only("label")].categories, key=len, reverse=True)
    return {
        column: next((c for c in categories if column.endswith(f"_{c}")), column.partition("_")[2] or column)
        for column in columns
    }


def null(value: Any) -> bool:
    return value is None or value != value


def numbers_of(values: NDArray[Any]) -> Values:
    """NaN for null, and for what is no number."""
    if values.dtype != object:
        return values.astype(np.float64)
    return np.array([v if isinstance(v, int | float) else np.nan for v in values.tolist()], dtype=np.float64)


def names_of(values: NDArray[Any]) -> NDArray[np.object_]:
    """As text, "" for null."""
    names = np.empty(len(values), dtype=object)
    names[:] = ["" if null(v) else v if isinstance(v, str) else f"{v:.15g}" for v in values.tolist()]
    return names
