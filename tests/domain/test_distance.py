"""Distances of profiles against the same distances of the rows."""

from collections.abc import Callable
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from tests.domain.columns import LARGEST, LIGHT, NASTY_COLUMN, SHAPES, WORDS, number, pair, text
from tidewatch.domain.distance import deciding, levelled, off_grid, statistics
from tidewatch.domain.exact import binned, chi_squared, doane_edges, hellinger, jensen_shannon
from tidewatch.domain.profile.grid import Grid, Numbers
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.profile.times import TimeProfile

ROWS = 20_000
NUMBERS = {"ks", "wasserstein", "effect", "cramer_von_mises", "psi", "jensen_shannon", "hellinger", "chi2", "p_value"}
TEXTS = {"total_variation", "effect", "l_infinity", "psi", "jensen_shannon", "hellinger", "chi2", "p_value"}
CHANGES: dict[str, Callable[[Numbers], Numbers]] = {
    "as it was": lambda values: values,
    "a little higher": lambda values: np.round(values + 0.3, 9),
    "stretched": lambda values: np.round(values * 1.4, 9),
    "far away": lambda values: values + 1e6,
}
COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), max_size=6)


def drawn(shape: str, change: str, seed: int = 7) -> tuple[Numbers, Numbers]:
    """Now and usual, of different size."""
    random = np.random.default_rng(seed)
    usual = SHAPES[shape](random, ROWS)
    return CHANGES[change](SHAPES[shape](random, ROWS // 2)), usual


# --- numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_kolmogorov_distance_is_the_one_of_the_rows(shape: str, change: str) -> None:
    now, usual = drawn(shape, change)
    exact = float(ks_2samp(now, usual, method="asymp").statistic)
    assert statistics(*pair(now, usual))["ks"] == pytest.approx(exact, abs=5e-4)


def hump(random: np.random.Generator, rows: int, share: float) -> Numbers:
    """A new narrow hump in the middle of a broad one, far narrower than any bin of the baseline."""
    return np.where(random.random(rows) < share, 20.003 + 1e-7 * random.random(rows), random.normal(20, 5, rows))


def test_a_new_narrow_hump_within_one_bin_of_the_baseline_is_seen() -> None:
    random = np.random.default_rng(7)
    usual, now = random.normal(20, 5, ROWS), hump(random, ROWS, 0.05)
    exact = float(ks_2samp(now, usual, method="asymp").statistic)
    assert exact > 0.02
    assert statistics(*pair(now, usual))["ks"] == pytest.approx(exact, abs=5e-4)


def test_a_change_inside_a_narrow_hump_is_measured() -> None:
    random = np.random.default_rng(7)

    def humps(rows: int, far: float) -> Numbers:
        return np.where(random.random(rows) < 0.6, 0.0, far) + random.normal(0, 0.05, rows)

    usual, now = humps(ROWS, 1000.0), humps(ROWS, 1000.1)
    exact = float(ks_2samp(now, usual, method="asymp").statistic)
    assert statistics(*pair(now, usual))["ks"] == pytest.approx(exact, abs=5e-4)


def test_a_constant_that_moved_by_a_hair_has_moved_altogether() -> None:
    values = statistics(*pair([7.5 + 1e-4] * 50, [7.5] * 50))
    assert values["ks"] == 1.0 and values["wasserstein"] == pytest.approx(1e-4, rel=1e-3)
    assert values["p_value"] < 1e-6
    assert statistics(*pair([7.5] * 50, [7.5] * 50))["ks"] == 0.0


def test_a_stop_in_single_precision_is_no_change() -> None:
    tenths = np.round(np.random.default_rng(1).normal(20, 5, ROWS), 1)
    values = statistics(*pair(tenths.astype(np.float32).astype(np.float64), tenths))
    assert values["ks"] == 0.0 and values["p_value"] > 0.9


@pytest.mark.parametrize("change", ["a little higher", "stretched", "far away"])
@pytest.mark.parametrize("shape", LIGHT)
def test_the_wasserstein_distance_is_the_one_of_the_rows(shape: str, change: str) -> None:
    now, usual = drawn(shape, change)
    exact = float(wasserstein_distance(now, usual))
    assert statistics(*pair(now, usual))["wasserstein"] == pytest.approx(exact, rel=5e-3)


@pytest.mark.parametrize("change", ["a little higher", "stretched", "far away"])
@pytest.mark.parametrize("shape", ["whole numbers", "many whole numbers", "mostly zero"])
def test_between_values_of_the_baseline_the_wasserstein_distance_is_good_to_a_64th_of_the_spread(
    shape: str, change: str
) -> None:
    profiles = pair(*drawn(shape, change))
    exact = float(wasserstein_distance(*drawn(shape, change)))
    slack = profiles[1].grid.spread / 64
    assert statistics(*profiles)["wasserstein"] == pytest.approx(exact, rel=5e-3, abs=slack)


@pytest.mark.parametrize("shape", LIGHT)
def test_the_wasserstein_distance_of_equals_is_nothing_against_their_spread(shape: str) -> None:
    now, usual = drawn(shape, "as it was")
    profiles = pair(now, usual)
    exact = float(wasserstein_distance(now, usual))
    assert statistics(*profiles)["wasserstein"] == pytest.approx(exact, abs=1e-3 * profiles[1].grid.spread)


@pytest.mark.parametrize("shape", ["normal", "uniform", "Cauchy", "whole numbers", "mostly zero"])
def test_the_cramer_von_mises_distance_is_the_one_of_the_rows(shape: str) -> None:
    now, usual = drawn(shape, "a little higher")
    both = np.concatenate([now, usual])
    apart = [np.searchsorted(np.sort(side), both, side="right") / len(side) for side in (now, usual)]
    exact = float(((apart[0] - apart[1]) ** 2).mean())
    assert statistics(*pair(now, usual))["cramer_von_mises"] == pytest.approx(exact, rel=1e-2, abs=1e-6)


@pytest.mark.parametrize("shape", ["normal", "exponential", "far from zero"])
def test_the_effect_of_a_shift_is_its_size_in_spreads(shape: str) -> None:
    now, usual = drawn(shape, "as it was")
    spread = Grid.of(usual).spread
    assert statistics(*pair(now + 0.7 * spread, usual))["effect"] == pytest.approx(0.7, abs=0.05)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_in_bins_asked_for_the_distances_are_those_of_binned_rows(shape: str, change: str) -> None:
    now, usual = drawn(shape, change)
    edges = doane_edges(usual)
    grid = Grid.of(usual, edges)
    values = statistics(number(now, grid), number(usual, grid))
    mine, theirs = binned(now, edges), binned(usual, edges)
    assert values["jensen_shannon"] == pytest.approx(float(jensen_shannon(mine, theirs)), abs=1e-9)
    assert values["hellinger"] == pytest.approx(float(hellinger(mine, theirs)), abs=1e-9)
    assert values["chi2"] == pytest.approx(chi_squared(mine, theirs)[0], rel=1e-9)


def test_the_population_stability_index_of_a_known_pair() -> None:
    """Ten values with a tenth of the rows each; the first takes over the second's."""
    values = statistics(*pair([1.0] * 20 + [3.0, 4, 5, 6, 7, 8, 9, 10] * 10, [*map(float, range(1, 11))] * 10))
    assert values["psi"] == pytest.approx(0.1 * log(2) + (1e-4 - 0.1) * log(1e-4 / 0.1))


@given(NASTY_COLUMN, NASTY_COLUMN)
def test_every_statistic_of_every_column_is_a_number(now: Numbers, usual: Numbers) -> None:
    values = statistics(*pair(now, usual))
    assert set(values) == NUMBERS
    assert np.isfinite(list(values.values())).all()
    assert all(value >= 0 for value in values.values())
    assert all(values[name] <= 1 for name in ("ks", "jensen_shannon", "hellinger", "p_value"))


@given(NASTY_COLUMN)
def test_a_column_is_at_no_distance_from_itself(values: Numbers) -> None:
    found = statistics(*pair(values, values))
    assert {name: value for name, value in found.items() if value and name != "p_value"} == {}
    assert found["p_value"] > 0.9


def test_data_with_no_row_in_common_are_as_far_apart_as_can_be() -> None:
    values = statistics(*pair(np.arange(100.0) + 1000, np.arange(100.0)))
    assert values["ks"] == 1.0
    assert values["jensen_shannon"] > 0.8 and values["hellinger"] > 0.8  # the last decile reaches to infinity
    assert values["wasserstein"] == pytest.approx(1000) and values["p_value"] < 1e-9


def test_nulls_are_no_part_of_a_distance() -> None:
    usual = np.arange(50.0)
    now, then = pair(np.append(usual, [np.nan] * 500), usual)
    assert statistics(now, then) == statistics(then, then)


@pytest.mark.parametrize(("now", "usual"), [([np.nan] * 3, np.arange(50.0)), (np.arange(50.0), []), ([], [])])
def test_against_nothing_there_is_no_distance(now: list[float], usual: list[float]) -> None:
    values = statistics(*pair(now, usual))
    assert values == dict.fromkeys(NUMBERS, 0.0) | {"p_value": 1.0}
    assert off_grid(*pair(now, usual)) in (0.0, 1.0)


def test_rows_that_became_infinite_have_moved() -> None:
    now = np.arange(100.0)
    now[:30] = np.inf
    values = statistics(*pair(now, np.arange(100.0)))
    assert values["ks"] == pytest.approx(0.3) and values["p_value"] < 1e-3


def test_a_sentinel_as_large_as_numbers_get_is_measured_like_any_value() -> None:
    now = np.append(np.arange(80.0), [LARGEST] * 20)
    values = statistics(*pair(now, np.arange(100.0)))
    assert values["ks"] == pytest.approx(0.2) and np.isfinite(list(values.values())).all()


def test_a_value_beside_the_grid_is_unknown_and_one_on_it_is_not() -> None:
    usual = np.tile(np.arange(1.0, 11.0), 20)
    assert off_grid(*pair([1.0, 5.0, 5.5, 70.0], usual)) == 0.5


# --- texts -----------------------------------------------------------------------------------------------------


def words(counts: dict[str, int]) -> TextProfile:
    return TextProfile(counts, nulls=5)


@given(COUNTS, COUNTS)
def test_the_total_variation_is_a_distance_of_shares(a: dict[str, int], b: dict[str, int]) -> None:
    there, back = statistics(words(a), words(b)), statistics(words(b), words(a))
    assert 0 <= there["total_variation"] <= 1 + 1e-12
    assert there["total_variation"] == pytest.approx(back["total_variation"])
    assert there["l_infinity"] <= there["total_variation"] + 1e-12
    tripled = statistics(words(a), words({name: 3 * count for name, count in a.items()}))
    assert tripled["total_variation"] == pytest.approx(0)


@given(WORDS, WORDS)
def test_every_statistic_of_every_text_is_a_number(now: list[str | None], usual: list[str | None]) -> None:
    values = statistics(text(now, frozenset("ab")), text(usual, frozenset("ab")))
    assert set(values) == TEXTS
    assert np.isfinite(list(values.values())).all() and all(value >= 0 for value in values.values())


def test_the_distances_of_a_known_pair_of_texts() -> None:
    now, usual = {"red": 500, "green": 300, "pink": 200}, {"red": 500, "green": 300, "blue": 200}
    values = statistics(words(now), words(usual))
    assert values["total_variation"] == values["effect"] == pytest.approx(0.2)
    assert values["l_infinity"] == pytest.approx(0.2)
    assert values["jensen_shannon"] == pytest.approx(0.2**0.5) and values["hellinger"] == pytest.approx(0.2**0.5)
    assert values["chi2"] == pytest.approx(400)


def test_the_p_value_of_texts_is_the_one_of_pearsons_test() -> None:
    now, usual = {"a": 40, "b": 35, "c": 25}, {"a": 500, "b": 300, "c": 200}
    values = statistics(words(now), words(usual))
    exact = chi2_contingency([[40, 35, 25], [500, 300, 200]])
    assert values["chi2"] == pytest.approx(exact.statistic) and values["p_value"] == pytest.approx(exact.pvalue)


def test_a_crowd_of_rare_words_proves_nothing() -> None:
    usual = {f"word {number}": 1 for number in range(500)} | {"a": 1000}
    now = {f"other {number}": 1 for number in range(50)} | {"a": 100}
    assert statistics(words(now), words(usual))["p_value"] > 0.1


def test_no_words_are_at_no_distance() -> None:
    nothing = dict.fromkeys(TEXTS, 0.0) | {"p_value": 1.0}
    for now, usual in (({}, {"a": 3}), ({"a": 3}, {}), ({}, {})):
        assert statistics(words(now), words(usual)) == nothing


def test_words_without_a_name_are_one_category() -> None:
    now, usual = TextProfile({"a": 10}, other=90), TextProfile({"a": 100})
    assert statistics(now, usual)["total_variation"] == pytest.approx(0.9)


# --- both ------------------------------------------------------------------------------------------------------


def test_a_column_is_compared_by_the_statistics_of_its_type() -> None:
    numbers: NumberProfile = number(np.arange(9.0))
    for now, usual in ((numbers, words({"a": 1})), (words({"a": 1}), numbers), (TimeProfile(0, 0, (1,) * 24), numbers)):
        with pytest.raises(ValueError, match="a number in one window and text in another"):
            statistics(now, usual)


def test_distance_and_effect_decide_together_and_a_texts_effect_is_its_distance() -> None:
    assert set(levelled(dict.fromkeys(NUMBERS, 0.1))) == {"ks", "effect"}
    assert set(levelled(dict.fromkeys(TEXTS, 0.1))) == {"total_variation"}


@pytest.mark.parametrize("shape", ["normal", "whole numbers"])
def test_what_levels_are_learnt_from_is_what_decides_later(shape: str) -> None:
    now, usual = pair(*drawn(shape, "stretched"))
    texts = words({"a": 70, "b": 20, "new": 3}), words({"a": 60, "b": 40})
    for sides in ((now, usual), texts):
        assert deciding(*sides) == pytest.approx(levelled(statistics(*sides)))
    with pytest.raises(ValueError, match="a number in one window and text in another"):
        deciding(now, texts[1])
