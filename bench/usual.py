"""Tidewatch's statistics on arrays, as the programs of this folder use them: the place to change with its interface."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.distance import statistics
from tidewatch.domain.profile.counting import NumberCounter
from tidewatch.domain.profile.grid import Grid
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.rank_tests import combined_p_value

FLOOR = 0.1  # the default of a spec's drift.floor, on the effect

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    p: NDArray[np.float64]  # (samples,) of the combined test for independent rows
    worth: NDArray[np.bool_]  # (samples,) the effect is at least the floor


class Usual:
    """One number column of a reference, profiled."""

    def __init__(self, values: Numbers) -> None:
        self.grid = Grid.of(values)
        self.profile = self._count(values)

    def ks(self, values: Numbers) -> float:
        return statistics(self._count(values), self.profile)["ks"]

    def p_values(self, samples: Sequence[Numbers]) -> Numbers:
        return np.array([combined_p_value(self._count(sample).counts, self.profile.counts) for sample in samples])

    def judge(self, samples: Sequence[Numbers]) -> Judged:
        found = [statistics(self._count(sample), self.profile) for sample in samples]
        effects = np.array([values["effect"] for values in found])
        return Judged(np.array([values["p_value"] for values in found]), effects >= FLOOR)

    def _count(self, values: Numbers) -> NumberProfile:
        counter = NumberCounter(self.grid)
        counter.add(values)
        return counter.profile()
