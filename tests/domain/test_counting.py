"""Counters take a column piece by piece and come to the same as if it came at once."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.columns import NASTY_COLUMN, WORDS, coded, number, pieces, text
from tidewatch.domain.profile.counting import SAMPLE, Codes, Divided, IdCounter, NumberCounter, Sampler, TextCounter
from tidewatch.domain.profile.grid import BLOCK, Grid, Numbers
from tidewatch.domain.table import Coded, Table

PLACES = st.lists(st.integers(0, 40), max_size=4)


def cuts(rows: int, places: list[int]) -> list[slice]:
    ends = sorted({0, rows, *(min(place, rows) for place in places)})
    return [slice(start, end) for start, end in pairwise(ends)]


@given(NASTY_COLUMN, PLACES)
def test_numbers_in_pieces_are_counted_as_at_once(values: Numbers, places: list[int]) -> None:
    grid = Grid.of(values)
    counter = NumberCounter(grid, SAMPLE)
    for part in cuts(len(values), places):
        counter.add(values[part])
    found, whole = counter.profile(), number(values, grid)
    assert found.counts.tolist() == whole.counts.tolist()
    assert (found.nulls, found.infinite, found.low, found.high) == (
        whole.nulls,
        whole.infinite,
        whole.low,
        whole.high,
    )
    np.testing.assert_array_equal(counter.sample, values)


def test_a_piece_larger_than_a_block_is_counted_whole() -> None:
    values = np.random.default_rng(1).normal(0, 1, 2 * BLOCK + 7)
    counter = NumberCounter(Grid.of(values[:500]), SAMPLE)
    counter.add(values)
    profile = counter.profile()
    assert profile.rows == len(values)
    assert (profile.low, profile.high) == (values.min(), values.max())
    assert profile.mean == pytest.approx(values.mean(), abs=1e-12)
    np.testing.assert_array_equal(counter.sample, values[:SAMPLE])


def test_a_profile_taken_is_not_changed_by_what_is_counted_later() -> None:
    counter = NumberCounter(Grid.of(np.arange(10.0)))
    counter.add(np.arange(10.0))
    early = counter.profile()
    counter.add(np.arange(10.0))
    assert (early.rows, counter.profile().rows) == (10, 20)


@given(WORDS, PLACES)
def test_words_in_pieces_are_counted_as_at_once(words: list[str | None], places: list[int]) -> None:
    counter = TextCounter(frozenset("ab"))
    for part in cuts(len(words), places):
        counter.add(coded(words[part]))
    assert counter.profile() == text(words, frozenset("ab"))


def test_a_word_that_stands_twice_in_a_dictionary_is_one_word_and_an_unused_one_is_none() -> None:
    counter = TextCounter()
    counter.add(Coded(np.array([0, 2, 2, -1]), ["a", "never", "a"]))
    assert counter.profile().counts == {"a": 3} and counter.profile().nulls == 1


def test_ids_may_be_numbers() -> None:
    counter = IdCounter()
    for piece in (np.array([1.0, 2.0, np.nan]), np.array([2.0, 3.0])):
        counter.add(piece)
    profile = counter.profile()
    assert (profile.rows, profile.nulls, profile.duplicates) == (4, 1, 1)


@given(st.lists(st.integers(1, 60), max_size=30))
def test_a_sample_is_spread_evenly_over_the_rows(sizes: list[int]) -> None:
    small = Sampler()
    small.LIMIT = 50
    rows = np.arange(float(sum(sizes)))
    for part in np.split(rows, np.cumsum(sizes)[:-1] if sizes else []):
        small.add(part)
    steps = np.diff(small.values)
    assert len(small.values) <= 2 * small.LIMIT + 60
    assert len(small.values) >= min(len(rows), small.LIMIT)
    assert (steps == steps[:1]).all() and (not len(rows) or small.values[0] == 0)


def test_codes_keep_one_place_for_a_word_whatever_its_place_in_each_piece() -> None:
    codes = Codes()
    codes.add(Coded(np.array([0, 1, -1]), ["Monday", "Tuesday"]))
    codes.add(Coded(np.array([2, 0, 0]), ["Monday", "never", "Wednesday"]))
    codes.add(Coded(np.array([-1, -1]), ["never"]))
    assert codes.places == {"Monday": 0, "Tuesday": 1, "Wednesday": 2}
    assert codes.codes.tolist() == [0, 1, -1, 2, 0, 0, -1, -1]
    assert Codes().codes.tolist() == []


@given(st.lists(st.sampled_from([-1, 0, 1, 2]), max_size=40), PLACES)
def test_divided_rows_are_counted_with_their_group_only(codes: list[int], places: list[int]) -> None:
    values = np.arange(float(len(codes)))
    grid = Grid.of(np.arange(40.0))
    numbers, words = ({code: make() for code in (0, 2)} for make in (lambda: NumberCounter(grid, SAMPLE), TextCounter))
    rows = np.array(codes, dtype=np.int32)
    sinks = Divided(rows, numbers), Divided(rows, words)
    for part in cuts(len(codes), places):
        sinks[0].add(values[part])
        sinks[1].add(coded([str(value) for value in values[part]]))
    for code, counter in numbers.items():
        assert counter.profile().counts.tolist() == number(values[rows == code], grid).counts.tolist()
        assert words[code].profile() == text([str(value) for value in values[rows == code]])


def test_columns_of_a_table_are_pieces() -> None:
    table = Table(
        {"n": np.array([1.0, np.nan]), "w": np.array(["a", None], dtype=object)}, {"n": "number", "w": "text"}
    )
    numbers, words = pieces(table, "n"), pieces(table, "w")
    assert isinstance(words, Coded) and not isinstance(numbers, Coded)
    np.testing.assert_array_equal(numbers, table.columns["n"])
    assert (words.codes.tolist(), words.words) == ([0, -1], ["a"])
