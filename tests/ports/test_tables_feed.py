"""A file is fed once, column by column, in constant memory; what a column should hold decides how it is read."""

import gzip
import io
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidewatch.domain.table import Coded, Piece
from tidewatch.ports.tables import Contents, Tables, UnreadableTable

KINDS = {"carrier": "text", "delay": "number", "late": "number", "day": "time"}
NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC).timestamp()
CSV = b"carrier,delay,late,day\n007,1.5,true,2013-01-01\n,,,\nNA,NA,false,2013-01-02T00:00:00.5\n"
JSON = (
    b'{"carrier": "007", "delay": 1.5, "late": true, "day": "2013-01-01"}\n{"carrier": ""}\n'
    b'{"carrier": "NA", "delay": null, "late": false, "day": "2013-01-02T00:00:00.5"}'
)


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


PARQUET = parquet(
    {
        "carrier": ["007", None, "NA"],
        "delay": [1.5, None, None],
        "late": [True, None, False],
        "day": pa.array([int(NEW_YEAR * 1000), None, int(NEW_YEAR * 1000) + 86_400_500], pa.timestamp("ms")),
    }
)
SAME = [
    (CSV, "a.csv"), (gzip.compress(CSV, mtime=0), "A.CSV.GZ"), (JSON, "a.jsonl"), (JSON, "a.ndjson"),
    (gzip.compress(JSON, mtime=0), "a.jsonl.gz"), (PARQUET, "a.parquet"),
]  # fmt: skip


class Fed:
    """What sinks were given, with None for null."""

    def __init__(self, tables: Tables, source: bytes | Path, name: str, kinds: Mapping[str, str] | None = None) -> None:
        kinds = KINDS if kinds is None else kinds
        self.pieces: dict[str, list[Piece]] = {column: [] for column in kinds}
        sinks = {column: given.append for column, given in self.pieces.items()}
        self.contents: Contents = tables.feed(source, name, sinks, kinds)

    def __getitem__(self, column: str) -> list[Any]:
        values: list[Any] = []
        for piece in self.pieces[column]:
            if isinstance(piece, Coded):
                values += [None if code < 0 else piece.words[code] for code in piece.codes]
            else:
                assert piece.dtype == np.float64
                values += [None if value != value else value for value in piece.tolist()]
        return values


@pytest.mark.parametrize(("data", "name"), SAME, ids=[name for _, name in SAME])
def test_every_format_feeds_the_same(tables: Tables, data: bytes, name: str) -> None:
    fed = Fed(tables, data, name)
    assert (fed.contents.rows, fed.contents.kinds) == (3, KINDS)
    assert fed["carrier"] == ["007", None, "NA"]
    assert fed["delay"] == [1.5, None, None]
    assert fed["late"] == [1.0, None, 0.0]
    assert fed["day"] == [NEW_YEAR, None, NEW_YEAR + 86_400.5]


@pytest.mark.parametrize(("data", "name"), SAME, ids=[name for _, name in SAME])
def test_a_file_on_disk_is_fed_like_its_bytes(tables: Tables, tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    one, two = Fed(tables, data, name), Fed(tables, tmp_path / name, name)
    assert one.contents == two.contents
    assert all(one[column] == two[column] for column in KINDS)


@pytest.mark.parametrize(("data", "name"), SAME, ids=[name for _, name in SAME])
def test_without_sinks_the_rows_are_counted_and_the_columns_named(tables: Tables, data: bytes, name: str) -> None:
    contents = tables.feed(data, name, {}, KINDS)
    assert contents.rows == 3 and set(contents.kinds) == set(KINDS)
    assert tables.feed(data, name, {}, {}).rows == 3


def test_a_column_that_is_missing_or_holds_something_else_is_not_fed(tables: Tables) -> None:
    kinds = {"carrier": "number", "delay": "text", "weather": "number"}
    fed = Fed(tables, PARQUET, "a.parquet", kinds)
    assert not any(fed.pieces.values())
    assert (fed.contents.kinds["carrier"], fed.contents.kinds["delay"]) == ("text", "number")
    csv = Fed(tables, CSV, "a.csv", {"weather": "number"})
    assert csv["weather"] == [] and csv.contents.rows == 3


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_column_nobody_asked_for_may_hold_anything(tables: Tables, name: str) -> None:
    lines = [("x", "1"), ("y", "secret")] + [("z", "3")] * 2
    text = "carrier,odd\n" + "".join(f"{a},{b}\n" for a, b in lines)
    if name == "a.jsonl":
        text = "".join(f'{{"carrier": "{a}", "odd": [{{"b": "{b}"}}]}}\n' for a, b in lines)
    fed = Fed(tables, text.encode(), name, {"carrier": "text"})
    assert fed["carrier"] == ["x", "y", "z", "z"]
    assert set(fed.contents.kinds) == {"carrier", "odd"}


@pytest.mark.parametrize(
    ("array", "kind", "expected"),
    [
        (pa.array([1, None, 3], pa.int8()), "number", [1.0, None, 3.0]),
        (pa.array([1.5, None, float("nan")], pa.float32()), "number", [1.5, None, None]),
        (pa.array([1, None], pa.float16()), "number", [1.0, None]),
        (pa.array([1, None], pa.decimal128(5, 2)), "number", [1.0, None]),
        (pa.array([True, None]), "number", [1.0, None]),
        (pa.array([5, None, 5]).dictionary_encode(), "number", [5.0, None, 5.0]),
        (pa.nulls(2), "number", [None, None]),
        (pa.nulls(2), "text", [None, None]),
        (pa.nulls(2), "time", [None, None]),
        (pa.array([1], pa.date32()), "time", [86_400.0]),
        (pa.array([1500, None], pa.timestamp("ms", "UTC")), "time", [1.5, None]),
        (pa.array(["a", None, "", "a"]), "text", ["a", None, "", "a"]),
        (pa.array(["a", None], pa.large_string()), "text", ["a", None]),
        (pa.array(["a", None], pa.string_view()), "text", ["a", None]),
        (pa.array(["a", None, "a"]).dictionary_encode(), "text", ["a", None, "a"]),
        (pa.array(["a", None], pa.large_string()).dictionary_encode(), "text", ["a", None]),
        (pa.array([None, None], pa.string()), "text", [None, None]),
    ],
    ids=str,
)
def test_every_type_of_a_parquet_column_is_fed(tables: Tables, array: Any, kind: str, expected: list[Any]) -> None:
    fed = Fed(tables, parquet({"x": array}), "a.parquet", {"x": kind})
    assert fed["x"] == expected
    assert fed.contents.kinds["x"] in (kind, "null")


def test_row_groups_with_dictionaries_of_their_own_are_one_column(tables: Tables) -> None:
    words = [None if number % 7 == 0 else f"w{number % 50}" for number in range(1000)]
    numbers = [None if number % 5 == 0 else float(number) for number in range(1000)]
    for options in ({}, {"use_dictionary": False}, {"dictionary_pagesize_limit": 16}):
        data = parquet({"word": words, "number": numbers}, row_group_size=64, **options)
        fed = Fed(tables, data, "a.parquet", {"word": "text", "number": "number"})
        assert (fed["word"], fed["number"]) == (words, numbers)


def test_many_columns_read_in_parallel_come_whole_and_in_order(tables: Tables) -> None:
    rows = 300_000
    columns = {f"x{number}": np.arange(rows, dtype=np.float64) * (number + 1) for number in range(5)}
    data = parquet(columns | {"w": pa.array(["a", "b"] * (rows // 2))}, row_group_size=70_000)
    fed = Fed(tables, data, "a.parquet", dict.fromkeys(columns, "number") | {"w": "text"})
    for name, values in columns.items():
        np.testing.assert_array_equal(np.concatenate(fed.pieces[name]), values)
    assert fed["w"][:4] == ["a", "b", "a", "b"] and len(fed["w"]) == rows


@pytest.mark.parametrize("names", [("a", "a.b"), ("a.b", "a")])
def test_a_column_with_a_dot_in_its_name_is_one_column(tables: Tables, names: tuple[str, str]) -> None:
    fed = Fed(tables, parquet({names[0]: [1.0], names[1]: [2.0]}), "a.parquet", dict.fromkeys(names, "number"))
    assert (fed[names[0]], fed[names[1]]) == ([1.0], [2.0])
    nested = Fed(tables, parquet({"a": [{"b": 1}], "a.b": [2.0]}), "a.parquet", {"a": "number", "a.b": "number"})
    assert (nested["a"], nested["a.b"]) == ([], [2.0])


@pytest.mark.parametrize("data", [b"carrier,delay\n", b"carrier,delay", b"\xef\xbb\xbfcarrier,delay\r\n"])
def test_a_header_without_rows_has_columns_and_no_rows(tables: Tables, data: bytes) -> None:
    for packed, name in ((data, "a.csv"), (gzip.compress(data, mtime=0), "a.csv.gz")):
        fed = Fed(tables, packed, name)
        assert (fed.contents.rows, set(fed.contents.kinds)) == (0, {"carrier", "delay"})


def test_a_parquet_file_without_rows_has_its_kinds(tables: Tables) -> None:
    data = parquet({"carrier": pa.array([], pa.string()), "delay": pa.array([], pa.int64())})
    assert Fed(tables, data, "a.parquet").contents == Contents(0, {"carrier": "text", "delay": "number"})


def test_columns_without_a_value_fit_what_they_should_hold(tables: Tables) -> None:
    fed = Fed(tables, b"carrier,delay,late,day\n,,,\n,,,\n", "a.csv")
    assert fed.contents.kinds == KINDS
    assert all(fed[column] == [None, None] for column in KINDS)


LONG = "".join(f"{row % 7}x,{row}.5,{1 if row % 2 else 0},2013-01-01\n" for row in range(330_000))


def test_a_csv_file_of_many_blocks_is_fed_whole_and_in_order(tables: Tables) -> None:
    fed = Fed(tables, f"carrier,delay,late,day\n{LONG}".encode(), "a.csv")
    assert len(fed.pieces["delay"]) > 1
    np.testing.assert_array_equal(np.concatenate(fed.pieces["delay"]), np.arange(330_000) + 0.5)
    assert fed["carrier"][-1] == f"{329_999 % 7}x" and fed.contents.rows == 330_000


GZ = gzip.compress(CSV * 50, mtime=0)
GOOD = parquet(
    {"delay": list(range(2000)), "carrier": [f"word {n % 90}" for n in range(2000)]}, write_page_checksum=True
)
BROKEN = {
    "empty": (b"", "a.parquet", "the file is empty"),
    "empty CSV": (b"", "a.csv", "the file is empty"),
    "empty JSON": (b"", "a.jsonl", "the file is empty"),
    "nothing packed": (gzip.compress(b"", mtime=0), "a.csv.gz", "the file is empty"),
    "another kind": (b"x", "a.xlsx", "send .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz"),
    "no parquet": (CSV, "a.parquet", "named .parquet but is not one"),
    "cut parquet": (GOOD[:-1], "a.parquet", "ends in the middle: its parquet footer is missing"),
    "garbage": (b"PAR1" + b"\xff" * 50 + b"PAR1", "a.parquet", "its parquet footer is damaged"),
    "damaged page": (GOOD[:100] + b"\0\0\0\0" + GOOD[104:], "a.parquet", "is damaged, or written in a way"),
    "encrypted": (b"PARE" + GOOD[4:-4] + b"PARE", "a.parquet", "the file is encrypted"),
    "blank": (b"\n\n", "a.csv", "the file is not CSV"),
    "uneven": (b"carrier,delay\nx,2\nx,secret,4\n", "a.csv", "a row has 3 fields where the header has 2"),
    "late uneven": (f"a,b,c,d\n{LONG}secret,1\n".encode(), "a.csv", "a row has 2 fields where the header has 4"),
    "a word": (b"carrier,delay\nx,1\nx,secret\n", "a.csv", "column delay holds something that is no number"),
    "a late word": (
        f"carrier,delay,late,day\n{LONG}x,secret,1,2013-01-01\n".encode(), "a.csv",
        "column delay holds something that is no number",
    ),
    "a late day": (
        f"carrier,delay,late,day\n{LONG}x,1,1,secret\n".encode(), "a.csv", "column day holds something that is no time",
    ),
    "neither": (b"late\ntrue\nmaybe\n", "a.csv", "column late holds something that is no number"),
    "latin CSV": (b"carrier\nM\xfcnchen\n", "a.csv", "not in UTF-8: see column carrier"),
    "latin header": (b"stra\xdfe\nx\n", "a.csv", "the file is not CSV"),
    "latin JSON": (b'{"carrier": "M\xfcnchen"}\n', "a.jsonl", "not in UTF-8: see column carrier"),
    "UTF-16": ("carrier\nx\n".encode("utf-16"), "a.csv", "not in UTF-8: it begins like UTF-16"),
    "twice": (b"carrier,delay,carrier\n1,2,3\n", "a.csv", "more than one column carrier"),
    "twice in parquet": (b"", "twice.parquet", "more than one column carrier"),
    "not packed": (CSV, "a.csv.gz", "named .gz but its gzip data is damaged or none at all"),
    "cut .gz": (GZ[:-9], "a.csv.gz", "ends in the middle of its gzip data"),
    "damaged .gz": (GZ[:10] + b"\xff" * 40, "a.csv.gz", "gzip data in the file is damaged"),
    "JSON array": (b'[{"carrier": "secret"}]', "a.jsonl", "not JSON Lines: every line must be an object"),
    "cut JSON": (b'{"delay": 1}\n{"delay":', "a.jsonl", "not JSON Lines: every line must be an object"),
    "a word in JSON": (b'{"delay": 1}\n{"delay": "secret"}', "a.jsonl", "column delay holds something that is no"),
    "no day in JSON": (b'{"day": "secret"}\n', "a.jsonl", "column day holds something that is no time"),
    "a number in JSON": (b'{"carrier": 7}\n', "a.jsonl", "column carrier holds something that is no text"),
}  # fmt: skip


def twice() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["carrier", "carrier"]), sink)
    return sink.getvalue()


@pytest.mark.parametrize("which", BROKEN)
@pytest.mark.parametrize("on_disk", [False, True], ids=["bytes", "file"])
def test_a_broken_file_is_refused_with_a_cause_and_without_quoting_it(
    tables: Tables, tmp_path: Path, which: str, on_disk: bool
) -> None:
    data, name, clause = BROKEN[which]
    data = twice() if name == "twice.parquet" else data
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableTable) as refusal:
        Fed(tables, tmp_path / name if on_disk else data, name)
    assert clause in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz", "a.jsonl"])
def test_a_file_that_is_not_there_or_no_file_is_refused(tables: Tables, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / name, tmp_path / "folder"):
        with pytest.raises(UnreadableTable, match="the file cannot be"):
            Fed(tables, path, name)


def test_what_a_sink_raises_is_not_blamed_on_the_file(tables: Tables) -> None:
    def sink(piece: Piece) -> None:
        raise ValueError("a mistake of ours")

    for data, name in SAME:
        with pytest.raises(ValueError, match="a mistake of ours"):
            tables.feed(data, name, {"delay": sink}, KINDS)


@pytest.mark.parametrize(
    ("data", "name"), [(GOOD, "a.parquet"), (CSV * 3, "a.csv"), (JSON, "a.jsonl"), (GZ, "a.csv.gz")]
)
def test_no_mutation_of_a_file_escapes_as_another_error(tables: Tables, data: bytes, name: str) -> None:
    chance = random.Random(7)  # noqa: S311 - to repeat, not to hide
    refused = 0
    for _ in range(150):
        mutant = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            mutant[chance.randrange(len(mutant))] = chance.randrange(256)
        try:
            Fed(tables, bytes(mutant), name)
        except UnreadableTable:
            refused += 1
    assert 0 < refused <= 150
