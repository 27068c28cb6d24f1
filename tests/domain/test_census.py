"""Rows are counted by window and by segment in one pass, each row once in each."""

from collections import Counter

import numpy as np
import pytest

from tests.domain.columns import coded, learnt, pieces
from tests.domain.watched import SPEC, days
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.census import ALL, Census
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.counting import Codes
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.table import Table

SEGMENTED = ModelSpec.model_validate(
    SPEC.model_dump() | {"segments": {"columns": ["depot", "colour"], "min_rows": 10, "most": 2}}
)


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learnt(days(1, 4), SEGMENTED)


def codes(table: Table, column: str) -> Codes:
    made = Codes()
    made.add(pieces(table, column))
    return made


def taken(baseline: Baseline, table: Table, windows: bool, size: int) -> Census:
    """Fed piece by piece."""
    by = {name: codes(table, name) for name in ("depot", "colour")}
    census = Census(SEGMENTED, baseline, by, codes(table, "day") if windows else None)
    for name, sinks in census.sinks().items():
        for start in range(0, table.rows, size):
            some = np.arange(table.rows) // size == start // size
            for sink in sinks:
                sink(pieces(table.where(some), name))
    return census


@pytest.mark.parametrize("size", [7, 100, 10_000])
@pytest.mark.parametrize("windows", [True, False])
def test_every_row_is_counted_in_its_window_and_in_its_segments(baseline: Baseline, windows: bool, size: int) -> None:
    table = days(1, 3)
    if size < 100:
        table = table.where(np.random.default_rng(1).random(table.rows) < 0.2)
    table.columns["depot"][::10] = None
    census = taken(baseline, table, windows, size)
    days_of = table.columns["day"] if windows else np.array([ALL] * table.rows, dtype=object)
    assert set(census.whole) == set(days_of)
    for label in census.whole:
        mine = days_of == label
        assert {c.profile().rows + c.profile().nulls for c in census.whole[label].values()} == {int(mine.sum())}
        parts = census.segments(label)
        expected = Counter(
            f"{column}={value}"
            for column in ("depot", "colour")
            for value in table.columns[column][mine]
            if value in baseline.followed[column]
        )
        assert {name: part.rows for name, part in parts.items()} == dict(expected)
        for name, part in parts.items():
            column, _, value = name.partition("=")
            lengths = table.columns["length"][mine & (table.columns[column] == value)]
            profile = part.columns["length"]
            assert isinstance(profile, NumberProfile) and profile.rows == len(lengths)
            assert (profile.low, profile.high) == (lengths.min(), lengths.max())


def test_segments_are_counted_on_the_coarse_grids(baseline: Baseline) -> None:
    census = taken(baseline, days(1, 1), windows=False, size=100)
    weight = census.segments(ALL)[f"depot={baseline.followed['depot'][0]}"].columns["weight"]
    assert isinstance(weight, NumberProfile)
    assert weight.grid.digest == baseline.coarse["weight"].digest and weight.grid.bins < baseline.grids["weight"].bins


def test_rows_without_a_window_belong_to_none_and_unfollowed_segments_are_left_out(baseline: Baseline) -> None:
    table = days(1, 2)
    table.columns["day"][:50] = None
    census = taken(baseline, table, windows=True, size=100)
    assert census.whole["day 001"]["weight"].profile().rows == 250
    assert {name for label in census.whole for name in census.segments(label)} <= {
        f"{column}={value}" for column, values in baseline.followed.items() for value in values
    }


def test_a_segment_column_without_values_or_without_known_ones_has_no_segments(baseline: Baseline) -> None:
    for values in ([None] * 5, ["west"] * 5):
        empty = Codes()
        empty.add(coded(values))
        census = Census(SEGMENTED, baseline, {"depot": empty})
        for sinks in census.sinks().values():
            assert len(sinks) in (1, 2)
        assert census.segments(ALL) == {} and census.whole[ALL]["weight"].profile().rows == 0
