"""Profiles: small, mergeable, and true for every column that data comes with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tidewatch.domain.profile import (
    ColumnProfile,
    NumberProfile,
    Numbers,
    Profile,
    Scale,
    TextProfile,
    merge,
    profile_numbers,
    profile_texts,
)

UNIT = Scale(0.0, 1.0)
ANYTHING = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf])
NUMBERS = arrays(np.float64, st.integers(0, 30), elements=ANYTHING)
WORDS = st.lists(st.none() | st.text(max_size=3), max_size=30)


def whole(**columns: ColumnProfile) -> Profile:
    rows = [column.rows + column.nulls for column in columns.values()]
    return Profile(rows[0] if rows else 0, columns)


def texts(values: list[str | None]) -> TextProfile:
    return profile_texts(np.array(values, dtype=object))


def same(a: Profile, b: Profile) -> bool:
    return a.to_bytes() == b.to_bytes()


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_merged_numbers_are_as_if_counted_together(parts: list[Numbers]) -> None:
    merged = merge([whole(x=profile_numbers(part, UNIT)) for part in parts])
    assert same(merged, whole(x=profile_numbers(np.concatenate(parts), UNIT)))


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_merged_texts_are_as_if_counted_together(parts: list[list[str | None]]) -> None:
    merged = merge([whole(x=texts(part)) for part in parts]).columns["x"]
    assert merged == texts([value for part in parts for value in part])


@given(NUMBERS, NUMBERS, NUMBERS)
def test_it_does_not_matter_what_is_merged_first(a: Numbers, b: Numbers, c: Numbers) -> None:
    one, two, three = (whole(x=profile_numbers(values, UNIT)) for values in (a, b, c))
    assert same(merge([merge([one, two]), three]), merge([one, merge([three, two])]))


@given(NUMBERS, WORDS)
def test_a_profile_survives_being_stored(values: Numbers, words: list[str | None]) -> None:
    profile = Profile(7, {"x": profile_numbers(values, Scale.of(values)), "y": texts(words)})
    read = Profile.from_bytes(profile.to_bytes())
    assert same(read, profile)
    assert read.columns["y"] == profile.columns["y"]


@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e4, 1e4)))
def test_keys_are_in_the_order_of_the_values_they_stand_for(values: Numbers) -> None:
    profile = profile_numbers(values, Scale.of(values))
    assert (np.diff(profile.keys.astype(int)) > 0).all()
    assert (np.diff(profile.values) > 0).all()
    assert profile.rows == len(values)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_a_larger_value_never_has_a_smaller_key(a: float, b: float) -> None:
    low, high = (int(profile_numbers(np.array([value]), UNIT).keys[0]) for value in sorted((a, b)))
    assert low <= high


@given(st.floats(0.01, 1e4), st.booleans())
def test_a_key_stands_for_its_value_to_one_part_in_two_thousand(size: float, negative: bool) -> None:
    value = -size if negative else size
    assert profile_numbers(np.array([value]), UNIT).values[0] == pytest.approx(value, rel=2**-11)


def test_minus_zero_is_zero() -> None:
    profile = profile_numbers(np.array([0.0, -0.0, 0.0]), UNIT)
    assert list(profile.values) == [0.0] and list(profile.counts) == [3]


def test_infinities_are_the_largest_values_and_no_nulls() -> None:
    profile = profile_numbers(np.array([np.inf, -np.inf, 0.0, np.nan]), UNIT)
    assert list(profile.values) == [-65504.0, 0.0, 65504.0]
    assert (profile.rows, profile.nulls) == (3, 1)


def test_a_value_far_beyond_the_scale_is_kept_as_the_largest() -> None:
    assert list(profile_numbers(np.array([1e300, -1e300]), UNIT).values) == [-65504.0, 65504.0]


def test_a_column_of_nulls_is_empty_and_has_a_scale() -> None:
    nothing = np.full(5, np.nan)
    profile = profile_numbers(nothing, Scale.of(nothing))
    assert (profile.rows, profile.nulls, profile.quantile(0.5)) == (0, 5, 0.0)
    assert not profile.on_grid
    assert texts([None, None]) == TextProfile({}, 2)


@pytest.mark.parametrize("values", [[7.5], [7.5] * 40], ids=["one row", "constant"])
def test_one_value_is_its_own_centre(values: list[float]) -> None:
    column = np.array(values)
    profile = profile_numbers(column, Scale.of(column))
    assert profile.scale == Scale(7.5, 1.0)
    assert (list(profile.values), profile.rows) == ([7.5], len(values))


def test_a_column_that_is_mostly_one_value_is_scaled_by_its_deviation() -> None:
    rain = np.zeros(100)
    rain[:5] = 2.0
    assert Scale.of(rain) == Scale(0.0, float(rain.std()))


def test_infinities_and_nulls_do_not_move_the_scale() -> None:
    values = np.arange(101.0)
    assert Scale.of(np.append(values, [np.inf, -np.inf, np.nan])) == Scale.of(values) == Scale(50.0, 50.0)


@pytest.mark.xfail(strict=True, raises=RuntimeWarning, reason="the sd of a column with a huge sentinel overflows")
def test_a_sentinel_as_large_as_numbers_get_leaves_a_scale_that_tells_values_apart() -> None:
    values = np.array([5.0] * 97 + [6.0, 7.0, np.finfo(np.float64).max])
    profile = profile_numbers(values, Scale.of(values))
    assert len(profile.keys) == 4


def test_quantiles_are_the_smallest_values_with_that_share_at_or_below() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    profile = profile_numbers(values, UNIT)
    assert [profile.quantile(share) for share in (0.0, 0.25, 0.26, 0.5, 1.0)] == [1.0, 1.0, 2.0, 2.0, 4.0]


def test_a_grid_is_few_values_often() -> None:
    whole_numbers = profile_numbers(np.tile(np.arange(40.0), 6), UNIT)
    rare = profile_numbers(np.arange(40.0), UNIT)
    assert whole_numbers.on_grid and not rare.on_grid


@pytest.mark.parametrize("other", [Scale(0.0, 2.0), Scale(1.0, 1.0)])
def test_profiles_of_other_scales_are_never_added_up(other: Scale) -> None:
    values = np.arange(3.0)
    with pytest.raises(ValueError, match="column x: profiles of different types or scales cannot be added up"):
        merge([whole(x=profile_numbers(values, UNIT)), whole(x=profile_numbers(values, other))])


def test_a_number_and_a_text_are_never_added_up() -> None:
    with pytest.raises(ValueError, match="column x: profiles of different types"):
        merge([whole(x=profile_numbers(np.arange(3.0), UNIT)), whole(x=texts(["a", "b", "c"]))])


def test_nothing_merges_to_no_profile() -> None:
    with pytest.raises(ValueError, match="no profile to compare with"):
        merge([])


def test_only_columns_that_all_have_are_merged() -> None:
    x = profile_numbers(np.arange(3.0), UNIT)
    merged = merge([whole(x=x, y=x), whole(x=x, z=x)])
    assert set(merged.columns) == {"x"} and merged.rows == 6


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (b'{"format":2,"rows":1,"columns":{}}', "of format 2, and this Tidewatch reads format 1"),
        (b'{"format":1,"rows":"1","columns":{}}', "not a profile"),
        (b'{"format":1,"rows":1,"columns":{"x":{"nulls":1}}}', "not the profile of a column"),
    ],
)
def test_what_is_no_profile_is_refused(record: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Profile.from_bytes(record)


def test_a_million_rows_of_one_value_are_counted_without_loss() -> None:
    one = whole(x=NumberProfile(UNIT, np.array([5], np.uint16), np.array([2**31], np.int64), 0))
    assert merge([one, one]).columns["x"].rows == 2**32


def test_counts_beyond_32_bits_survive_being_stored() -> None:
    many = whole(x=NumberProfile(UNIT, np.array([5], np.uint16), np.array([2**32 + 1], np.int64), 0))
    assert Profile.from_bytes(many.to_bytes()).columns["x"].rows == 2**32 + 1
