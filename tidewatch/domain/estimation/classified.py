"""What a classifier said about each row, one column a class, whether or not a label is known yet.

A binary model has one score, the probability of being positive; a row is decided positive when the delivered
prediction says so, else when the score reaches the spec's threshold. A model of more classes has one score a class; the
delivered prediction names the class that was decided, else the highest score does.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.answers import class_of_score, names_of, numbers_of
from tidewatch.domain.table import Table

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Classified:
    """Rows whose scores are all known. Of a binary model the classes are 0, negative, and 1, positive."""

    scores: Floats  # (rows, classes)
    decisions: Whole  # (rows,): the class decided
    labels: Whole  # (rows,): the class that came true; -1 where that is not known
    places: Whole  # (rows,): which row of the table it is

    @staticmethod
    def of(spec: ModelSpec, table: Table) -> "Classified":
        """The rows of the table that have every score; labels where the table carries them."""
        scores = np.column_stack([numbers_of(table.columns[name]) for name in spec.of_role("score")])
        known = np.asarray(np.isfinite(scores).all(axis=1))
        kept = np.where(known[:, None], scores, 0.0)
        said = (_binary if spec.task == "binary" else _classes)(spec, table, kept)
        return Classified(*said, np.arange(table.rows)).where(known)

    @property
    def classes(self) -> int:
        return int(self.scores.shape[1])

    @property
    def happened(self) -> Floats:
        """(rows, classes): 1 for the class that came true."""
        came: NDArray[np.bool_] = np.equal(self.labels[:, None], np.arange(self.classes))
        return came.astype(np.float64)

    def where(self, chosen: NDArray[Any]) -> "Classified":
        return Classified(self.scores[chosen], self.decisions[chosen], self.labels[chosen], self.places[chosen])


def _binary(spec: ModelSpec, table: Table, scores: Floats) -> tuple[Floats, Whole, Whole]:
    decisions = (scores[:, 0] >= spec.threshold).astype(np.int64)
    for name in spec.of_role("prediction"):
        delivered = _zero_or_one(table, name)
        decisions = np.where(delivered >= 0, delivered, decisions)
    return np.column_stack([1 - scores[:, 0], scores[:, 0]]), decisions, _zero_or_one(table, spec.only("label"))


def _classes(spec: ModelSpec, table: Table, scores: Floats) -> tuple[Floats, Whole, Whole]:
    place = {name: k for k, name in enumerate(class_of_score(spec).values())}
    decisions = scores.argmax(axis=1).astype(np.int64)
    for name in spec.of_role("prediction"):
        delivered = _places(table, name, place)
        decisions = np.where(delivered >= 0, delivered, decisions)
    return scores, decisions, _places(table, spec.only("label"), place)


def _zero_or_one(table: Table, column: str) -> Whole:
    if column not in table.columns:
        return np.full(table.rows, -1)
    numbers = numbers_of(table.columns[column])
    return np.where((numbers == 0) | (numbers == 1), numbers, -1).astype(np.int64)


def _places(table: Table, column: str, place: dict[str, int]) -> Whole:
    if column not in table.columns:
        return np.full(table.rows, -1)
    names = names_of(table.columns[column])
    return np.array([place.get(name, -1) for name in names.tolist()], dtype=np.int64)
