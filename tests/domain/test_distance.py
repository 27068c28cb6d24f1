"""Distances of profiles against the same distances of the rows."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, wasserstein_distance

from tidewatch.domain.distance import distances, kolmogorov, off_grid, shift, total_variation
from tidewatch.domain.profile import NumberProfile, Numbers, Scale, TextProfile, profile_numbers

Draw = Callable[[np.random.Generator, int], Numbers]
ROWS = 20_000
SHAPES: dict[str, Draw] = {
    "normal": lambda random, n: random.normal(20, 5, n),
    "skewed": lambda random, n: random.lognormal(1, 1, n),
    "heavy tails": lambda random, n: random.standard_t(2, n),
    "uniform": lambda random, n: random.uniform(-3, 9, n),
    "whole numbers": lambda random, n: random.poisson(6, n).astype(np.float64),
    "mostly zero": lambda random, n: np.where(random.random(n) < 0.93, 0.0, random.exponential(2, n)),
    "two humps": lambda random, n: np.where(random.random(n) < 0.4, random.normal(0, 1, n), random.normal(8, 2, n)),
}
CHANGES: dict[str, Callable[[Numbers], Numbers]] = {
    "as it was": lambda values: values,
    "a little higher": lambda values: values + 0.3,
    "stretched": lambda values: values * 1.4,
    "far away": lambda values: values + 1e6,
}
COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), max_size=6)


def profiles(a: Numbers, b: Numbers) -> tuple[NumberProfile, NumberProfile]:
    scale = Scale.of(b)
    return profile_numbers(a, scale), profile_numbers(b, scale)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_kolmogorov_distance_is_the_one_of_the_rows(shape: str, change: str) -> None:
    random = np.random.default_rng(7)
    usual, now = SHAPES[shape](random, ROWS), CHANGES[change](SHAPES[shape](random, ROWS // 2))
    exact = float(ks_2samp(now, usual, method="asymp").statistic)
    assert kolmogorov(*profiles(now, usual)) == pytest.approx(exact, abs=1e-3)


@pytest.mark.xfail(strict=True, reason="one 16-bit key holds a whole hump when humps are narrow against their distance")
def test_a_change_inside_a_narrow_hump_is_measured() -> None:
    random = np.random.default_rng(7)

    def humps(rows: int, far: float) -> Numbers:
        return np.where(random.random(rows) < 0.6, 0.0, far) + random.normal(0, 0.05, rows)

    usual, now = humps(ROWS, 1000.0), humps(ROWS, 1000.1)
    exact = float(ks_2samp(now, usual, method="asymp").statistic)
    assert kolmogorov(*profiles(now, usual)) == pytest.approx(exact, abs=1e-2)


@pytest.mark.parametrize("shape", ["normal", "uniform", "whole numbers"])
def test_the_shift_is_the_wasserstein_distance_in_spreads(shape: str) -> None:
    random = np.random.default_rng(7)
    usual, now = SHAPES[shape](random, ROWS), SHAPES[shape](random, ROWS) * 1.4 + 1
    exact = float(wasserstein_distance(now, usual)) / Scale.of(usual).spread
    assert shift(*profiles(now, usual)) == pytest.approx(exact, abs=0.02)


def test_data_with_no_row_in_common_are_as_far_apart_as_can_be() -> None:
    assert kolmogorov(*profiles(np.arange(10.0) + 100, np.arange(10.0))) == 1.0
    assert total_variation(TextProfile({"a": 3}, 0), TextProfile({"b": 9}, 0)) == 1.0


def test_nulls_are_no_part_of_a_distance() -> None:
    usual = np.arange(50.0)
    now, then = profiles(np.append(usual, [np.nan] * 500), usual)
    assert kolmogorov(now, then) == shift(now, then) == 0.0


def test_an_empty_column_is_shifted_by_nothing() -> None:
    now, usual = profiles(np.full(3, np.nan), np.arange(50.0))
    assert shift(now, usual) == shift(usual, now) == 0.0
    assert off_grid(now, usual) == 0.0
    assert kolmogorov(now, now) == 0.0


@given(COUNTS, COUNTS)
def test_the_total_variation_is_a_distance_of_shares(a: dict[str, int], b: dict[str, int]) -> None:
    one, two = TextProfile(a, 0), TextProfile(b, 5)
    assert 0 <= total_variation(one, two) <= 1 + 1e-12
    assert total_variation(one, two) == pytest.approx(total_variation(two, one))
    assert total_variation(one, TextProfile({value: 3 * count for value, count in a.items()}, 0)) == pytest.approx(0)


def test_the_total_variation_of_a_known_pair() -> None:
    usual = TextProfile({"red": 50, "green": 30, "blue": 20}, 0)
    assert total_variation(TextProfile({"red": 5, "green": 3, "pink": 2}, 0), usual) == pytest.approx(0.2)


def test_a_value_beside_the_grid_is_unknown_and_one_on_it_is_not() -> None:
    usual = np.tile(np.arange(1.0, 11.0), 20)
    now, then = profiles(np.array([1.0, 5.0, 5.5, 70.0]), usual)
    assert off_grid(now, then) == 0.5


def test_a_column_is_compared_by_the_statistics_of_its_type() -> None:
    now, usual = profiles(np.arange(9.0), np.arange(9.0))
    assert distances(now, usual) == {"ks": 0.0, "shift": 0.0}
    assert distances(TextProfile({"a": 1}, 0), TextProfile({"a": 1}, 0)) == {"total_variation": 0.0}
    with pytest.raises(ValueError, match="a number in one window and text in another"):
        distances(now, TextProfile({"a": 1}, 0))
