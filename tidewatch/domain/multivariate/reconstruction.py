"""Rows as numbers, and how well the principal components of a reference rebuild other rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.table import Table

EXPLAINED = 0.65  # share of the reference's variance that the kept components explain; NannyML documents the same
LARGEST = 1e100  # beyond it squares would overflow; standardised values stop at a thousandth of its root
Matrix = NDArray[np.float64]  # rows × columns


@dataclass(frozen=True)
class Encoder:
    """Numbers stay as they are; a text becomes the share of the reference's rows that hold it, 0 when none does."""

    columns: tuple[str, ...]
    shares: Mapping[str, Mapping[str, float]]  # of the text columns

    @staticmethod
    def of(reference: Table, texts: Sequence[str], columns: Sequence[str]) -> "Encoder":
        shares: dict[str, dict[str, float]] = {}
        for name in texts:
            counts = Counter(value for value in as_texts(reference.columns[name]) if value is not None)
            # A null counts as the most frequent text: how many there are has a check of its own.
            nulls, most = reference.rows - counts.total(), max(counts, key=lambda text: counts[text], default="")
            counts[most] += nulls
            shares[name] = {text: count / max(reference.rows, 1) for text, count in counts.items()}
        return Encoder(tuple(columns), shares)

    def matrix(self, table: Table) -> Matrix:
        """(rows, columns) with NaN for null and for infinite numbers."""
        made = np.empty((table.rows, len(self.columns)))
        for index, name in enumerate(self.columns):
            if name in self.shares:
                share = self.shares[name]
                most = max(share.values(), default=np.nan)
                texts = as_texts(table.columns[name])
                made[:, index] = [most if text is None else share.get(text, 0.0) for text in texts]
            else:
                made[:, index] = as_numbers(table.columns[name])
        return made

    def ranks(self, table: Table) -> Matrix:
        """As `matrix`, with NaN for null texts too, and a text as its place in order of frequency.

        The most frequent is 0; texts the reference does not hold share the place behind the last.
        """
        made = np.empty((table.rows, len(self.columns)))
        for index, name in enumerate(self.columns):
            if name in self.shares:
                share = self.shares[name]
                place = {text: n for n, text in enumerate(sorted(share, key=lambda text: (-share[text], text)))}
                texts = as_texts(table.columns[name])
                made[:, index] = [np.nan if text is None else place.get(text, len(place)) for text in texts]
            else:
                made[:, index] = as_numbers(table.columns[name])
        return made


def as_numbers(values: NDArray[np.float64] | NDArray[np.object_]) -> NDArray[np.float64]:
    """A column of nulls comes without a type: its None become NaN. So do infinities."""
    numbers = values.astype(np.float64)
    return np.clip(np.where(np.isfinite(numbers), numbers, np.nan), -LARGEST, LARGEST)


def as_texts(values: NDArray[np.float64] | NDArray[np.object_]) -> NDArray[np.object_]:
    return np.asarray(values if values.dtype == object else np.full(len(values), None), dtype=object)


@dataclass(frozen=True)
class Components:
    """The reference's means and spreads, and its leading principal components in standardised columns."""

    mean: Matrix  # (columns,); also what stands in for a null
    spread: Matrix  # (columns,) standard deviation over all rows (n, not n - 1); 1 for a constant column
    axes: Matrix  # (components, columns), orthonormal

    @staticmethod
    def of(reference: Matrix, explained: float = EXPLAINED) -> "Components":
        """As few components as explain more than `explained` of the variance; none when nothing varies."""
        rows, columns = reference.shape
        known = ~np.isnan(reference)
        mean = np.where(known, reference, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        centred = np.where(known, reference - mean, 0.0)
        spread = np.sqrt((centred**2).mean(axis=0)) if rows else np.zeros(columns)
        spread[spread <= 1e-12 * np.abs(mean)] = 0.0  # rounding, in a column that is constant
        spread[spread == 0] = 1.0
        standard = centred / spread
        variances, axes = np.linalg.eigh(standard.T @ standard / max(rows, 1))
        variances, axes = np.maximum(variances[::-1], 0.0), axes[:, ::-1].T
        if not variances.sum():
            return Components(mean, spread, axes[:0])
        shares = np.cumsum(variances) / variances.sum()
        return Components(mean, spread, axes[: int(np.searchsorted(shares, explained, side="right")) + 1])

    def residuals(self, rows: Matrix) -> Matrix:
        """(rows, columns): what of the standardised row its projection onto the components leaves over."""
        standard = np.where(np.isnan(rows), 0.0, rows - self.mean) / self.spread
        standard = np.clip(standard, -1e-3 * np.sqrt(LARGEST), 1e-3 * np.sqrt(LARGEST))
        rest: Matrix = standard - standard @ self.axes.T @ self.axes
        return rest


def lengths(residuals: Matrix) -> NDArray[np.float64]:
    """The reconstruction error of each row: the Euclidean length of its residual, in standard deviations."""
    return np.asarray(np.sqrt((residuals**2).sum(axis=1)))


def separability(values: NDArray[np.float64], second: NDArray[np.bool_]) -> float:
    """ROC AUC: the probability that a row of the second kind has the higher value, ties counting half; 0 to 1.

    Mann and Whitney 1947, by ranks; NaN counts as a value of its own above all others. 0.5 when a kind has no rows.
    """
    many = int(second.sum())
    few = len(second) - many
    if not many or not few:
        return 0.5
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True, equal_nan=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[place][second].sum() - many * (many + 1) / 2) / (many * few))
