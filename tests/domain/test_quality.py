"""Is each column filled as it should be? What is wrong is told with its numbers; what is usual is left alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.domain.columns import learnt
from tests.domain.story import finding
from tests.domain.watched import DAY, ROWS, SPEC, days, judged, parcels, profiled, spec_of, table, today, usual, words
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks import quality
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table

USUAL = today()


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learnt(days(), SPEC)


def checked(
    baseline: Baseline, columns: Mapping[str, Any], spec: ModelSpec = SPEC
) -> tuple[list[Finding], list[Finding]]:
    """What is certain, and what may pass."""
    return quality.findings(spec, baseline, usual(baseline, spec), profiled(baseline, columns, spec), DAY)


def told(baseline: Baseline, columns: Mapping[str, Any], spec: ModelSpec = SPEC) -> dict[str, str]:
    """What is certain: the sentences by check."""
    certain, _ = checked(baseline, columns, spec)
    return {found.check: found.sentence for found in certain}


def without(column: str, rows: int) -> dict[str, Any]:
    """A usual day whose first rows have no value there."""
    values = USUAL[column].copy()
    values[:rows] = None if values.dtype == object else np.nan
    return today(**{column: values})


def mixed(column: str, **counts: int) -> dict[str, Any]:
    """A usual day whose first rows have these categories."""
    new = [name for name, count in counts.items() for _ in range(count)]
    return today(**{column: words([*new, *USUAL[column][len(new) :]])})


@pytest.mark.parametrize("number", range(60, 90))
def test_a_usual_day_gives_nothing(baseline: Baseline, number: int) -> None:
    assert checked(baseline, parcels(number, DAY)) == ([], [])


# --- nulls -----------------------------------------------------------------------------------------------------


def test_few_more_nulls_than_usual_wait_for_another_window(baseline: Baseline) -> None:
    certain, (passing,) = checked(baseline, without("weight", 30))
    assert not certain
    assert (passing.check, passing.subject, passing.value, passing.severity) == ("nulls", "weight", 0.1, "high")
    assert passing.sentence == "weight is missing in 10% of the 300 rows of 2026-03-01, where up to 5.0% is usual"
    assert judged(baseline, without("weight", 30)) == []
    assert [found.check for found in judged(baseline, without("weight", 30), earlier=[["weight"]])] == ["nulls"]


def test_many_more_nulls_do_not_wait(baseline: Baseline) -> None:
    said = told(baseline, without("colour", 120))
    assert said == {"nulls": "colour is missing in 40% of the 300 rows of 2026-03-01, where up to 5.0% is usual"}


def test_nulls_within_what_windows_usually_have_are_left_alone(baseline: Baseline) -> None:
    assert baseline.levels["height"]["nulls"].limit("nulls", 1e-4) > 0.1
    assert checked(baseline, without("height", 18)) == ([], [])
    assert checked(baseline, without("weight", 14)) == ([], [])  # below what anybody should be woken for


def test_the_spec_may_allow_more_nulls_or_fewer(baseline: Baseline) -> None:
    strict, patient = (spec_of(weight={"max_nulls": share}) for share in (0.01, 0.5))
    assert told(baseline, without("weight", 6), strict) == {
        "nulls": "weight is missing in 2% of the 300 rows of 2026-03-01, where up to 1.0% is allowed"
    }
    assert checked(baseline, without("weight", 120), patient) == ([], [])


def test_a_column_without_any_value_is_a_missing_feature_and_nothing_else(baseline: Baseline) -> None:
    for column in ("weight", "colour"):
        assert told(baseline, without(column, ROWS)) == {
            "missing_feature": f"{column} has no value in any of the 300 rows of 2026-03-01; usually 100% have one"
        }


@pytest.mark.parametrize(("rows", "missing"), [(5, False), (60, False), (ROWS, True)])
def test_a_column_that_is_mostly_empty_may_be_empty_in_a_small_batch(rows: int, missing: bool) -> None:
    rare = [parcels(number) for number in range(1, 43)]
    for columns in rare:
        columns["height"] = np.where(np.arange(ROWS) % 25 == 7, 3.0 + np.arange(ROWS) % 4, np.nan)
    usually_empty = learnt(Table.stack([table(columns) for columns in rare]), SPEC)
    empty = parcels(143, DAY, rows) | {"height": np.full(rows, np.nan)}
    assert ("missing_feature" in told(usually_empty, empty)) is missing


# --- range -----------------------------------------------------------------------------------------------------

LIMITS = spec_of(weight={"range": (0, 100)})


def heavy(*values: float) -> dict[str, Any]:
    return today(weight=np.array([*values, *USUAL["weight"][len(values) :]]))


def test_values_outside_of_the_allowed_range_are_counted_and_one_is_shown(baseline: Baseline) -> None:
    certain, _ = checked(baseline, heavy(-5, -4.5, -1), LIMITS)
    assert [(found.check, found.value, found.threshold, found.severity) for found in certain] == [
        ("range", 0.01, 0.0, "high")
    ]
    assert certain[0].sentence == (
        "weight is outside of the allowed 0 to 100 pounds in 3 of 300 rows, such as -5, 2026-03-01"
    )


def test_the_ends_of_the_range_are_allowed(baseline: Baseline) -> None:
    assert "range" not in told(baseline, heavy(0, 100), LIMITS)


@pytest.mark.parametrize(
    ("ends", "value", "allowed"),
    [((None, 100), 101.0, "to 100 pounds"), ((0, None), -1.0, "from 0 pounds")],
)
def test_a_range_may_be_open(baseline: Baseline, ends: Any, value: float, allowed: str) -> None:
    spec = spec_of(weight={"range": ends})
    assert told(baseline, heavy(value), spec)["range"] == (
        f"weight is outside of the allowed {allowed} in 1 of 300 rows, such as {value:g}, 2026-03-01"
    )
    assert "range" not in told(baseline, USUAL, spec)


def test_infinite_values_are_outside_of_every_range(baseline: Baseline) -> None:
    for values in ((np.inf, -np.inf), (np.inf,) * ROWS):
        said = told(baseline, heavy(*values), LIMITS)["range"]
        assert f"in {len(values)} of 300 rows, 2026-03-01" in said and "inf" not in said


def test_without_a_range_every_value_is_allowed(baseline: Baseline) -> None:
    assert "range" not in told(baseline, heavy(-5, 1e9))


# --- categories ------------------------------------------------------------------------------------------------


def test_new_categories_are_counted_and_the_rare_ones_put_together(baseline: Baseline) -> None:
    certain, _ = checked(baseline, mixed("colour", mauve=30, pink=9, ochre=3))
    assert [(found.check, found.subject, found.value) for found in certain] == [("unseen_category", "colour", 0.14)]
    assert certain[0].sentence == (
        "42 of 300 rows (14%) of 2026-03-01 have a colour never seen before: mauve (30), other (12)"
    )


def test_categories_that_are_all_rare_are_not_named(baseline: Baseline) -> None:
    said = told(baseline, mixed("colour", **dict.fromkeys(("mauve", "pink", "ochre"), 9)))["unseen_category"]
    assert said == "27 of 300 rows (9%) of 2026-03-01 have a colour never seen before"


def test_a_new_category_in_few_rows_is_nobody_s_problem(baseline: Baseline) -> None:
    assert checked(baseline, mixed("colour", mauve=15)) == ([], [])


def test_the_spec_may_say_which_categories_are_allowed(baseline: Baseline) -> None:
    closed = spec_of(colour={"categories": ["red", "green", "blue"]})
    assert checked(baseline, USUAL, closed) == ([], [])
    assert told(baseline, mixed("colour", mauve=1), closed) == {
        "unseen_category": "1 of 300 rows (0%) of 2026-03-01 have a colour that is not allowed"
    }
    open_too = spec_of(colour={"categories": ["red", "green", "blue", "mauve"]})
    assert "unseen_category" not in told(baseline, mixed("colour", mauve=100), open_too)


def test_a_category_of_its_own_in_every_row_is_one_sentence(baseline: Baseline) -> None:
    many = today(colour=words(range(ROWS)))
    assert told(baseline, many) == {
        "unseen_category": "300 of 300 rows (100%) of 2026-03-01 have a colour never seen before"
    }


# --- frozen ----------------------------------------------------------------------------------------------------


def test_a_column_that_froze_is_found(baseline: Baseline) -> None:
    certain, _ = checked(baseline, today(weight=np.full(ROWS, 20.0)))
    assert [(found.check, found.subject, found.value, found.severity) for found in certain] == [
        ("frozen", "weight", 1.0, "high")
    ]
    assert certain[0].sentence == (
        "weight has one and the same value, 20 pounds, in all 300 rows of 2026-03-01; "
        "usually the commonest has 2% of them"
    )
    assert "one and the same value, red," in told(baseline, today(colour=words(["red"] * ROWS)))["frozen"]


def test_a_column_that_is_one_value_every_day_never_froze(baseline: Baseline) -> None:
    for weekday in (0.0, 3.0, 9.0):
        assert "frozen" not in told(baseline, today(weekday=np.full(ROWS, weekday)))


def test_few_rows_of_one_value_prove_nothing(baseline: Baseline) -> None:
    for rows, frozen in ((1, False), (19, False), (20, True)):
        columns = parcels(143, DAY, rows) | {"weight": np.full(rows, 20.0)}
        assert ("frozen" in told(baseline, columns)) is frozen


@pytest.mark.parametrize(("rows", "frozen"), [(100, False), (ROWS, True)])
def test_without_left_out_windows_a_value_that_is_common_may_fill_a_batch(rows: int, frozen: bool) -> None:
    common = np.where(np.arange(ROWS) % 20 == 3, 7.0, 10.0)  # 95 %
    one = learnt(table(parcels(1) | {"height": common}), SPEC)
    assert not any(one.levels.values())
    columns = parcels(143, DAY, rows) | {"height": np.full(rows, 10.0)}
    assert ("frozen" in told(one, columns)) is frozen


# --- ids and rows ----------------------------------------------------------------------------------------------


def test_repeated_ids_are_found_beyond_the_few_that_joins_make(baseline: Baseline) -> None:
    for repeated, found in ((1, False), (30, True)):
        ids = USUAL["id"].copy()
        ids[:repeated] = ids[100 : 100 + repeated]
        said = told(baseline, today(id=ids))
        assert ("duplicates" in said) is found
    assert said == {"duplicates": "at least 30 of the 300 rows of 2026-03-01 repeat the id of another"}


def test_repeated_ids_are_usual_where_they_always_were() -> None:
    doubled = days()
    doubled.columns["id"][::20] = doubled.columns["id"][1::20]
    assert "duplicates" not in told(learnt(doubled, SPEC), today(id=words([*USUAL["id"][:15], *USUAL["id"][:285]])))


@pytest.mark.parametrize(("rows", "words_of_it"), [(30, "30 rows, far fewer"), (3000, "3,000 rows, far more")])
def test_far_fewer_or_far_more_rows_than_usual_are_found(baseline: Baseline, rows: int, words_of_it: str) -> None:
    assert told(baseline, parcels(143, DAY, rows)) == {
        "row_count": f"the batch of 2026-03-01 has {words_of_it} than the usual 300"
    }


def test_a_quarter_fewer_rows_is_nobody_s_problem(baseline: Baseline) -> None:
    for rows in (230, 380):
        assert checked(baseline, parcels(143, DAY, rows)) == ([], [])


# --- what people may see, and what belongs together ------------------------------------------------------------

SECRET = spec_of(weight={"sensitive": True, "range": (0, 100)}, colour={"sensitive": True})


def test_sensitive_columns_never_show_a_value_or_a_category(baseline: Baseline) -> None:
    for columns in (
        heavy(-777), today(weight=np.full(ROWS, 777.0)), mixed("colour", mauve=200), today(colour=words(["red"] * ROWS))
    ):  # fmt: skip
        certain, passing = checked(baseline, columns, SECRET)
        assert certain
        said = str([found.as_dict() for found in certain + passing])
        assert not any(value in said for value in ("777", "mauve", "'red'", " red"))


def test_three_columns_of_one_source_are_one_fault_of_the_source(baseline: Baseline) -> None:
    empty = {name: np.full(ROWS, np.nan) for name in ("length", "width", "height")}
    (found,) = judged(baseline, today(**empty))
    assert (found.check, found.subject, found.evidence["columns"]) == (
        "missing_feature", "size feed", ["length", "width", "height"],
    )  # fmt: skip
    assert found.sentence == (
        "3 columns of the size feed have the same fault (length, width, height): length has no value in any of the "
        "300 rows of 2026-03-01; usually 100% have one"
    )
    two = judged(baseline, today(length=empty["length"], width=empty["width"]))
    assert [found.subject for found in two] == ["length", "width"]


def test_the_worst_of_a_source_speaks_and_different_faults_stay_apart() -> None:
    three = [finding("nulls", name, share) for name, share in (("length", 0.4), ("width", 0.9), ("height", 0.5))]
    apart = [finding("range", "length", 0.1), finding("nulls", "weight", 0.9)]
    together = quality.by_source(SPEC, [*three, *apart])
    assert [(found.check, found.subject, found.value) for found in together] == [
        ("nulls", "size feed", 0.9), ("range", "length", 0.1), ("nulls", "weight", 0.9),
    ]  # fmt: skip


# --- degenerate batches ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_batch_of_hardly_any_row_gives_no_more_than_its_number_of_rows(baseline: Baseline, rows: int) -> None:
    assert set(told(baseline, parcels(143, DAY, rows))) <= {"row_count"}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
def test_no_finding_has_a_figure_that_is_no_number(baseline: Baseline, value: float) -> None:
    odd = today(**{name: np.full(ROWS, value) for name in ("weight", "length", "score", "weekday")})
    for spec in (SPEC, LIMITS):
        for found in judged(baseline, odd, spec):
            assert np.isfinite([found.value, found.threshold]).all() and "nan" not in found.sentence


def test_a_column_that_was_always_empty_is_neither_missing_nor_frozen() -> None:
    empty = days()
    empty.columns["height"][:] = np.nan
    never = learnt(empty, SPEC)
    assert checked(never, without("height", ROWS)) == ([], [])
    assert "frozen" not in told(never, today(height=np.full(ROWS, 7.0)))


def test_a_profile_with_a_column_that_the_spec_does_not_know_is_judged_by_the_others(baseline: Baseline) -> None:
    fewer = ModelSpec.model_validate(
        SPEC.model_dump() | {"columns": {n: c for n, c in SPEC.model_dump()["columns"].items() if n != "colour"}}
    )
    now = profiled(baseline, today(colour=words(["mauve"] * ROWS)))
    assert quality.findings(fewer, baseline, usual(baseline), now, DAY) == ([], [])
