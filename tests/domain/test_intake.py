"""What a batch must be, said so that whoever sent it can mend it."""

import pytest

from tests.domain.story import SPEC
from tidewatch.domain.checks.intake import kinds_of, misfits, refused, schema_faults

KINDS = {"id": "text", "day": "text", "weight": "number", "colour": "text", "score": "number", "late": "number"}


def without(*names: str) -> dict[str, str]:
    return {name: kind for name, kind in KINDS.items() if name not in names}


def test_the_spec_says_what_each_column_holds() -> None:
    assert kinds_of(SPEC) == KINDS


def test_a_batch_as_the_spec_says_has_no_faults_with_or_without_labels() -> None:
    assert schema_faults(SPEC, 4, KINDS) == schema_faults(SPEC, 4, without("late")) == []


@pytest.mark.parametrize(
    ("kinds", "rows", "fault"),
    [
        (without("weight", "colour"), 4, "the columns colour, weight are missing"),
        (KINDS | {"height": "number"}, 4, "the columns height are not in the spec"),
        (KINDS | {"weight": "text"}, 4, "the column weight holds text where the spec says number"),
        (KINDS | {"colour": "number"}, 4, "the column colour holds number where the spec says text"),
        (KINDS | {"weight": "other"}, 4, "the column weight holds other where the spec says number"),
        (KINDS, 0, "there are no rows"),
    ],
    ids=["missing", "unexpected", "text for a number", "number for a text", "neither", "empty"],
)
def test_a_fault_is_a_clause(kinds: dict[str, str], rows: int, fault: str) -> None:
    assert schema_faults(SPEC, rows, kinds) == [fault]


def test_a_column_without_any_value_fits_every_type() -> None:
    assert schema_faults(SPEC, 4, KINDS | {"weight": "null", "colour": "null"}) == []


def test_only_what_is_wanted_can_be_missing_or_misfit() -> None:
    assert misfits(SPEC, without("late") | {"score": "text"}, ["weight", "colour"]) == []
    assert misfits(SPEC, without("late"), ["weight", "late"]) == ["the columns late are missing"]


def test_every_fault_is_said_and_the_file_is_named() -> None:
    faults = schema_faults(SPEC, 4, without("weight") | {"extra": "number"})
    found = refused("acme/parcels", "schema", "batches/acme/parcels/x.parquet", "x", faults)
    assert found.value == 2.0
    assert found.sentence == (
        "batches/acme/parcels/x.parquet was refused: the columns weight are missing; the columns extra are not in "
        "the spec. It is kept in quarantine; send a corrected file"
    )


def test_columns_nobody_knows_are_named_in_one_line_however_many_and_long_they_are() -> None:
    odd = {"a\nb": "text", "x" * 1_000_000: "text"} | {f"z{n:02d}": "text" for n in range(20)}
    (fault,) = schema_faults(SPEC, 4, KINDS | odd)
    assert fault.startswith(f"the columns a?b, {'x' * 60}, z00, ") and fault.endswith(
        "z07 and 12 more are not in the spec"
    )
