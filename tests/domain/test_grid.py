"""Bins: fine where the baseline has its values, exact at atoms, and defined for whatever a float can be."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.columns import LARGEST, NASTY, NASTY_COLUMN, SHAPES, near, number
from tidewatch.domain.exact import binned, doane_edges
from tidewatch.domain.profile.grid import BLOCK, SHARE, Grid, Numbers

ROWS = 20_000


def grid_of(shape: str, seed: int = 1) -> tuple[Grid, Numbers]:
    values = SHAPES[shape](np.random.default_rng(seed), ROWS)
    return Grid.of(values), values


def scale(values: list[float]) -> tuple[float, float]:
    grid = Grid.of(np.array(values))
    return grid.centre, grid.spread


@given(NASTY_COLUMN, st.lists(NASTY, min_size=1, max_size=30))
def test_every_value_has_a_bin_and_a_larger_one_never_a_lower_bin(baseline: Numbers, values: list[float]) -> None:
    grid = Grid.of(baseline)
    index = grid.index(np.sort(np.array(values)))  # NaN last
    known = len(values) - int(np.isnan(values).sum())
    assert (index[:known] >= 0).all() and (index[:known] < grid.bins).all()
    assert (np.diff(index[:known]) >= 0).all()
    assert (index[known:] == grid.bins).all()


@given(NASTY_COLUMN)
def test_bins_begin_in_order_and_only_the_outer_bins_are_endless(baseline: Numbers) -> None:
    bounds = Grid.of(baseline).boundaries
    assert bounds[0] == -np.inf and bounds[-1] == np.inf
    inner = bounds[1:-1][bounds[1:-1] != -np.inf]
    assert np.isfinite(inner).all() and (np.diff(inner) >= 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_value_lies_where_its_bin_says(shape: str) -> None:
    grid, values = grid_of(shape)
    index = grid.index(values[:BLOCK])
    slack = 1e-6 * np.maximum(np.abs(values - grid.centre), grid.spread)  # keys are made in single precision
    assert (values >= grid.boundaries[index] - slack).all()
    assert (values <= grid.boundaries[index + 1] + slack).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_no_bin_holds_more_than_twice_its_share_of_the_baseline_unless_it_is_an_atom(shape: str) -> None:
    grid, values = grid_of(shape)
    counts = number(values, grid).counts.copy()
    counts[grid.atom_bins] = 0
    assert counts.max() <= 2 * SHARE * ROWS  # the rest of a crowded cell, and what follows up to the next cut


def test_a_repeated_value_has_a_bin_of_its_own() -> None:
    rng = np.random.default_rng(2)
    values = np.append(rng.normal(20, 5, 9000), np.full(1000, 17.0))
    grid = Grid.of(values)
    assert list(grid.atoms) == [17.0]
    mine, below, above = grid.index(np.array([17.0, 17 - 1e-4, 17 + 1e-4]))
    assert below < mine < above


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=12, unique=True), st.sampled_from([1.0, 0.1, 1e-9]))
def test_a_conversion_there_and_back_or_a_stop_in_single_precision_keeps_a_value_on_its_atom(
    values: list[int], step: float
) -> None:
    atoms = np.array(values) * step
    grid = Grid.of(np.repeat(atoms, 10))
    home = grid.index(atoms)
    for wandered in (atoms * 1.609 / 1.609, atoms.astype(np.float32), atoms / 25.4 * 25.4):
        assert (grid.index(wandered.astype(np.float64)) == home).all()


def test_two_atoms_that_are_neighbours_among_floats_are_told_apart() -> None:
    one = 0.3
    next_to_it = float(np.nextafter(one, 1))
    grid = Grid.of(np.array([one, next_to_it] * 50))
    assert grid.index(np.array([one]))[0] < grid.index(np.array([next_to_it]))[0]


def test_a_hump_inside_one_16_bit_cell_is_cut_at_quantiles() -> None:
    rng = np.random.default_rng(7)
    usual = np.where(rng.random(ROWS) < 0.5, rng.normal(0, 1, ROWS), 100 + near(rng, ROWS))
    hump = usual[usual > 50]
    bins = Grid.of(usual).index(hump)
    assert len(np.unique(bins)) > 1000


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7.5], (7.5, 1.0)),
        ([7.5] * 40, (7.5, 1.0)),
        ([0.0, 50.0, 100.0], (50.0, 50.0)),
        ([np.inf, -np.inf, np.nan], (0.0, 1.0)),
        ([], (0.0, 1.0)),
    ],
    ids=["one row", "constant", "spread out", "nothing finite", "empty"],
)
def test_the_scale_is_defined_for_every_column(values: list[float], expected: tuple[float, float]) -> None:
    assert scale(values) == expected


def test_a_column_that_is_mostly_one_value_is_scaled_by_its_deviation() -> None:
    rain = np.zeros(100)
    rain[:5] = 2.0
    assert scale(rain.tolist()) == (0.0, pytest.approx(rain.std()))


def test_infinities_and_nulls_do_not_move_the_grid() -> None:
    values = np.random.default_rng(3).normal(0, 1, 500)
    assert Grid.of(np.append(values, [np.inf, -np.inf, np.nan])).digest == Grid.of(values).digest


def test_a_sentinel_as_large_as_numbers_get_leaves_a_scale_that_tells_values_apart() -> None:
    values = np.array([5.0] * 97 + [6.0, 7.0, LARGEST])
    assert len(np.unique(Grid.of(values).index(values))) == 4


def test_the_numbers_between_which_all_others_lie_have_bins_too() -> None:
    grid = Grid.of(np.array([LARGEST, -LARGEST] * 50))
    assert len(np.unique(grid.index(np.array([-np.inf, -LARGEST, 0.0, LARGEST, np.inf])))) >= 3


def test_minus_zero_is_zero() -> None:
    grid = Grid.of(np.array([0.0, -0.0, 0.0, 1.0] * 20))
    assert len(np.unique(grid.index(np.array([0.0, -0.0])))) == 1


@given(NASTY_COLUMN)
def test_a_grid_survives_being_stored(baseline: Numbers) -> None:
    grid = Grid.of(baseline)
    stored = json.dumps(grid.as_dict(), allow_nan=False)
    assert Grid.from_dict(json.loads(stored)).digest == grid.digest


def test_another_baseline_has_another_grid() -> None:
    digests = {Grid.of(np.arange(100.0) * step + start).digest for step in (1.0, 1.1) for start in (0.0, 0.5)}
    assert len(digests) == 4


@pytest.mark.parametrize("shape", SHAPES)
def test_bins_asked_for_are_filled_as_if_the_rows_were_counted(shape: str) -> None:
    random = np.random.default_rng(5)
    usual, now = SHAPES[shape](random, 5000), SHAPES[shape](random, 3000) * 1.1
    edges = doane_edges(usual)
    grid = Grid.of(usual, edges)
    theirs = number(usual, grid)
    filled = np.bincount(theirs.groups, number(now, grid).counts, len(edges))
    assert filled.tolist() == binned(now, edges).tolist()
    assert np.bincount(theirs.groups, theirs.counts, len(edges)).tolist() == binned(usual, edges).tolist()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_coarse_grid_joins_whole_bins(shape: str) -> None:
    grid, values = grid_of(shape)
    fine = number(values, grid)
    coarse = grid.coarse(fine.counts, 0.005)
    assert coarse.bins < grid.bins / 4 + len(coarse.atoms) * 3
    joined = coarse.index(values[:BLOCK])
    assert (np.diff(joined[np.argsort(grid.index(values[:BLOCK]), kind="stable")]) >= 0).all()
    counts = number(values, coarse).counts.copy()
    counts[coarse.atom_bins] = 0
    assert counts.max() <= 0.011 * ROWS
    assert Grid.from_dict(coarse.as_dict()).digest == coarse.digest
