import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

from tidewatch.domain.exact import (
    binned,
    chi_squared,
    chi_squared_tail,
    doane_edges,
    hellinger,
    jensen_shannon,
    kolmogorov,
    l_infinity,
    wasserstein,
)


def numbers(kind: str, rows: int, moved: int) -> NDArray[np.float64]:
    chance = np.random.default_rng([7, rows, moved])
    match kind:
        case "normal":
            return chance.normal(0.3 * moved, 1, rows)
        case "lognormal":
            return chance.lognormal(0.2 * moved, 1, rows)
        case "rounds":
            return np.floor(chance.normal(20 + moved, 5, rows))
        case _:
            return np.where(chance.uniform(size=rows) < 0.9 - 0.1 * moved, 0, chance.uniform(1, 9, rows))


def letters(rows: int, moved: int, alphabet: str = "abcdef") -> NDArray[np.int64]:
    """Counts of each letter; the last one occurs after the move only, where there are six."""
    chance = np.random.default_rng([8, rows, moved])
    drawn = np.minimum(chance.geometric(0.4 - 0.05 * moved, rows) - 1, 5 if moved else 4)
    return np.bincount(np.minimum(drawn, len(alphabet) - 1), minlength=len(alphabet))


# What NannyML 0.13.1 publishes for the same numbers: KS, Wasserstein, Jensen-Shannon, Hellinger.
PUBLISHED = {
    "normal": (0.13553333333333334, 0.33931019566022763, 0.15002827095415314, 0.12623402441414847),
    "lognormal": (0.09446666666666667, 0.44980489416859926, 0.09610622082921988, 0.0842363246758888),
    "rounds": (0.08626666666666667, 1.1988, 0.1094213853050891, 0.09217330379183063),
    "rain": (0.09793333333333333, 0.4600049162512007, 0.12251317439427084, 0.10257333937510713),
}
# … and for the letters: chi², L∞, Jensen-Shannon, Hellinger.
PUBLISHED_LETTERS = {
    "abcdef": (681.4413057533445, 0.128, 0.2668869235681004, 0.2627394469883191),
    "ab": (18.090375860219964, 0.06146666666666667, 0.05402595796865408, 0.044989292319994295),
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_distances_of_numbers_are_those_that_nannyml_publishes(kind: str) -> None:
    usual, now = numbers(kind, 5000, 0), numbers(kind, 1500, 1)
    edges = doane_edges(usual)
    p, q = binned(usual, edges), binned(now, edges)
    ours = (kolmogorov(usual, now), wasserstein(usual, now), jensen_shannon(p, q), hellinger(p, q))
    assert ours == pytest.approx(PUBLISHED[kind], abs=1e-9)


@pytest.mark.parametrize("alphabet", PUBLISHED_LETTERS)
def test_distances_of_categories_are_those_that_nannyml_publishes(alphabet: str) -> None:
    p, q = letters(5000, 0, alphabet), letters(1500, 1, alphabet)
    ours = (chi_squared(p, q)[0], l_infinity(p, q), jensen_shannon(p, q), hellinger(p, q))
    assert ours == pytest.approx(PUBLISHED_LETTERS[alphabet], abs=1e-9)


samples = arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-50, 50, width=16))
counts = arrays.arrays(np.int64, 7, elements=st.integers(0, 1000))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # about its p-value of very few rows, which is not asked for
@given(samples, samples)
def test_kolmogorov_and_wasserstein_agree_with_scipy(a: NDArray[np.float64], b: NDArray[np.float64]) -> None:
    assert kolmogorov(a, b) == pytest.approx(stats.ks_2samp(a, b, method="exact").statistic, abs=1e-12)
    assert wasserstein(a, b) == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-9)


@given(counts, counts)
def test_jensen_shannon_agrees_with_scipy(p: NDArray[np.int64], q: NDArray[np.int64]) -> None:
    if p.sum() and q.sum():
        # A root of rounding errors: what is 0 by definition may be 1e-8.
        assert jensen_shannon(p, q) == pytest.approx(np.nan_to_num(jensenshannon(p, q, base=2)), abs=3e-8)


@given(counts, counts)
def test_chi_squared_agrees_with_scipy(p: NDArray[np.int64], q: NDArray[np.int64]) -> None:
    table = np.array([p, q])[:, (p + q) > 0]
    if table.shape[1] > 1 and table.sum(axis=1).all():
        assert chi_squared(p, q) == pytest.approx(stats.chi2_contingency(table)[:2], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 20, 399, 20_000, 1_000_000])
def test_the_tail_of_chi_squared_agrees_with_scipy(freedom: int) -> None:
    deviations = np.array([-6, -3, -1, -0.1, 0, 0.1, 1, 3, 6, 12])
    at = np.maximum(freedom + deviations * np.sqrt(2 * freedom), 1e-3)
    ours = np.array([chi_squared_tail(float(x), freedom) for x in at])
    theirs = stats.chi2.sf(at, freedom)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_all_columns_of_a_model_go_through_at_once() -> None:
    p, q = np.random.default_rng(1).integers(0, 50, (2, 4, 9))
    for distance in (jensen_shannon, hellinger, l_infinity):
        assert distance(p, q) == pytest.approx([float(distance(a, b)) for a, b in zip(p, q, strict=True)])


def test_rows_beyond_the_edges_are_counted_together_and_nulls_are_not() -> None:
    edges = np.array([0.0, 1.0, 2.0])
    values = [0.0, 0.5, 1.0, 2.0, -1.0, 2.1, np.inf, -np.inf, np.nan]
    assert binned(values, edges).tolist() == [2, 2, 4]


EMPTY: list[float] = []


def test_where_one_side_is_empty_nothing_is_far() -> None:
    nothing = np.zeros(3)
    assert kolmogorov(EMPTY, [1.0]) == wasserstein([np.nan, np.inf], [1.0]) == 0.0
    assert jensen_shannon(nothing, [1, 0, 0]) == hellinger([1, 0, 0], nothing) == l_infinity(nothing, nothing) == 0.0
    assert chi_squared(nothing, [1, 2, 3]) == chi_squared([4], [5]) == chi_squared([], []) == (0.0, 1.0)


@pytest.mark.parametrize(
    "values",
    [EMPTY, [3.0], [3.0] * 9, [1e300] * 3, [-1.7e308, 0.0, 1.7e308], [np.nan, np.inf], [5e-324, 1e-320, 0.0], [0, 1]],
)
def test_odd_columns_have_edges_that_hold_all_their_finite_values(values: list[float]) -> None:
    edges = doane_edges(values)
    finite = np.isfinite(values).sum()
    assert np.isfinite(edges).all()
    assert (np.diff(edges) >= 0).all()
    assert binned(values, edges)[:-1].sum() == finite


def test_the_widest_range_of_doubles_is_a_finite_distance_apart() -> None:
    assert 1e308 < wasserstein([-1.7e308], [1.7e308]) < np.inf
    assert kolmogorov([-np.inf, 0.0], [0.0, np.inf]) == 0.5
