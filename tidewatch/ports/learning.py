"""Training small models of tables: the size of an error, or which of two data sets a row is from."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]  # (rows, columns) -> (rows,)


class Learning(Protocol):
    """Features are (rows, columns), NaN for null; text comes as codes 0, 1, 2 … and may be named `categorical`.

    A negative code is null as well, and infinities are the largest numbers there are. Same data and seed, same answer.
    """

    def regressor(self, features: Floats, target: Floats, seed: int, categorical: Sequence[int] = ()) -> Predict:
        """What predicts the mean of `target` (rows, finite) from features. Needs at least one row."""

    def out_of_fold_scores(
        self, features: Floats, second: NDArray[np.bool_], folds: int, seed: int, categorical: Sequence[int] = ()
    ) -> Floats:
        """The probability of each row to be of the `second` data set, by a model that did not see the row.

        Where a data set has fewer than two rows there is nothing to learn: 0.5 for all.
        """
