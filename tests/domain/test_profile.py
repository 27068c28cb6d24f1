"""Profiles: small, mergeable, and true for every column that data comes with."""

import json
from itertools import pairwise
from math import isclose
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.columns import LARGEST, NASTY_COLUMN, SHAPES, WORDS, coded, number, text
from tidewatch.domain.profile.column import ColumnProfile, merge_column
from tidewatch.domain.profile.counting import Counter, IdCounter, TimeCounter
from tidewatch.domain.profile.grid import Grid, Numbers
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile, merge
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.profile.times import TimeProfile
from tidewatch.domain.table import Piece

GRIDS = {"x": Grid.of(np.array([0.0, 1.0, 1.0, 2.5, 7.0] * 20)), "y": Grid.of(np.array([LARGEST, 0.0, -5e-324] * 9))}
KNOWN = {"w": frozenset("ab")}


def whole(**columns: ColumnProfile) -> Profile:
    rows = [column.rows + column.nulls for column in columns.values()]
    return Profile(rows[0] if rows else 0, columns)


def stored(profile: Profile) -> Profile:
    text = json.dumps(profile.as_dict(), allow_nan=False)
    return Profile.from_dict(json.loads(text), GRIDS, KNOWN)


def alike(a: NumberProfile, b: NumberProfile) -> bool:
    """Equal in all that is counted, and in the sums to rounding."""
    exact = [(p.counts.tolist(), p.nulls, p.infinite, p.low, p.high, p.grid.digest) for p in (a, b)]
    sums = [(a.total, b.total), (a.squares, b.squares)]
    size = max(abs(a.low), abs(a.high), abs(a.grid.centre), 1.0) if a.finite else 1.0
    return exact[0] == exact[1] and all(isclose(x, y, rel_tol=1e-9, abs_tol=1e-9 * size) for x, y in sums)


def cut(values: Numbers, places: list[int]) -> list[Numbers]:
    ends = sorted({0, len(values), *(place % (len(values) + 1) for place in places)})
    return [values[start:end] for start, end in pairwise(ends)]


# --- adding up -------------------------------------------------------------------------------------------------


@given(NASTY_COLUMN, st.lists(st.integers(0, 100), max_size=5), st.randoms(use_true_random=False))
def test_numbers_in_any_pieces_and_any_order_are_as_if_counted_together(
    values: Numbers, places: list[int], random: Random
) -> None:
    parts = cut(values, places)
    random.shuffle(parts)
    for grid in GRIDS.values():
        merged = merge_column("x", [number(part, grid) for part in [*parts, np.empty(0)]])
        assert isinstance(merged, NumberProfile)
        assert alike(merged, number(values, grid))


@given(NASTY_COLUMN, NASTY_COLUMN, NASTY_COLUMN)
def test_it_does_not_matter_which_numbers_are_merged_first(a: Numbers, b: Numbers, c: Numbers) -> None:
    one, two, three = (number(values, GRIDS["x"]) for values in (a, b, c))
    assert alike(one.plus(two).plus(three), one.plus(three.plus(two)))


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_merged_texts_are_as_if_counted_together(parts: list[list[str | None]]) -> None:
    merged = merge_column("w", [text(part, KNOWN["w"]) for part in parts])
    assert merged == text([value for part in parts for value in part], KNOWN["w"])


@given(st.lists(st.lists(st.text(max_size=3) | st.none(), max_size=30), min_size=2, max_size=4))
def test_merged_ids_and_times_are_as_if_counted_together(parts: list[list[str | None]]) -> None:
    def ids(values: list[str | None]) -> IdProfile:
        return fed(IdCounter(), coded(values))

    def times(values: list[str | None]) -> TimeProfile:
        seconds = np.array([np.nan if v is None else 1e9 + 1000.0 * len(v) for v in values])
        return fed(TimeCounter(), seconds)

    together = [value for part in parts for value in part]
    merged = merge_column("id", [ids(part) for part in reversed(parts)])
    assert isinstance(merged, IdProfile)
    assert (merged.rows, merged.nulls, merged.duplicates) == (
        ids(together).rows, ids(together).nulls, ids(together).duplicates,
    )  # fmt: skip
    assert merge_column("at", [times(part) for part in parts]) == times(together)


def fed(counter: Counter, *pieces: Piece) -> ColumnProfile:
    for piece in pieces:
        counter.add(piece)
    return counter.profile()


@pytest.mark.parametrize("other", [np.arange(4.0) * 2, np.arange(4.0) + 1])
def test_profiles_of_other_grids_are_never_added_up(other: Numbers) -> None:
    with pytest.raises(ValueError, match="profiles of different grids cannot be added up"):
        merge([whole(x=number(np.arange(4.0))), whole(x=number(other))])


def test_texts_that_name_other_categories_are_never_added_up() -> None:
    with pytest.raises(ValueError, match="name different categories"):
        merge([whole(w=text(["a"], frozenset("a"))), whole(w=text(["a"], frozenset("b")))])


def test_a_number_and_a_text_are_never_added_up() -> None:
    with pytest.raises(ValueError, match="column x: profiles of different types"):
        merge([whole(x=number(np.arange(3.0))), whole(x=text(["a", "b", "c"]))])


def test_nothing_merges_to_no_profile() -> None:
    with pytest.raises(ValueError, match="no profile to compare with"):
        merge([])


def test_only_columns_that_all_have_are_merged() -> None:
    x = number(np.arange(3.0))
    merged = merge([whole(x=x, y=x), whole(x=x, z=x)])
    assert set(merged.columns) == {"x"} and merged.rows == 6


def test_segments_are_merged_with_those_of_the_same_name() -> None:
    x = number(np.arange(3.0))
    part = Profile(3, {"x": x}, {"carrier=UA": whole(x=x)})
    other = Profile(3, {"x": x}, {"carrier=UA": whole(x=x), "carrier=B6": whole(x=x)})
    merged = merge([part, other])
    assert {name: segment.rows for name, segment in merged.segments.items()} == {"carrier=UA": 6, "carrier=B6": 3}


# --- being stored ----------------------------------------------------------------------------------------------


@given(NASTY_COLUMN, WORDS)
def test_a_profile_survives_being_stored_as_plain_json(values: Numbers, words: list[str | None]) -> None:
    times = np.where(np.isfinite(values), np.clip(values, -1e12, 1e12), np.nan)
    columns: dict[str, ColumnProfile] = {
        "x": number(values, GRIDS["x"]), "y": number(values, GRIDS["y"]), "w": text(words, KNOWN["w"]),
        "id": fed(IdCounter(), coded(words)), "at": fed(TimeCounter(), times),
    }  # fmt: skip
    profile = Profile(7, columns, {"w=a": Profile(2, {"w": text(["a", None], KNOWN["w"])})})
    read = stored(profile)
    assert read.as_dict() == profile.as_dict()
    for name in ("w", "id", "at"):
        assert read.columns[name] == profile.columns[name]
    for name in ("x", "y"):
        mine, theirs = read.columns[name], profile.columns[name]
        assert isinstance(mine, NumberProfile) and isinstance(theirs, NumberProfile)
        assert alike(mine, theirs) and mine.total == theirs.total


def test_a_profile_on_another_grid_than_the_baselines_is_refused() -> None:
    record = whole(x=number(np.arange(5.0))).as_dict()
    with pytest.raises(ValueError, match="column x was counted on another grid than the baseline's"):
        Profile.from_dict(record, {"x": GRIDS["y"]}, {})
    with pytest.raises(ValueError, match="column x was counted on another grid"):
        Profile.from_dict(record, {}, {})


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({"format": 1, "rows": 1, "columns": {}}, "of format 1, and this Tidewatch reads format 2"),
        ({"format": 2, "rows": "1", "columns": {}}, "not a profile"),
        ({"format": 2, "rows": 1, "columns": {"x": {"nulls": 1}}}, "not a profile: damaged at columns › x"),
    ],
)
def test_what_is_no_profile_is_refused(record: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Profile.from_dict(record, {}, {})


def test_counts_beyond_32_bits_are_added_and_stored_without_loss() -> None:
    grid = GRIDS["x"]
    counts = np.zeros(grid.bins, dtype=np.int64)
    counts[5] = 2**31
    half = whole(x=NumberProfile(grid, counts, low=1.0, high=1.0))
    both = merge([half, half])
    assert both.columns["x"].rows == stored(both).columns["x"].rows == 2**32


@pytest.mark.parametrize("shape", SHAPES)
def test_a_column_of_any_shape_takes_a_few_kilobytes(shape: str) -> None:
    values = SHAPES[shape](np.random.default_rng(1), 50_000)
    assert len(json.dumps(whole(x=number(values)).as_dict())) < 8000


# --- numbers ---------------------------------------------------------------------------------------------------


@given(NASTY_COLUMN)
def test_what_a_profile_tells_of_a_column_is_always_a_number(values: Numbers) -> None:
    for grid in (*GRIDS.values(), Grid.of(values)):
        profile = number(values, grid)
        told = [profile.mean, profile.sd, *(profile.quantile(share) for share in (0.0, 0.3, 0.5, 1.0))]
        assert np.isfinite(told).all() and np.isfinite(profile.shares).all()
        assert np.isfinite(profile.values).all()
        assert profile.rows + profile.nulls == len(values)
        assert profile.infinite == int(np.isinf(values).sum())


@given(NASTY_COLUMN)
def test_no_value_of_a_bin_lies_outside_of_what_was_seen(values: Numbers) -> None:
    profile, finite = number(values), values[np.isfinite(values)]
    if len(finite):
        assert (profile.low, profile.high) == (finite.min(), finite.max())
        assert profile.values.min() >= finite.min() and profile.values.max() <= finite.max()
        assert (np.diff(profile.values) >= 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_moments_and_quantiles_are_those_of_the_rows(shape: str) -> None:
    values = SHAPES[shape](np.random.default_rng(4), 20_000)
    profile = number(values)
    assert profile.mean == pytest.approx(values.mean(), rel=1e-9)
    assert profile.sd == pytest.approx(values.std(ddof=1), rel=1e-6)
    for share in (0.01, 0.25, 0.5, 0.75, 0.99):
        exact = np.quantile(values, [share - 0.001, share + 0.001])
        slack = profile.grid.spread / 64
        assert exact[0] - slack <= profile.quantile(share) <= exact[1] + slack


def test_quantiles_are_the_smallest_values_with_that_share_at_or_below() -> None:
    profile = number([1.0, 2.0, 3.0, 4.0] * 25)
    found = [profile.quantile(share) for share in (0.0, 0.25, 0.26, 0.5, 1.0)]
    assert found == pytest.approx([1.0, 1.0, 2.0, 2.0, 4.0])


def test_infinities_are_the_smallest_and_the_largest_values_and_no_nulls() -> None:
    profile = number([np.inf, -np.inf, 0.0, np.nan, 1.0], GRIDS["x"])
    assert (profile.rows, profile.nulls, profile.infinite, profile.finite) == (4, 1, 2, 2)
    assert profile.counts[0] == profile.counts[-1] == 1
    assert (profile.mean, profile.low, profile.high) == (0.5, 0.0, 1.0)


def test_a_column_of_nulls_is_empty_and_has_a_grid() -> None:
    profile = number(np.full(5, np.nan))
    assert (profile.rows, profile.nulls, profile.quantile(0.5), profile.mean, profile.sd) == (0, 5, 0.0, 0.0, 0.0)
    assert not profile.on_grid and not profile.constant
    assert text([None, None]) == TextProfile({}, 2)


@pytest.mark.parametrize("values", [[7.5], [7.5] * 40], ids=["one row", "constant"])
def test_one_value_is_constant(values: list[float]) -> None:
    profile = number(values)
    assert profile.constant and profile.rows == len(values)
    assert (profile.mean, profile.sd, profile.quantile(0.5)) == (7.5, 0.0, 7.5)
    assert not number([7.5, np.inf]).constant and not number([7.5, 7.6]).constant


def test_whole_steps_are_few_values_often() -> None:
    whole_numbers = number(np.tile(np.arange(40.0), 6))
    rare = number(np.random.default_rng(1).normal(0, 1, 240))
    assert whole_numbers.on_grid and not rare.on_grid


def test_a_value_beyond_what_sums_can_hold_counts_as_very_large_in_the_moments() -> None:
    profile = number([0.0, LARGEST], GRIDS["x"])
    assert 1e100 < profile.mean < LARGEST and 1e100 < profile.sd < LARGEST
    assert profile.high == LARGEST
