"""The steps in which a column is recorded.

Whole degrees Fahrenheit, tenths of a degree Celsius sent as °F (steps of .18), knots sent as miles per hour: values
are offset + k · step, whatever season it is. In another unit they fall between the steps, and only the right
conversion puts them back, those too that were never seen before.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.profile.grid import ROUNDING, Numbers

FEWEST = 5  # different values; fewer have a common step by accident
NEAR = 1 / 8  # of a step: what rounding in another unit may have moved a value
FINEST = 1e5  # steps among the values; more are no more than the digits they were written with


@dataclass(frozen=True)
class Lattice:
    step: float
    offset: float

    @staticmethod
    def of(values: Numbers) -> "Lattice | None":
        """The coarsest that holds all of the values, which are different and ascending; None for values of no common
        step. Euclid's algorithm on their distances; remainders within the rounding of single precision are none."""
        if len(values) < FEWEST:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            reach = float(values[-1] - values[0])
            least = max(float(np.abs(values[[0, -1]]).max()) * 4 * ROUNDING, reach / FINEST)
            rest = np.diff(values)
            while (step := float(rest.min())) > least / NEAR:
                left = np.abs(rest - np.round(rest / step) * step)
                if not (left > least).any():
                    return Lattice(reach / round(reach / step), float(values[0]))
                rest = np.append(left[left > least], step)
        return None

    def holds(self, values: Numbers, near: float = NEAR) -> NDArray[np.bool_]:
        """Which of the values lie on it, to within that part of a step."""
        with np.errstate(over="ignore", invalid="ignore"):
            steps = (values - self.offset) / self.step
            return np.asarray(np.abs(steps - np.round(steps)) <= near)
