"""One p-value out of four tests: honest when nothing changed, small when something did."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstwobign, mannwhitneyu

from tests.domain.columns import SHAPES, pair
from tidewatch.domain.profile.grid import Numbers
from tidewatch.domain.rank_tests import cauchy, combined_p_value, kolmogorov_p_value, mean_p_values

SHARES = {
    "even": np.full(200, 1 / 200),
    "mostly one value": np.array([0.93, *[0.07 / 100] * 100]),
    "halving": 0.5 ** np.arange(1, 25) / (1 - 0.5**24),
    "rare": np.array([0.98, 0.02]),
}
COUNTS = st.lists(st.integers(0, 30), min_size=1, max_size=12)


def p_value(now: Numbers, usual: Numbers) -> float:
    profiles = pair(now, usual)
    return combined_p_value(profiles[0].counts, profiles[1].counts)


@pytest.mark.parametrize("rows", [50, 500, 5000])
@pytest.mark.parametrize("shares", SHARES)
def test_when_nothing_changed_a_small_p_value_is_as_rare_as_it_says(shares: str, rows: int) -> None:
    random = np.random.default_rng(11)
    many, usual = 2000, 20_000
    windows = random.multinomial(rows, SHARES[shares], many)
    references = random.multinomial(usual, SHARES[shares], many)
    values = np.array([combined_p_value(now, then) for now, then in zip(windows, references, strict=True)])
    for level in (0.2, 0.05, 0.01):
        expected = level * many
        assert (values <= level).sum() <= 1.2 * expected + 3 * np.sqrt(expected)
    if shares == "even":
        assert (values <= 0.05).mean() >= 0.03  # neither is it merely cautious


CHANGES: dict[str, Callable[[Numbers], Numbers]] = {
    "higher": lambda values: values + 0.25,
    "wider": lambda values: values * 1.2,
    "2 % far out": lambda values: np.where(np.arange(len(values)) % 50 == 0, 6.0, values),
    "5 % in one place": lambda values: np.where(np.arange(len(values)) % 20 == 0, 0.3, values),
    "clipped": lambda values: np.minimum(values, 1.5),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_any_kind_has_a_small_p_value(change: str) -> None:
    random = np.random.default_rng(5)
    usual, now = random.normal(0, 1, 50_000), random.normal(0, 1, 5000)
    assert p_value(now, usual) > 0.01
    assert p_value(CHANGES[change](now), usual) < 1e-5


@pytest.mark.parametrize("shape", SHAPES)
def test_a_larger_shift_never_has_a_larger_p_value(shape: str) -> None:
    random = np.random.default_rng(5)
    usual, now = SHAPES[shape](random, 5000), SHAPES[shape](random, 300)
    spread = pair(now, usual)[1].grid.spread
    values = [p_value(now + steps * spread, usual) for steps in (0.5, 1, 2, 4, 8, 100)]
    assert values[0] < 1e-3
    assert all(later <= max(earlier, 1e-12) for earlier, later in pairwise(values))


def test_a_sample_that_is_all_in_the_tails_is_strange_however_small() -> None:
    usual = np.random.default_rng(5).normal(0, 1, 5000)
    assert p_value(np.array([-4.0, 4.0] * 10), usual) < 1e-6


def test_one_row_proves_little() -> None:
    assert p_value(np.array([7.5001]), np.full(40, 7.5)) > 0.01
    assert p_value(np.array([1e9]), np.random.default_rng(5).normal(0, 1, 50)) > 0.01


@given(COUNTS, COUNTS)
def test_a_p_value_is_a_probability(now: list[int], usual: list[int]) -> None:
    size = min(len(now), len(usual))
    counts = np.array(now[:size]), np.array(usual[:size])
    value = combined_p_value(*counts)
    assert 0 <= value <= 1
    if not counts[0].any() or not counts[1].any():
        assert value == 1.0


@given(COUNTS)
def test_the_same_counts_have_a_large_p_value(counts: list[int]) -> None:
    assert combined_p_value(np.array(counts), np.array(counts)) > 0.5


def test_empty_bins_change_nothing() -> None:
    now, usual = np.array([5, 9, 30]), np.array([50, 60, 70])
    spread = [np.array([0, a, 0, 0, b, c, 0]) for a, b, c in (now, usual)]
    assert combined_p_value(*spread) == combined_p_value(now, usual)


def test_the_test_of_mean_ranks_is_wilcoxons() -> None:
    """With ranks for scores, permutation mean and variance are those of the rank-sum test."""
    random = np.random.default_rng(2)
    now, usual = random.multinomial(300, SHARES["even"]), random.multinomial(3000, SHARES["even"])
    both = (now + usual).astype(np.float64)
    rank = np.cumsum(both) - both / 2
    rows = [np.repeat(np.arange(200), counts) for counts in (now, usual)]
    exact = mannwhitneyu(*rows, use_continuity=False, method="asymptotic").pvalue
    (found,) = mean_p_values(rank[None, :], now[None, :].astype(np.float64), both[None, :])
    assert found == pytest.approx(float(exact), rel=0.01)


def test_a_score_that_never_varies_tells_nothing() -> None:
    assert mean_p_values(np.array([[0.5, 0.5]]), np.array([[3.0, 1.0]]), np.array([[30.0, 50.0]])) == [1.0]


@pytest.mark.parametrize("distance", [0.0, 0.01, 0.03, 0.05, 0.2, 1.0])
def test_the_kolmogorov_p_value_is_the_asymptotic_one(distance: float) -> None:
    found = kolmogorov_p_value(distance, 5000, 50_000)
    exact = float(kstwobign.sf(distance * (5000 * 50_000 / 55_000) ** 0.5))
    assert found == pytest.approx(exact, rel=0.1, abs=1e-12)


def test_one_certain_test_is_not_hidden_by_another_that_sees_nothing() -> None:
    assert cauchy((1e-8, 1.0, 1.0, 1.0)) == pytest.approx(4e-8, rel=0.01)
    assert cauchy((0.0, 1.0)) < 1e-15
    assert cauchy((1.0, 1.0)) > 0.9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 1))
def test_a_combination_is_a_probability_and_no_smaller_for_larger_parts(values: list[float], other: float) -> None:
    combined = cauchy(tuple(values))
    assert 0 <= combined <= 1
    larger = cauchy((max(values[0], other), *values[1:]))
    assert larger >= combined * (1 - 1e-6) - 1e-15
