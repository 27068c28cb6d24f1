"""Whatever comes in, the diagnosis comes to an end, and its scores are numbers."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.diagnosed import DAYS, Columns, baseline, causes, columns, situation
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.ranking import rank
from tidewatch.domain.table import Table

NUMBERS, TEXTS = ("weight", "length", "height", "warmth", "hour"), ("depot", "kind")


def odd(rows: int, numbers: Any = None, texts: Any = None) -> Columns:
    day = columns(DAYS, max(rows, 1))
    day = {name: values[:rows] for name, values in day.items()}
    if numbers is not None:
        day |= {name: np.resize(np.asarray(numbers, dtype=np.float64), rows) for name in NUMBERS}
    if texts is not None:
        day |= {name: np.resize(np.array(texts, dtype=object), rows) for name in TEXTS}
    return day


def sound(found: list[Cause]) -> None:
    for cause in found:
        assert 0 <= cause.score <= 1 and math.isfinite(cause.score)
        assert "nan" not in cause.sentence.lower().split() and "inf" not in cause.sentence.lower().split()
        assert all(math.isfinite(value) for value in cause.evidence.values() if isinstance(value, float))
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)


@pytest.mark.parametrize("rows", [0, 1, 2, 30])
@pytest.mark.parametrize(
    "numbers",
    [None, [0.0], [np.nan], [np.inf], [-np.inf, np.inf, np.nan], [1e308, -1e308], [5e-324], [7.0, np.nan], [-9999.0]],
    ids=["usual", "zero", "nulls", "inf", "both", "huge", "tiny", "half", "placeholder"],
)
def test_odd_numbers_are_diagnosed(rows: int, numbers: Any) -> None:
    sound(causes(odd(rows, numbers)))


@pytest.mark.parametrize("texts", [[None], [""], ["x"], ["é", "😀", None], [f"{n}" for n in range(5000)]])
def test_odd_texts_are_diagnosed(texts: Any) -> None:
    sound(causes(odd(max(len(texts), 40), texts=texts)))


@given(
    numbers=st.lists(st.floats(width=64), min_size=1, max_size=40),
    texts=st.lists(st.one_of(st.none(), st.text(max_size=4)), min_size=1, max_size=40),
    rows=st.integers(1, 120),
)
@settings(max_examples=40)
def test_nothing_that_comes_in_breaks_it(numbers: list[float], texts: list[str | None], rows: int) -> None:
    sound(causes(odd(rows, numbers, texts)))


def test_without_rows_the_profiles_alone_are_diagnosed() -> None:
    day = columns(DAYS)
    found = situation(day | {"depot": np.where(day["depot"] == "EAST", "EASTERN", day["depot"])}, rows=Table({}, {}))
    assert rank(found)[0].kind == "category_renamed"


def test_against_one_window_what_may_be_a_days_own_way_is_unknown() -> None:
    for number in range(DAYS, DAYS + 6):
        assert [c.kind for c in causes(columns(number), learnt=baseline(windows=False))[:1]] in ([], ["unknown"])


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"weight": columns(DAYS)["weight"] * 0.45359237}, "unit_or_scale"),
        ({"depot": np.where(columns(DAYS)["depot"] == "EAST", "EASTERN", columns(DAYS)["depot"])}, "category_renamed"),
        ({"weight": np.full(400, np.nan)}, "null_surge"),
        ({"warmth": np.full(400, 41.0)}, "frozen_sensor"),
    ],
)
def test_against_one_window_plain_faults_are_found(changed: Columns, kind: str) -> None:
    assert causes(columns(DAYS) | changed, learnt=baseline(windows=False))[0].kind == kind
