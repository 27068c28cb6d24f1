"""The files of the bench: the same every time, and what they are said to be."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bench.files import Files
from tidewatch.domain.spec.text import parse_spec


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setattr("bench.files.DATA", tmp_path)
    return Files("small", 300, 12, 4).make()


def test_both_files_have_the_columns_that_are_announced(small: Files) -> None:
    for path in (small.reference, small.current):
        table = pq.read_table(path)
        assert table.num_rows == 300
        assert table.column_names == [*small.columns, "flight"]
        assert {str(table.schema.field(name).type) for name in small.number_names} == {"double"}
        assert {str(table.schema.field(name).type) for name in small.text_names} == {"string"}


def test_files_made_anew_are_the_same(small: Files) -> None:
    before = pq.read_table(small.current)
    small.current.unlink()
    small.make()
    assert pq.read_table(small.current).equals(before)


def test_a_file_that_is_there_is_kept(small: Files) -> None:
    small.current.write_bytes(b"kept")
    small.make()
    assert small.current.read_bytes() == b"kept"


def test_the_spec_is_one_that_tidewatch_reads(small: Files) -> None:
    spec = parse_spec(small.spec.read_text(), small.spec.name)
    assert {*small.columns, "flight"} == set(spec.delivered)


def test_the_two_sides_differ(small: Files) -> None:
    reference, current = pq.read_table(small.reference), pq.read_table(small.current)
    assert not reference["n0"].equals(current["n0"])
