"""Turning scores into probabilities: isotonic regression by pooling adjacent violators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SLOW = 0.98  # pooling whole runs at once pays while it leaves fewer blocks than this share
SPLITS, HELD_OUT, BINS = 10, 0.1, 10  # of the test whether calibration helps
SEPARATED = 0.999  # beyond this ROC AUC there are too few mixed rows to learn a curve from


@dataclass(frozen=True)
class Calibration:
    """A rising curve from score to probability: straight between its points, flat beyond the first and the last.

    `rows` is how many reference rows each point stands for, so that it is known how sure the curve is. Without points
    the scores are probabilities already.
    """

    scores: Floats
    probabilities: Floats
    rows: Floats

    def __call__(self, scores: Floats) -> Floats:
        if not len(self.scores):
            return np.clip(scores, 0.0, 1.0)
        return np.asarray(np.interp(scores, self.scores, self.probabilities))

    def doubt(self, scores: Floats, slopes: Floats) -> float:
        """Variance of Σ slopes · probabilities because each point was learnt from so many rows only.

        Σ_b (Σᵢ gᵢ wᵢ_b)² p_b (1 - p_b) / n_b, w how much point b counts for row i. Without a curve there is no doubt.
        """
        if not len(self.scores):
            return 0.0
        right = np.clip(np.searchsorted(self.scores, scores, side="right"), 1, max(len(self.scores) - 1, 1))
        left, right = right - 1, np.minimum(right, len(self.scores) - 1)
        gap = self.scores[right] - self.scores[left]
        share = np.clip(np.divide(scores - self.scores[left], gap, out=np.zeros_like(scores), where=gap > 0), 0.0, 1.0)
        weight = np.bincount(left, slopes * (1 - share), len(self.scores))
        weight += np.bincount(right, slopes * share, len(self.scores))
        return float((weight**2 * self.probabilities * (1 - self.probabilities) / self.rows).sum())

    def as_dict(self) -> dict[str, list[float]]:
        return {
            "scores": self.scores.tolist(),
            "probabilities": self.probabilities.tolist(),
            "rows": self.rows.tolist(),
        }

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Calibration":
        return Calibration(*(np.array(record[name], dtype=np.float64) for name in ("scores", "probabilities", "rows")))


AS_THEY_ARE = Calibration(np.empty(0), np.empty(0), np.empty(0))


def isotonic(scores: Floats, labels: Floats) -> Calibration:
    """The rising step function nearest to the labels (0 or 1) in squares, as the two ends of each step.

    Minimises Σ (y - f(s))² over non-decreasing f; rows of one score count as one. Ayer et al. 1955, Barlow et al. 1972.
    """
    if not len(scores):
        return AS_THEY_ARE
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(ordered) > 0]))
    sums, rows = (np.add.reduceat(part, starts) for part in (labels[order].astype(np.float64), np.ones(len(order))))
    distinct, first, sums, rows = ordered[starts], *pool(sums, rows)
    last = np.append(first[1:] - 1, len(distinct) - 1)
    twice = np.column_stack([np.ones_like(first, dtype=bool), last > first]).ravel()  # a step of one score is one point
    at = np.column_stack([first, last]).ravel()[twice]
    each = rows / np.where(last > first, 2, 1)
    return Calibration(distinct[at], np.repeat(sums / rows, 2)[twice], np.repeat(each, 2)[twice])


def pool(sums: Floats, rows: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Neighbours whose means fall are put together until all means rise: (first member, sum, rows) of each block.

    Whole falling runs are pooled at once, which any order of pooling allows; what remains goes through a stack.
    """
    first = np.arange(len(sums))
    while len(sums) > 1:
        # A falling or level pair belongs together; products instead of quotients keep level pairs exact.
        rises = sums[1:] * rows[:-1] > sums[:-1] * rows[1:]
        starts = np.flatnonzero(np.concatenate([[True], rises]))
        if len(starts) == len(sums):
            break
        slow = len(starts) > SLOW * len(sums)
        first, sums, rows = first[starts], np.add.reduceat(sums, starts), np.add.reduceat(rows, starts)
        if slow:
            return _stacked(first, sums, rows)
    return first, sums, rows


def _stacked(first: NDArray[np.int64], sums: Floats, rows: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    blocks: list[tuple[int, float, float]] = []
    for start, total, many in zip(first.tolist(), sums.tolist(), rows.tolist(), strict=True):
        while blocks and total * blocks[-1][2] <= blocks[-1][1] * many:
            start, before, rows_before = blocks.pop()
            total, many = total + before, many + rows_before
        blocks.append((start, total, many))
    starts, totals, counts = zip(*blocks, strict=True)
    return np.array(starts), np.array(totals), np.array(counts)


def calibrate(scores: ArrayLike, labels: ArrayLike, seed: int = 0) -> Calibration:
    """The curve of these scores and labels, or scores as they are where a curve would not bring them nearer.

    The test is NannyML's: curves learnt from 90 % of the rows, ten times, must have a smaller expected calibration
    error on the other 10 % than the scores themselves. Scores that are not within 0 and 1 always need a curve; labels
    that are all the same, or that the scores tell apart almost without fault, teach none.
    """
    s, y = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    known = np.isfinite(s) & np.isfinite(y)
    order = np.argsort(s[known], kind="stable")  # once: sorting what is sorted costs next to nothing
    s, y = s[known][order], y[known][order]
    if not len(s) or y.min() == y.max():
        return AS_THEY_ARE
    if s.min() < 0 or s.max() > 1:
        return isotonic(s, y)
    return isotonic(s, y) if rank_auc(s, y) <= SEPARATED and _helps(s, y, seed) else AS_THEY_ARE


def rank_auc(scores: Floats, labels: Floats) -> float:
    """Share of (positive, negative) pairs that the scores order rightly, ties counting half. Mann and Whitney 1947."""
    ordered = np.sort(scores)
    ranks = (np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right") + 1) / 2
    positives = labels.sum()
    negatives = len(labels) - positives
    return float((ranks @ labels - positives * (positives + 1) / 2) / (positives * negatives))


def _helps(scores: Floats, labels: Floats, seed: int) -> bool:
    chance = np.random.default_rng(seed)
    kinds = [np.flatnonzero(labels == kind) for kind in (0.0, 1.0)]
    before, after, truth = [], [], []
    for _ in range(SPLITS):
        held = np.concatenate([chance.permutation(kind)[: round(HELD_OUT * len(kind))] for kind in kinds])
        learnt = np.ones(len(scores), dtype=bool)
        learnt[held] = False
        before.append(scores[held])
        after.append(isotonic(scores[learnt], labels[learnt])(scores[held]))
        truth.append(labels[held])
    outcome = np.concatenate(truth)
    return expected_calibration_error(np.concatenate(before), outcome) > expected_calibration_error(
        np.concatenate(after), outcome
    )


def expected_calibration_error(probabilities: Floats, labels: Floats, bins: int = BINS) -> float:
    """Mean over rows of |mean label - mean probability| in bins of equally many rows, 0 to 1. Naeini et al. 2015.

    Rows of one probability share a bin: cut apart, the order of their labels would look like an error.
    """
    rows = max(1, len(labels))
    _, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    chosen = ((np.cumsum(counts) - counts / 2) / rows * bins).astype(np.int64)[place]
    return float(np.abs(np.bincount(chosen, labels - probabilities)).sum() / rows)
