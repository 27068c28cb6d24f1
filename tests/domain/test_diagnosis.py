"""One fault a day: the likeliest cause is the right one, says so with numbers, and a day without a fault has none."""

from typing import Any

import numpy as np
import pytest

from tests.domain.diagnosed import DAYS, ROWS, Columns, causes, columns, first, without_values

DAY = columns(DAYS + 5)
ROW = np.arange(ROWS)
CHANCE = np.random.default_rng(1)
SOME = CHANCE.random(ROWS) < 0.05
MANY = CHANCE.random(ROWS) < 0.4
KILOGRAMS = 0.45359237


def with_(**changed: Any) -> Columns:
    return DAY | changed


def more_rows(rows: np.ndarray) -> Columns:
    """The day and some of its rows again, under other ids."""
    chosen = np.concatenate([ROW, rows])
    day = {name: values[chosen] for name, values in DAY.items()}
    return day | {"id": np.array([f"row {row}" for row in range(len(chosen))], dtype=object)}


def renamed(column: str, old: str, new: str, where: np.ndarray | bool = True) -> np.ndarray:
    return np.where((DAY[column] == old) & where, new, DAY[column])


NUMBERS = {
    "another unit": ("unit_or_scale", "weight", with_(weight=DAY["weight"] * KILOGRAMS)),
    "another unit from noon": (
        "unit_or_scale", "weight", with_(weight=np.where(ROW > 200, DAY["weight"] * KILOGRAMS, DAY["weight"]))
    ),
    "another unit of temperature": ("unit_or_scale", "warmth", with_(warmth=(DAY["warmth"] - 32) / 1.8)),
    "another unit of a column on no grid": ("unit_or_scale", "height", with_(height=DAY["height"] * 2.54)),
    "a moved decimal point": ("unit_or_scale", "height", with_(height=DAY["height"] * 100)),
    "a factor of no unit": ("unit_or_scale", "length", with_(length=DAY["length"] * 3.7)),
    "an offset": ("unit_or_scale", "weight", with_(weight=DAY["weight"] + 0.3)),
    "the wrong sign": ("sign_flip", "weight", with_(weight=-DAY["weight"])),
    "a placeholder": ("sentinel_values", "weight", with_(weight=np.where(SOME, -9999.0, DAY["weight"]))),
    "outliers": ("sentinel_values", "height", with_(height=np.where(SOME, DAY["height"] * 50, DAY["height"]))),
    "a limit": ("clipping", "weight", with_(weight=np.minimum(DAY["weight"], 45))),
    "a limit below": ("clipping", "height", with_(height=np.maximum(DAY["height"], 27.5))),
    "a frozen sensor": ("frozen_sensor", "warmth", with_(warmth=np.full(ROWS, 41.0))),
    "a sensor that froze": ("frozen_sensor", "length", with_(length=np.where(ROW > 240, 18.0, DAY["length"]))),
    "rounding": ("precision_lost", "weight", with_(weight=np.round(DAY["weight"] / 10) * 10)),
    "noise": ("noise", "length", with_(length=DAY["length"] + CHANCE.normal(0, 0.5, ROWS))),
    "nulls": ("null_surge", "weight", with_(weight=np.where(MANY, np.nan, DAY["weight"]))),
    "nulls alone": ("null_surge", "weight", with_(weight=np.full(ROWS, np.nan))),
    "a clock that is ahead": ("clock_shift", "hour", with_(hour=(DAY["hour"] + 300) % 2400)),
    "a clock that is behind": ("clock_shift", "hour", with_(hour=(DAY["hour"] - 500) % 2400)),
}  # fmt: skip
TEXTS = {
    "another name": ("category_renamed", "depot", with_(depot=renamed("depot", "EAST", "EASTERN"))),
    "small letters": ("category_renamed", "depot", with_(depot=np.array([t.lower() for t in DAY["depot"]], object))),
    "first letters": ("category_renamed", "depot", with_(depot=np.array([t[:2] for t in DAY["depot"]], object))),
    "two names become one": ("category_renamed", "depot", with_(depot=renamed("depot", "EAST", "SOUTH"))),
    "one name becomes two": ("category_renamed", "depot", with_(depot=renamed("depot", "NORTH", "NORTH2", MANY))),
    "nulls of a text": ("null_surge", "kind", with_(kind=np.where(MANY, None, DAY["kind"]))),
    "swapped texts": ("swapped_columns", "depot", with_(depot=DAY["kind"], kind=DAY["depot"])),
    "swapped numbers": ("swapped_columns", "weight", with_(weight=DAY["length"], length=DAY["weight"])),
    "rows that came twice": ("duplicated_rows", "id", {name: np.append(v, v[:80]) for name, v in DAY.items()}),
    "more of one kind": ("mix_changed", "depot", more_rows(np.tile(np.flatnonzero(DAY["depot"] == "EAST"), 4))),
    "rows of a new kind": (
        "new_segment", "depot", more_rows(ROW[:60]) | {"depot": np.append(DAY["depot"], np.full(60, "WEST", object))}
    ),
}  # fmt: skip
FAULTS = NUMBERS | TEXTS


@pytest.mark.parametrize(("kind", "subject", "day"), FAULTS.values(), ids=FAULTS.keys())
def test_the_cause_is_found_and_told(kind: str, subject: str, day: Columns) -> None:
    cause = first(day)
    assert (cause.kind, cause.subject) == (kind, subject)
    assert cause.score >= 0.5
    assert cause.subject in cause.sentence or kind == "mix_changed"
    assert any(letter.isdigit() for letter in cause.sentence) or kind == "swapped_columns"


@pytest.mark.parametrize("number", range(DAYS, DAYS + 8))
def test_a_day_without_a_fault_has_no_cause(number: int) -> None:
    assert causes(columns(number)) == []


@pytest.mark.parametrize(
    ("first_fault", "second_fault"), [("another unit", "another name"), ("nulls", "swapped texts")]
)
def test_two_faults_are_both_found(first_fault: str, second_fault: str) -> None:
    days = [FAULTS[first_fault][2], FAULTS[second_fault][2]]
    both = DAY | {name: day[name] for day in days for name in day if not np.array_equal(day[name], DAY[name])}
    found = {(cause.kind, cause.subject) for cause in causes(both)[:3]}
    assert {FAULTS[name][:2] for name in (first_fault, second_fault)} <= found


@pytest.mark.parametrize("fault", ["another unit", "an offset", "a placeholder", "outliers", "a limit", "another name",
                                   "a sensor that froze", "one name becomes two", "two names become one",
                                   "rows of a new kind", "more of one kind"])  # fmt: skip
def test_of_a_sensitive_column_no_value_is_told(fault: str) -> None:
    kind, subject, day = FAULTS[fault]
    cause = first(day, spec=without_values())
    assert (cause.kind, cause.subject) == (kind, subject)
    told = cause.sentence + repr(dict(cause.evidence))
    secrets = ["-9999", "EAST", "SOUTH", "NORTH", "WEST", " 45 ", "inches", "median"]
    assert not [secret for secret in secrets if secret in told.replace("pounds → kilograms", "")]


def test_the_conversion_is_named_with_the_median_before_and_now() -> None:
    cause = first(FAULTS["another unit of temperature"][2])
    assert cause.evidence["pair"] == "°F → °C"
    assert cause.evidence["factor"] == pytest.approx(5 / 9) and cause.evidence["offset"] == pytest.approx(-160 / 9)
    assert "(°F → °C)" in cause.sentence and "°F is usual" in cause.sentence


def test_a_part_of_the_rows_in_another_unit_is_told_as_a_part() -> None:
    cause = first(FAULTS["another unit from noon"][2])
    assert 0.4 < cause.evidence["rows"] <= 0.5  # some kilograms happen to be whole
    assert "in a part of the rows" in cause.sentence


def test_one_kind_of_rows_in_another_unit_is_told_by_its_name() -> None:
    of_east = DAY["depot"] == "EAST"
    cause = first(with_(weight=np.where(of_east, DAY["weight"] * 0.45359237, DAY["weight"])))
    assert (cause.kind, cause.subject, cause.runbook) == ("unit_or_scale", "weight", None)
    assert (cause.evidence["pair"], cause.evidence["group"]) == ("pounds → kilograms", "depot=EAST")
    assert "in the rows of depot EAST" in cause.sentence


def test_a_part_in_another_unit_is_found_though_no_such_values_were_ever_seen() -> None:
    heavy = DAY["weight"] + 100
    cause = first(with_(weight=np.where(np.arange(ROWS) % 2 == 0, heavy, heavy * 0.45359237)))
    assert (cause.kind, cause.subject, cause.evidence["pair"]) == ("unit_or_scale", "weight", "pounds → kilograms")
    assert "in a part of the rows" in cause.sentence


@pytest.mark.parametrize(("hours", "told"), [(3, "3 hours ahead"), (-5, "5 hours behind")])
def test_a_clock_is_put_right_by_its_hours(hours: int, told: str) -> None:
    cause = first(with_(hour=(DAY["hour"] + 100 * hours) % 2400))
    assert cause.evidence["hours"] == hours
    assert told in cause.sentence


def test_the_group_that_grew_explains_the_columns_that_moved_with_it() -> None:
    cause = first(TEXTS["more of one kind"][2])
    assert cause.evidence["segment"] == "EAST"
    assert cause.evidence["explained"] > 0.6  # parcels of EAST are heavy
    assert "depot EAST makes up 57% of them where 20% are usual" in cause.sentence


def test_a_name_that_came_instead_of_another_is_told_with_it() -> None:
    assert "EAST → EASTERN" in first(TEXTS["another name"][2]).sentence


def test_what_no_cause_explains_is_called_unknown() -> None:
    cause = first(with_(height=np.random.default_rng(3).choice([18.0, 42.0], ROWS) + CHANCE.normal(0, 2, ROWS)))
    assert (cause.kind, cause.subject) == ("unknown", "height")
    assert cause.sentence == "nothing known here explains why height differs"


def test_beside_a_sure_cause_unknown_is_unlikely() -> None:
    unknown = next(cause for cause in causes(FAULTS["another unit"][2]) if cause.kind == "unknown")
    assert unknown.score < 0.1


def test_causes_come_in_the_order_of_their_scores() -> None:
    scores = [cause.score for cause in causes(FAULTS["swapped texts"][2])]
    assert scores == sorted(scores, reverse=True) and len(scores) > 2
