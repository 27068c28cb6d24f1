"""The steps in which a column is recorded are found, and nothing that has none is given any."""

import numpy as np
import pytest
from hypothesis import given

from tests.domain.columns import NASTY_COLUMN
from tidewatch.domain.lattice import FEWEST, Lattice
from tidewatch.domain.profile.grid import Numbers

WHOLE = np.arange(-20.0, 41.0)
RECORDED: dict[str, tuple[Numbers, float]] = {
    "whole miles, none of them next to each other": (np.array([80.0, 94, 116, 143, 160, 2586]), 1.0),
    "tenths of °C sent as °F": ((WHOLE / 10 * 1.8 + 32).round(2), 0.18),
    "knots sent as miles per hour": (np.array([0, 3, 4, 5, 6, 8, 9]) * 1.15078, 1.15078),
    "hundredths in single precision": ((WHOLE / 100).astype(np.float32).astype(np.float64), 0.01),
    "steps of six and ten and fifteen": (np.array([0.0, 6, 16, 31, 37, 47]), 1.0),
}


@pytest.mark.parametrize("name", RECORDED)
def test_the_step_is_the_largest_that_holds_every_value(name: str) -> None:
    values, step = RECORDED[name]
    lattice = Lattice.of(values)
    assert lattice is not None and lattice.step == pytest.approx(step, rel=1e-4)
    assert lattice.holds(values).all()
    assert lattice.holds(values[:1] + 1000 * lattice.step).all()
    assert not lattice.holds(values + lattice.step / 2).any()


@pytest.mark.parametrize(
    "values",
    [
        WHOLE[: FEWEST - 1],
        np.empty(0),
        np.sort(np.random.default_rng(1).normal(size=50)),
        np.array([1, 2, 3, 4, np.inf]),
    ],
    ids=["too few", "none", "continuous", "without an end"],
)
def test_values_without_a_common_step_have_no_lattice(values: Numbers) -> None:
    assert Lattice.of(values) is None


@given(NASTY_COLUMN)
def test_whatever_the_values_are_a_lattice_holds_all_of_them_or_there_is_none(column: Numbers) -> None:
    values = np.unique(column[np.isfinite(column)])
    lattice = Lattice.of(values)
    assert lattice is None or lattice.holds(values).all()
