"""What is kept of labelled rows: sums, a confusion matrix and counted scores, from which every metric follows.

A few KB however many rows there were. Tallies of several windows are put side by side by `Stack`, which weighs and adds
them without loss; only the ROC AUC is approximate, and `metrics.auc_error` bounds by how much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.performance import metrics
from tidewatch.domain.performance.metrics import Values

FINEST = 1024  # cells a unit of log-odds; coarser ones are unions of these
MOST_CELLS = 512  # kept of a window; a segment has fewer
SEGMENT_CELLS = 64
EDGE = 1e-9  # scores are kept this far from 0 and 1

Counts = tuple[int, ...]


@dataclass(frozen=True)
class Cells:
    """Rows of each kind by score, on cells of equal width in log-odds, ascending; empty cells are left out."""

    step: int  # 2^step of the finest cells make one
    keys: Counts
    negatives: Counts
    positives: Counts

    @staticmethod
    def of(scores: Values, positive: NDArray[np.bool_], most: int = MOST_CELLS) -> "Cells":
        """As fine as `most` cells allow; few rows lie each in a cell of their own."""
        odds = np.clip(scores, EDGE, 1 - EDGE)
        keys, where = np.unique(np.floor(np.log(odds / (1 - odds)) * FINEST).astype(np.int64), return_inverse=True)
        step = 0
        while len(np.unique(keys >> step)) > most:
            step += 1
        keys, coarse = np.unique(keys >> step, return_inverse=True)
        each = [np.bincount(coarse[where[kind]], minlength=len(keys)) for kind in (~positive, positive)]
        return Cells(step, *(tuple(counts.tolist()) for counts in (keys, *each)))

    def at(self, step: int) -> NDArray[np.int64]:
        """The keys on cells of that coarser step."""
        return np.array(self.keys, dtype=np.int64) >> (step - self.step)

    def as_list(self) -> list[Any]:
        """Keys as the distance from the one before: shorter to write."""
        return [self.step, np.diff(self.keys, prepend=0).tolist(), list(self.negatives), list(self.positives)]

    @staticmethod
    def from_list(record: Sequence[Any]) -> "Cells":
        step, distances, negatives, positives = record
        keys = np.cumsum(np.array(distances, dtype=np.int64)).tolist()
        return Cells(step, tuple(keys), tuple(negatives), tuple(positives))


@dataclass(frozen=True)
class Tally:
    """Over labelled rows. `sums` names what is summed: `…_squares` are the squares of the rows' values."""

    sums: Mapping[str, float]
    classes: tuple[str, ...] = ()
    confusion: tuple[Counts, ...] = ()  # label, decision (numbers of classes), rows
    reliability: tuple[tuple[float, ...], ...] = ()  # as metrics.reliability
    cells: Mapping[str, Cells] = field(default_factory=dict)  # by class

    def as_dict(self) -> dict[str, Any]:
        return {
            "sums": dict(self.sums),
            "classes": list(self.classes),
            "confusion": [list(entry) for entry in self.confusion],
            "reliability": [list(entry) for entry in self.reliability],
            "cells": {name: cells.as_list() for name, cells in self.cells.items()},
        }

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Tally":
        return Tally(
            record["sums"],
            tuple(record["classes"]),
            tuple(tuple(entry) for entry in record["confusion"]),
            tuple(tuple(entry) for entry in record["reliability"]),
            {name: Cells.from_list(cells) for name, cells in record["cells"].items()},
        )


# --- one window: (sum of what happened, of what was said, of log loss) and the tally ---------------------------


@dataclass(frozen=True)
class Tallied:
    """Sums are 0 where `tally.sums` has no squares of the same name: not known."""

    rows: int
    happened: float
    said: float
    log_loss: float
    tally: Tally | None

    def brief(self) -> "Tallied":
        """Without the reliability table, which no metric needs."""
        return replace(self, tally=replace(self.tally, reliability=())) if self.tally else self


NOTHING = Tallied(0, 0.0, 0.0, 0.0, None)


def tally_binary(labels: Values, scores: Values, decided: Values, most: int = MOST_CELLS) -> Tallied:
    """Of rows with label and decision 0 or 1 and a probability each."""
    if not len(labels):
        return NOTHING
    scores = np.clip(scores, 0.0, 1.0)
    loss = metrics.row_log_loss(np.where(labels == 1, scores, 1 - scores))
    brier = metrics.row_brier(scores, labels)
    sums = _squares(gap=labels - scores, log_loss=loss, brier=brier) | {"brier": float(brier.sum())}
    tally = Tally(
        sums,
        ("0", "1"),
        _sparse(metrics.confusion_matrix(labels, decided, 2)),
        _rows(metrics.reliability(scores, labels)),
        {"1": Cells.of(scores, labels == 1, most)},
    )
    return Tallied(len(labels), float(labels.sum()), float(scores.sum()), float(loss.sum()), tally)


def tally_classes(
    labels: NDArray[Any], decided: NDArray[Any], scores: Mapping[str, Values], most: int = MOST_CELLS
) -> Tallied:
    """Of rows whose label and decision name a class; `scores` by class, or the decided class's alone under "".

    What happened is that the decision was right, what was said is the probability of the decided class.
    """
    if not len(labels):
        return NOTHING
    names = sorted({*labels, *decided})
    number = {name: place for place, name in enumerate(names)}
    codes, choices = (np.array([number[name] for name in column], dtype=np.int64) for column in (labels, decided))
    right = (codes == choices).astype(np.float64)
    confusion = _sparse(metrics.confusion_matrix(codes, choices, len(names)))
    if not scores:
        return Tallied(len(labels), float(right.sum()), 0.0, 0.0, Tally({}, tuple(names), confusion))
    scores = {name: np.clip(values, 0.0, 1.0) for name, values in scores.items()}
    said = scores[""] if "" in scores else _looked_up(scores, decided)
    sums, loss, cells = _squares(gap=right - said), 0.0, {}
    if "" not in scores:
        happened = np.stack([labels == name for name in scores], axis=-1).astype(np.float64)
        by_row = metrics.row_log_loss(_looked_up(scores, labels))
        brier = metrics.row_brier(np.stack(list(scores.values()), axis=-1), happened) + 1 - happened.sum(axis=-1)
        sums |= _squares(log_loss=by_row, brier=brier) | {"brier": float(brier.sum())}
        loss = float(by_row.sum())
        share = max(most // len(scores), 8)
        cells = {name: Cells.of(values, labels == name, share) for name, values in scores.items()}
    tally = Tally(sums, tuple(names), confusion, _rows(metrics.reliability(said, right)), cells)
    return Tallied(len(labels), float(right.sum()), float(said.sum()), loss, tally)


def tally_numbers(labels: Values, predictions: Values) -> Tallied:
    """Of rows with a number each: what happened is the label, what was said the prediction."""
    if not len(labels):
        return NOTHING
    with np.errstate(all="ignore"):
        off = labels - predictions
        sums = _squares(absolute=np.abs(off), squared=off**2)
        sums |= {"absolute": float(np.abs(off).sum()), "squared": sums["absolute_squares"]}
        sums |= {"gap_squares": sums["squared"], "spread": float(((labels - labels.mean()) ** 2).sum())}
    return Tallied(len(labels), float(labels.sum()), float(predictions.sum()), 0.0, Tally(sums))


def _squares(**values: Values) -> dict[str, float]:
    return {f"{name}_squares": float((column**2).sum()) for name, column in values.items()}


def _looked_up(scores: Mapping[str, Values], names: NDArray[Any]) -> Values:
    """Each row's score of the class it names; 0 for a class without scores."""
    found = np.zeros(len(names))
    for name, values in scores.items():
        chosen = names == name
        found[chosen] = values[chosen]
    return found


def _sparse(matrix: NDArray[np.int64]) -> tuple[Counts, ...]:
    return tuple((int(a), int(b), int(matrix[a, b])) for a, b in zip(*np.nonzero(matrix), strict=True))


def _rows(table: Values) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(entry) for entry in table.tolist())


# --- several windows side by side ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stack:
    """Windows along the first axis. What not every window has is not there."""

    whole: bool  # every window has a tally; without, only sums of happened, said and log loss are known
    rows: Values  # (windows,)
    happened: Values
    said: Values
    log_loss: Values
    sums: Mapping[str, Values]
    classes: tuple[str, ...]
    confusion: Values | None  # (windows, classes, classes)
    cells: Mapping[str, tuple[Values, Values]]  # by class: negatives and positives, (windows, cells)
    reliability: Values | None  # (windows, 10, 3)

    @staticmethod
    def of(windows: Sequence[Tallied]) -> "Stack":
        columns = [(w.rows, w.happened, w.said, w.log_loss) for w in windows]
        rows, happened, said, loss = np.array(columns, dtype=np.float64).reshape(-1, 4).T
        tallies = [w.tally for w in windows if w.tally]
        if len(tallies) < len(windows):
            return Stack(False, rows, happened, said, loss, {}, (), None, {}, None)
        sums = {name: np.array([t.sums[name] for t in tallies]) for name in _common(t.sums for t in tallies)}
        classes = tuple(sorted({name for t in tallies for name in t.classes}))
        confusion = np.stack([_dense(t, classes) for t in tallies]) if classes else None
        scored = {name: _side_by_side([t.cells[name] for t in tallies]) for name in _common(t.cells for t in tallies)}
        known = tallies and all(t.reliability for t in tallies)
        table = np.array([t.reliability for t in tallies]) if known else None
        return Stack(True, rows, happened, said, loss, sums, classes, confusion, scored, table)


def _common(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    first, *others = [dict(mapping) for mapping in mappings] or [{}]
    return [name for name in first if all(name in other for other in others)]


def _dense(tally: Tally, classes: tuple[str, ...]) -> Values:
    matrix = np.zeros((len(classes), len(classes)))
    for label, decided, rows in tally.confusion:
        matrix[classes.index(tally.classes[label]), classes.index(tally.classes[decided])] = rows
    return matrix


def _side_by_side(each: Sequence[Cells]) -> tuple[Values, Values]:
    """On the coarsest window's cells."""
    step = max(cells.step for cells in each)
    own = [cells.at(step) for cells in each]
    keys = np.unique(np.concatenate(own))
    places = [np.searchsorted(keys, mine) for mine in own]

    def counted(kind: Sequence[Counts]) -> Values:
        weights = [np.array(rows, dtype=np.float64) for rows in kind]
        return np.stack([np.bincount(at, rows, len(keys)) for at, rows in zip(places, weights, strict=True)])

    return counted([cells.negatives for cells in each]), counted([cells.positives for cells in each])
