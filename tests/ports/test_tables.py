"""What the port promises of good files, and what it says of broken ones."""

import gzip
import io
import random
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidewatch.domain.table import Table
from tidewatch.ports.tables import Tables, UnreadableTable

CSV = b"carrier,delay,late,day\nUA,1.5,true,2013-01-01\n,,,\nNA,-3,false,2013-01-02\n"
JSON = (
    b'{"carrier": "UA", "delay": 1.5, "late": true, "day": "2013-01-01", "more": {"a": 1}}\n{}\n'
    b'{"carrier": "NA", "delay": -3, "late": false, "day": "2013-01-02"}\n'
)
NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC).timestamp()


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


def values(table: Table, column: str) -> list[Any]:
    """With None for NaN, so that they compare."""
    return [None if value != value else value for value in table.columns[column].tolist()]


@pytest.mark.parametrize(
    ("data", "name"), [(JSON, "a.jsonl"), (gzip.compress(JSON, mtime=0), "a.jsonl.gz"), (JSON, "a.ndjson")]
)
def test_json_lines_are_read_by_their_content(tables: Tables, data: bytes, name: str) -> None:
    table = tables.read(data, name)
    assert table.kinds == {"carrier": "text", "delay": "number", "late": "number", "day": "time", "more": "other"}
    assert values(table, "carrier") == ["UA", None, "NA"]
    assert values(table, "delay") == [1.5, None, -3.0]
    assert values(table, "late") == [1.0, None, 0.0]
    assert values(table, "day") == [NEW_YEAR, None, NEW_YEAR + 86_400]


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl"])
def test_a_file_on_disk_is_read_like_its_bytes(tables: Tables, tmp_path: Path, name: str) -> None:
    data = {"a.parquet": GOOD, "a.csv": CSV, "a.jsonl": JSON}[name]
    (tmp_path / name).write_bytes(data)
    one, two = tables.read(data, name), tables.read(tmp_path / name, name)
    assert one.kinds == two.kinds
    for column in one.columns:
        assert values(one, column) == values(two, column)


@pytest.mark.parametrize(("data", "name"), [(CSV, "a.csv"), (gzip.compress(CSV, mtime=0), "A.CSV.GZ")])
def test_a_csv_file_is_read_by_its_content(tables: Tables, data: bytes, name: str) -> None:
    table = tables.read(data, name)
    assert table.kinds == {"carrier": "text", "delay": "number", "late": "number", "day": "time"}
    assert table.rows == 3
    assert values(table, "carrier") == ["UA", None, "NA"]
    assert values(table, "delay") == [1.5, None, -3.0]
    assert values(table, "late") == [1.0, None, 0.0]
    assert values(table, "day") == [NEW_YEAR, None, NEW_YEAR + 86_400]


def test_na_is_null_among_numbers_and_a_word_among_words(tables: Tables) -> None:
    table = tables.read(b"delay,country\nNA,NA\n4,DE\n", "a.csv")
    assert values(table, "delay") == [None, 4.0]
    assert values(table, "country") == ["NA", "DE"]


@pytest.mark.parametrize(
    ("array", "kind", "expected"),
    [
        (pa.array([1, None, 3], pa.int8()), "number", [1.0, None, 3.0]),
        (pa.array([2**64 - 1, None], pa.uint64()), "number", [float(2**64), None]),
        (pa.array([1.5, None, float("nan")], pa.float32()), "number", [1.5, None, None]),
        (pa.array([Decimal("1.25"), None]), "number", [1.25, None]),
        (pa.array([True, None, False]), "number", [1.0, None, 0.0]),
        (pa.array([1, None, 1]).dictionary_encode(), "number", [1.0, None, 1.0]),
        (pa.array([1500, None], pa.timestamp("ms")), "time", [1.5, None]),
        (pa.array([0, None], pa.timestamp("ns", "America/New_York")), "time", [0.0, None]),
        (pa.array([date(1970, 1, 2), None]), "time", [86_400.0, None]),
        (pa.array(["a", None, "é", "a", ""]), "text", ["a", None, "é", "a", ""]),
        (pa.array(["a", None], pa.large_string()), "text", ["a", None]),
        (pa.array(["a", None], pa.string_view()), "text", ["a", None]),
        (pa.array(["a", None, "a"]).dictionary_encode(), "text", ["a", None, "a"]),
        (pa.array([None, None], pa.string()), "text", [None, None]),
        (pa.nulls(2), "other", [None, None]),
        (pa.array([[1, 2], None]), "other", ["[1, 2]", None]),
        (pa.array([b"\xff", None]), "other", ["b'\\xff'", None]),
        (pa.array([1, None], pa.time64("ns")), "other", ["00:00:00.000000001", None]),
    ],
    ids=str,
)
def test_every_type_of_column_is_a_number_a_time_a_text_or_other(
    tables: Tables, array: Any, kind: str, expected: list[Any]
) -> None:
    table = tables.read(parquet({"x": array}), "a.parquet")
    assert table.kinds == {"x": kind}
    assert values(table, "x") == expected
    assert table.columns["x"].dtype == (np.float64 if kind in ("number", "time") else object)


def test_row_groups_make_one_column(tables: Tables) -> None:
    words = [None if number % 7 == 0 else f"w{number % 50}" for number in range(1000)]
    numbers = [None if number % 5 == 0 else number for number in range(1000)]
    table = tables.read(parquet({"word": words, "number": numbers}, row_group_size=64), "a.parquet")
    assert values(table, "word") == words
    assert values(table, "number") == numbers


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_only_the_columns_asked_for_are_read_and_absent_ones_are_absent(tables: Tables, name: str) -> None:
    data = CSV if name == "a.csv" else parquet({"carrier": ["UA"], "delay": [1.0], "late": [True]})
    assert set(tables.read(data, name, ["late", "carrier", "weather"]).columns) == {"late", "carrier"}
    assert tables.read(data, name, []).columns == {}


def test_a_column_with_a_dot_in_its_name_is_one_column(tables: Tables) -> None:
    data = parquet({"a": [{"b": 1}], "a.b": [2]})
    assert values(tables.read(data, "a.parquet", ["a.b"]), "a.b") == [2.0]
    assert set(tables.read(data, "a.parquet", ["a"]).columns) == {"a"}


@pytest.mark.parametrize("data", [b"a,b\n", b"a,b", b"\xef\xbb\xbfa,b\r\n"])
def test_a_header_without_rows_is_an_empty_table(tables: Tables, data: bytes) -> None:
    table = tables.read(data, "a.csv")
    assert (list(table.columns), table.rows) == (["a", "b"], 0)


def test_a_parquet_file_without_rows_keeps_its_kinds(tables: Tables) -> None:
    table = tables.read(parquet({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), "a.parquet")
    assert (table.kinds, table.rows) == ({"a": "number", "b": "text"}, 0)
    assert table.columns["a"].dtype == np.float64


def test_what_was_written_is_what_one_reads(tables: Tables) -> None:
    table = Table(
        {
            "delay": np.array([1.5, np.nan, -0.0, np.inf, 1e-300]),
            "at": np.array([NEW_YEAR + 0.25, np.nan, 0.0, -1.5, 4e9]),
            "carrier": np.array(["UA", None, "", "é🌊", "x\0y"], dtype=object),
        },
        {"delay": "number", "at": "time", "carrier": "text"},
    )
    again = tables.read(tables.write(table), "a.parquet")
    assert again.kinds == table.kinds
    for name, column in table.columns.items():
        np.testing.assert_array_equal(again.columns[name], column)


def test_other_programs_see_plain_columns(tables: Tables) -> None:
    table = Table(
        {"at": np.array([0.5, np.nan]), "n": np.array([1.0, np.nan]), "w": np.array(["a", None], dtype=object)},
        {"at": "time", "n": "number", "w": "text"},
    )
    read = pq.read_table(io.BytesIO(tables.write(table)))
    assert read.schema.types == [pa.timestamp("us", "UTC"), pa.float64(), pa.string()]
    assert read.column("n").null_count == read.column("at").null_count == read.column("w").null_count == 1


def test_an_empty_table_can_be_written(tables: Tables) -> None:
    empty = Table({"a": np.empty(0), "b": np.empty(0, dtype=object)}, {"a": "number", "b": "text"})
    assert tables.read(tables.write(empty), "a.parquet").kinds == empty.kinds


def test_metadata_comes_back_and_nothing_but_it(tables: Tables) -> None:
    table = tables.read(CSV, "a.csv")
    given = {"model": "risk/churn", "version": "7", "é": "ü"}
    assert tables.metadata(tables.write(table, given), "a.parquet") == given
    assert tables.metadata(tables.write(table), "a.parquet") == {}
    assert tables.metadata(CSV, "a.csv") == {}


GOOD = parquet({"a": list(range(2000)), "b": [f"word {n % 90}" for n in range(2000)]}, write_page_checksum=True)


@pytest.mark.parametrize(
    ("data", "name", "clause"),
    [
        (b"", "a.parquet", "the file is empty"),
        (b"", "a.csv", "the file is empty"),
        (b"x", "a.xlsx", "send .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz"),
        (b"x", "parquet", "send .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz"),
        (CSV, "a.parquet", "named .parquet but is not one"),
        (GOOD[:-1], "a.parquet", "ends in the middle: its parquet footer is missing"),
        (GOOD[: len(GOOD) // 2], "a.parquet", "ends in the middle: its parquet footer is missing"),
        (b"PAR1", "a.parquet", "ends in the middle: its parquet footer is missing"),
        (b"PAR1" + b"\xff" * 50 + b"PAR1", "a.parquet", "its parquet footer is damaged"),
        (GOOD[:100] + b"\0\0\0\0" + GOOD[104:], "a.parquet", "the data in it is damaged"),
        (b"PARE" + GOOD[4:-4] + b"PARE", "a.parquet", "the file is encrypted"),
        (b"\n\n", "a.csv", "the file is not CSV"),
        (b"a,b\n1,2\n3,secret,4\n", "a.csv", "a row has 3 fields where the header has 2"),
        (b"city\nM\xfcnchen\n", "a.csv", "not in UTF-8: see column city"),
        (b"stra\xdfe\nx\n", "a.csv", "the file is not CSV"),
        ("a,b\n1,2\n".encode("utf-16"), "a.csv", "not in UTF-8: it begins like UTF-16"),
        (b"a,b,a\n1,2,3\n", "a.csv", "more than one column a"),
        (CSV, "a.csv.gz", "named .gz but its gzip data is damaged or none at all"),
        (gzip.compress(CSV, mtime=0)[:-9], "a.csv.gz", "ends in the middle of its gzip data"),
        (gzip.compress(CSV, mtime=0)[:10] + b"\xff" * 40, "a.csv.gz", "gzip data in the file is damaged"),
        (gzip.compress(b"", mtime=0), "a.csv.gz", "the file is empty"),
        (b"[1, 2]", "a.jsonl", "the file is not JSON Lines"),
        (b'{"a": 1}\n{"a": "secret"}\n', "a.jsonl", "column a holds values of several types"),
        (b'{"a": 1}\n{"a": ', "a.jsonl", "the file is not JSON Lines"),
        (gzip.compress(JSON, mtime=0)[:-9], "a.jsonl.gz", "ends in the middle of its gzip data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_file_is_refused_with_a_cause_and_without_quoting_it(
    tables: Tables, data: bytes, name: str, clause: str
) -> None:
    with pytest.raises(UnreadableTable) as refusal:
        tables.read(data, name)
    assert clause in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_metadata_of_a_broken_file_is_refused_alike(tables: Tables) -> None:
    with pytest.raises(UnreadableTable, match="footer is missing"):
        tables.metadata(GOOD[:-1], "a.parquet")


def test_no_mutation_of_a_file_escapes_as_another_error(tables: Tables) -> None:
    chance = random.Random(7)  # noqa: S311 - to repeat, not to hide
    refused = 0
    for _ in range(400):
        mutant = bytearray(GOOD)
        for _ in range(chance.randint(1, 4)):
            mutant[chance.randrange(len(mutant) - 900 if chance.random() < 0.5 else len(mutant))] = chance.randrange(
                256
            )
        try:
            tables.read(bytes(mutant), "a.parquet")
        except UnreadableTable:
            refused += 1
    assert refused > 200


def test_reading_and_writing_do_not_load_pandas() -> None:
    program = (
        "import sys\n"
        "from tidewatch.adapters.local.tables import ArrowTables\n"
        "assert 'pyarrow' not in sys.modules\n"
        "tables = ArrowTables()\n"
        "table = tables.read(b'a,b,c,d\\nx,1,2013-01-01,\\n,,,\\n', 'a.csv')\n"
        "tables.read(tables.write(table, {'k': 'v'}), 'a.parquet')\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own program
