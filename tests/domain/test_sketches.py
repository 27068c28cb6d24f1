"""Sketches keep what they promise: the error they state."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidewatch.domain.profile.sketches import FEW, Distinct, Frequent

HEAVY = {"heavy": 5_000, "middle": 400}


def names(first: int, last: int) -> list[str]:
    return [f"name {number}" for number in range(first, last)]


@pytest.mark.parametrize("many", [0, 1, 7, 1000])
def test_few_different_values_are_counted_as_they_are(many: int) -> None:
    sketch = Distinct.of(names(0, many))
    assert sketch.estimate == pytest.approx(many, rel=1e-3)
    assert sketch.lower <= many + 1e-6 and many <= sketch.upper + 1e-6


@pytest.mark.parametrize("many", [20_000, 200_000])
def test_many_different_values_are_counted_within_three_standard_errors(many: int) -> None:
    sketch = Distinct.of(names(0, many))
    assert sketch.lower < many < sketch.upper
    assert sketch.upper - sketch.lower < 0.06 * many
    assert len(sketch.content) < 10_000


def test_values_seen_twice_are_one() -> None:
    assert Distinct.of(names(0, 500) * 3).estimate == pytest.approx(500, rel=1e-3)


@pytest.mark.parametrize("many", [3, FEW, FEW + 1, 100_000])
def test_numbers_give_the_sketch_that_the_library_makes_of_them_one_by_one(many: int) -> None:
    ids = np.random.default_rng(many).normal(0, 1e6, many)
    ids[:3] = 0.0, -0.0, 1e300
    other = Distinct.of(names(0, 3000))  # brings both into the same order
    ours, theirs = Distinct.of_numbers(ids).plus(other), Distinct.of(ids.tolist()).plus(other)
    assert ours.content == theirs.content


def test_many_numbers_are_counted_within_three_standard_errors() -> None:
    sketch = Distinct.of_numbers(np.tile(np.arange(30_000.0), 2))
    assert sketch.lower < 30_000 < sketch.upper < 31_000
    assert len(sketch.content) < 10_000


@given(st.lists(st.text(max_size=4), max_size=50), st.lists(st.text(max_size=4), max_size=50))
def test_the_values_of_two_parts_are_those_of_the_whole(a: list[str], b: list[str]) -> None:
    together = Distinct.of(a).plus(Distinct.of(b))
    assert round(together.estimate) == len({value or "\0" for value in a + b})
    assert round(Distinct.of(b).plus(Distinct.of(a)).estimate) == round(together.estimate)


def test_overlapping_parts_are_merged_within_three_standard_errors() -> None:
    parts = [Distinct.of(names(start, start + 20_000)) for start in range(0, 60_000, 10_000)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.plus(part)
    assert merged.lower < 70_000 < merged.upper


def test_a_heavy_value_is_never_missed_and_its_count_falls_short_by_at_most_its_stated_error() -> None:
    counts = HEAVY | dict.fromkeys(names(0, 60_000), 1)
    rows = sum(counts.values())
    found = Frequent.of(counts).items()
    for name, count in HEAVY.items():
        assert count - 0.0017 * rows <= found[name] <= count


def test_nothing_is_called_common_that_is_not() -> None:
    found = Frequent.of(HEAVY | dict.fromkeys(names(0, 60_000), 1)).items()
    assert len(found) < 700 and all(count >= 1 for count in found.values())


def test_what_is_heavy_only_together_is_found_when_parts_are_merged() -> None:
    parts = [
        Frequent.of({"heavy": 200} | dict.fromkeys(names(start, start + 4000), 1)) for start in range(0, 40_000, 4000)
    ]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.plus(part)
    assert 2000 - 0.0017 * 42_000 <= merged.items()["heavy"] <= 2000


def test_sketches_survive_being_stored() -> None:
    distinct, frequent = Distinct.of(names(0, 5000)), Frequent.of(dict.fromkeys(names(0, 5000), 3))
    assert Distinct.load(distinct.dump()).estimate == distinct.estimate
    assert Frequent.load(frequent.dump()).items() == frequent.items()


def test_every_text_can_be_sketched() -> None:
    odd = {"": 3, "x\0y": 2, "é🌊": 1, "a" * 10_000: 1}
    assert Frequent.of(odd).items() == odd
    assert Distinct.of(odd).estimate == pytest.approx(4, rel=1e-3)
