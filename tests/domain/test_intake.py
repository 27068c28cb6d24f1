"""What a batch must be, said so that whoever sent it can mend it."""

import numpy as np
import pytest

from tests.domain.story import SPEC, rows
from tidewatch.domain.checks.intake import refused, schema_faults
from tidewatch.domain.table import Table


def batch(**columns: np.ndarray) -> Table:
    table = rows("2026-03-01", np.ones(4))
    kinds = dict(table.kinds) | {name: "number" if v.dtype == np.float64 else "text" for name, v in columns.items()}
    return Table({**table.columns, **columns}, kinds)


def without(*names: str) -> Table:
    table = batch()
    return Table({name: v for name, v in table.columns.items() if name not in names}, table.kinds)


def test_a_batch_as_the_spec_says_has_no_faults_with_or_without_labels() -> None:
    assert schema_faults(SPEC, batch()) == schema_faults(SPEC, without("late")) == []


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (without("weight", "colour"), "the columns colour, weight are missing"),
        (batch(height=np.ones(4)), "the columns height are not in the spec"),
        (
            batch(weight=np.array(["1", "2", "3", "4"], dtype=object)),
            "the column weight holds text where the spec says number",
        ),
        (batch(colour=np.ones(4)), "the column colour holds number where the spec says text"),
        (rows("2026-03-01", np.ones(0)), "there are no rows"),
    ],
    ids=["missing", "unexpected", "text for a number", "number for a text", "empty"],
)
def test_a_fault_is_a_clause(table: Table, fault: str) -> None:
    assert schema_faults(SPEC, table) == [fault]


def test_a_column_without_any_value_fits_every_type() -> None:
    assert schema_faults(SPEC, batch(weight=np.full(4, None, dtype=object), colour=np.full(4, np.nan))) == []


def test_every_fault_is_said_and_the_file_is_named() -> None:
    table = without("weight")
    faults = schema_faults(SPEC, Table({**table.columns, "extra": np.ones(4)}, {**table.kinds, "extra": "number"}))
    found = refused("acme/parcels", "schema", "batches/acme/parcels/x.parquet", "x", faults)
    assert found.value == 2.0
    assert found.sentence == (
        "batches/acme/parcels/x.parquet was refused: the columns weight are missing; the columns extra are not in "
        "the spec. It is kept in quarantine; send a corrected file"
    )
