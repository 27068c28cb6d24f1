"""Which values are faulty, and what stands in their place."""

from typing import Any

import numpy as np
import pytest

from tidewatch.domain.model_spec import Column
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.repair import faulty, looked_up, neutral, same
from tidewatch.domain.table import Table

NAN = float("nan")
COLOURS = TextProfile({"red": 5, "blue": 3}, known=frozenset({"red", "blue"}))


def texts(*values: str | None) -> Any:
    return np.array(values, dtype=object)


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("range", [False, True, True, True, False]),
        ("nulls", [False, True, True, True, True]),
        ("frozen", [True, True, True, True, False]),
    ],
)
def test_numbers_are_faulty_beyond_their_range_and_as_the_finding_says(check: str, expected: list[bool]) -> None:
    column = Column(type="number", range=(0, 10))
    assert faulty(column, None, check, np.array([5, -1, 11, np.inf, NAN])).tolist() == expected


def test_a_range_may_be_open() -> None:
    column = Column(type="number", range=(None, 10))
    assert faulty(column, None, "range", np.array([-9e9, 11.0])).tolist() == [False, True]


@pytest.mark.parametrize(("allowed", "expected"), [([], [False, True, False]), (["green"], [True, False, False])])
def test_words_are_faulty_that_are_not_allowed_or_were_never_seen(allowed: list[str], expected: list[bool]) -> None:
    column = Column(type="text", categories=allowed)
    assert faulty(column, COLOURS, "unseen_category", texts("red", "green", None)).tolist() == expected


def test_the_neutral_value_is_null_unless_the_spec_wants_the_usual_one() -> None:
    assert neutral(Column(type="text"), COLOURS) is None
    assert neutral(Column(type="text", faulty_as="usual"), COLOURS) == "red"
    assert same(np.array([neutral(Column(type="number", faulty_as="usual"), None)]), np.array([NAN]))


def table(**columns: Any) -> Table:
    kinds = {name: "text" if values.dtype == object else "number" for name, values in columns.items()}
    return Table(columns, kinds)


def test_a_value_is_looked_up_by_equal_texts_and_the_nearest_number_in_the_latest_window_that_has_it() -> None:
    late = table(port=texts("A", "A", "A"), hour=np.array([1.0, 9.0, 9.0]), temp=np.array([10.0, 20.0, 21.0]))
    early = table(port=texts("A", "B"), hour=np.array([8.0, 8.0]), temp=np.array([99.0, 30.0]))
    day = table(port=texts("A", "A", "B", "C", None, "A"), hour=np.array([2.0, 8, 1, 1, 1, NAN]), temp=np.full(6, NAN))
    found = looked_up(day, ["port", "hour"], "temp", np.full(6, True), [late, early])
    assert same(found, np.array([10.0, 21.0, 30.0, NAN, NAN, NAN]))


def test_only_what_is_wanted_is_looked_up_and_nulls_are_no_value() -> None:
    good = table(route=texts("AB", "AC"), ship=texts("x", None))
    day = table(route=texts("AB", "AB", "AC"), ship=texts(None, "y", None))
    found = looked_up(day, ["route"], "ship", np.array([True, False, True]), [good])
    assert found.tolist() == ["x", None, None]


def test_columns_are_the_same_up_to_rounding_and_nulls() -> None:
    assert same(np.array([1.0, NAN]), np.array([1.0 + 1e-13, NAN]))
    assert not same(np.array([1.0]), np.array([1.0001]))
    assert not same(np.array([1.0]), np.array([1.0, 1.0]))
    assert not same(None, np.array([1.0]))
    assert same(texts("a", None), texts("a", None)) and not same(texts("a"), texts("b"))
