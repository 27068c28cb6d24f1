"""Small files that hold more than a computer, lie about it, or break their reader: whoever asked for them lives on."""

import gzip
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidewatch.adapters.local.reader import Reader, ReaderLost
from tidewatch.adapters.local.tables import GuardedTables
from tidewatch.domain.table import Piece
from tidewatch.ports.tables import UnreadableTable

KINDS = {"t": "text", "a": "number"}
GOOD = b"t,a\nx,1\ny,2\n"


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd", write_statistics=False, **options)
    return sink.getvalue()


def many_times(word: str, column: str = "t") -> bytes:
    """A word that is written once: 400 bytes that hold 65 GB."""
    index = pa.array(np.zeros(1 << 16, dtype=np.int32))
    return parquet({column: pa.DictionaryArray.from_arrays(index, pa.array([word]))}, store_schema=False)


def claiming(rows: int) -> bytes:
    """A file of 100 rows whose footer states other numbers; a footer has no offsets in it that this would move."""
    data = parquet({"a": np.arange(100.0)})
    length = int.from_bytes(data[-8:-4], "little")
    begin, footer = data[: -8 - length], data[-8 - length : -8].replace(_field(100), _field(rows))
    return begin + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _field(number: int) -> bytes:
    """Of type i64, in Thrift's compact form."""
    rest, written = number << 1, b""
    while rest > 127:
        written, rest = written + bytes([rest & 127 | 128]), rest >> 7
    return b"\x16" + written + bytes([rest])


LARGE: dict[str, Callable[[], bytes]] = {
    "a word 65,536 times.parquet": lambda: many_times("y" * 1_000_000),
    "one word.parquet": lambda: parquet({"t": ["x" * 250_000_000]}, use_dictionary=False),
    "a long column.parquet": lambda: parquet({"a": np.zeros(30_000_000, dtype=np.int8)}),
    "more rows than there are.parquet": lambda: claiming(1 << 40),
    "a line.csv.gz": lambda: b"t,a\n" + b"x" * 250_000_000,
    "nothing but commas.csv.gz": lambda: b"," * 900_000 + b"a\n" + b"," * 900_000 + b"1\n",
    "a JSON text.jsonl.gz": lambda: b'{"t": "' + b"x" * 250_000_000 + b'"}',
}
BREAKING = {
    "null": b"null\n",
    "null at the second look": b'{"a":1}\n' * (1 << 17) + b"\xef\xbb\xbf null\n",
    "lists in lists": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "objects in objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n",
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    for name, make in LARGE.items():
        (folder / name).write_bytes(gzip.compress(make(), 1) if name.endswith(".gz") else make())
    return folder


@pytest.fixture(scope="module")
def small() -> GuardedTables:
    return GuardedTables(memory=200_000_000)


def feed(tables: GuardedTables, data: bytes, name: str, sink: Callable[[Piece], None] = lambda piece: None) -> int:
    return tables.feed(data, name, dict.fromkeys(KINDS, sink), KINDS).rows


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is kept on Linux")
@pytest.mark.parametrize("name", LARGE)
def test_what_holds_more_than_the_limit_is_refused_and_the_next_file_is_read(
    small: GuardedTables, large: Path, name: str
) -> None:
    data = (large / name).read_bytes()
    assert len(data) < 2_000_000
    with pytest.raises(UnreadableTable, match=r"memory|MB at once|another number of rows"):
        small.read(data, name, ["t", "a"])
    assert feed(small, GOOD, "a.csv") == 2


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is kept on Linux")
@pytest.mark.parametrize("name", LARGE)
def test_what_is_fed_piece_by_piece_takes_no_memory_of_whoever_asks(large: Path, name: str) -> None:
    program = (
        "import re, sys\nfrom pathlib import Path\n"
        "from tidewatch.adapters.local.tables import GuardedTables\n"
        "from tidewatch.ports.tables import UnreadableTable\n"
        "file = Path(sys.argv[1])\n"
        "sinks = dict.fromkeys('ta', lambda piece: None)\n"
        "try:\n"
        "    GuardedTables(200_000_000).feed(file, file.name, sinks, {'t': 'text', 'a': 'number'})\n"
        "except UnreadableTable:\n"
        "    pass\n"
        "assert 'pyarrow' not in sys.modules\n"
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1])\n"
    )
    command = [sys.executable, "-c", program, str(large / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert int(done.stdout) < 150_000


@pytest.mark.parametrize("rows", [1 << 40, 10, 99])
def test_a_footer_is_not_believed_about_the_number_of_rows(tables: GuardedTables, rows: int) -> None:
    data = claiming(rows)
    if rows > 100:
        with pytest.raises(UnreadableTable, match="states another number of rows than the file has"):
            feed(tables, data, "a.parquet")
    else:  # a reader stops where it is told to
        assert feed(tables, data, "a.parquet") == rows


@pytest.mark.parametrize("which", BREAKING)
@pytest.mark.parametrize("how", ["feed", "read"])
def test_json_that_would_break_its_reader_is_refused(tables: GuardedTables, which: str, how: str) -> None:
    with pytest.raises(UnreadableTable, match="not JSON Lines: every line|lists or objects in one another"):
        feed(tables, BREAKING[which], "a.jsonl") if how == "feed" else tables.read(BREAKING[which], "a.jsonl")


def test_brackets_in_one_line_after_the_other_are_no_depth(tables: GuardedTables) -> None:
    assert feed(tables, b'{"a": 1, "b": [[]]}\n' * 1_000, "a.jsonl") == 1_000


def test_a_file_of_too_many_rows_is_refused() -> None:
    with pytest.raises(UnreadableTable, match="more than 1 rows; send it in parts"):
        feed(GuardedTables(rows=1), GOOD, "a.csv")


def test_a_file_that_takes_too_long_is_refused() -> None:
    with pytest.raises(UnreadableTable, match="takes longer than 0 s to read"):
        feed(GuardedTables(seconds=0.0), GOOD, "a.csv")


def test_a_large_honest_file_needs_no_more_memory_than_a_small_one(small: GuardedTables) -> None:
    rows = np.random.default_rng(1).normal(size=2_000_000)
    data = parquet({f"a{n}": rows for n in range(15)}, use_dictionary=False)
    assert len(data) > small.memory
    counted = []
    kinds = {f"a{n}": "number" for n in range(15)}
    contents = small.feed(data, "a.parquet", {name: lambda piece: counted.append(len(piece)) for name in kinds}, kinds)
    assert contents.rows == 2_000_000 and sum(counted) == 15 * 2_000_000


def reader_of(tables: GuardedTables) -> Reader:
    feed(tables, GOOD, "a.csv")
    (reader,) = tables._idle
    return reader


def test_one_process_reads_one_file_after_the_other() -> None:
    tables = GuardedTables()
    assert reader_of(tables) is reader_of(tables)
    with pytest.raises(UnreadableTable):
        feed(tables, b"", "a.csv")
    assert reader_of(tables).ready


@pytest.mark.parametrize(("killed", "error"), [(signal.SIGSEGV, UnreadableTable), (signal.SIGKILL, ReaderLost)])
def test_a_reader_that_breaks_is_replaced_and_one_that_is_lost_is_no_fault_of_the_file(
    killed: signal.Signals, error: type[Exception]
) -> None:
    tables = GuardedTables()
    first = reader_of(tables)

    def sink(piece: Piece) -> None:
        os.kill(first.process.pid, killed)

    with pytest.raises(error, match="breaks its reader|ended with status -9"):
        feed(tables, b"t,a\n" + b"x,1\n" * 300_000, "a.csv", sink)
    assert reader_of(tables) is not first


def test_a_reader_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWATCH_SLACK_TOKEN", "xoxb-secret")
    environment = Path(f"/proc/{reader_of(GuardedTables()).process.pid}/environ")
    if environment.exists():
        assert b"PYTHONPATH" in environment.read_bytes() and b"xoxb-secret" not in environment.read_bytes()


def test_no_reader_outlives_whoever_it_reads_for() -> None:
    program = (
        "import os, signal\nfrom tidewatch.adapters.local.tables import GuardedTables\n"
        "tables = GuardedTables()\n"
        "tables.feed(b'a\\n1\\n', 'a.csv', {}, {})\n"
        "print(tables._idle[0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    number = int(re.fullmatch(r"(\d+)\n", done.stdout)[1])  # type: ignore[index]
    for _ in range(500):
        if not _lives(number):
            return
        signal.sigtimedwait([], 0.01)
    pytest.fail("the reader lives on")


def _lives(process: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
