"""However long a file is, feeding it takes the same memory; and nothing heavy is loaded for it."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

COLUMNS, ROW_GROUPS, ROWS = 40, 50, 25_000  # 400 MB of doubles
PROGRAM = """
import re, sys
from pathlib import Path

from tidewatch.adapters.local.tables import ArrowTables

path, columns = Path(sys.argv[1]), sys.argv[2].split(",")
tables, rows = ArrowTables(), dict.fromkeys(columns, 0)

def peak():  # in MB; that of resource.getrusage would be no less than the parent's
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

def sink(column):
    def add(piece):
        rows[column] += len(piece)
    return add

small = Path(sys.argv[3])
tables.feed(small, small.name, {name: sink(name) for name in columns}, dict.fromkeys(columns, "number"))
rows, before = dict.fromkeys(columns, 0), peak()
contents = tables.feed(path, path.name, {name: sink(name) for name in columns}, dict.fromkeys(columns, "number"))
assert set(rows.values()) == {contents.rows}, rows
assert not {"pandas", "scipy", "sklearn"} & sys.modules.keys()
print(contents.rows, peak() - before)
"""


def growth(large: Path, small: Path, columns: list[str]) -> tuple[int, int]:
    """Rows fed, and by how many MB the process grew over feeding a small file."""
    command = [sys.executable, "-c", PROGRAM, str(large), ",".join(columns), str(small)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert done.returncode == 0, done.stderr
    rows, grown = done.stdout.split()
    return int(rows), int(grown)


pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured on Linux")


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Path]:
    random = np.random.default_rng(1)
    columns = {f"x{number}": random.normal(0, 1, ROWS) for number in range(COLUMNS)}
    table = pa.table(columns)
    pq.write_table(table.slice(0, 100), tmp_path / "small.parquet")
    with pq.ParquetWriter(tmp_path / "large.parquet", table.schema, compression="none", use_dictionary=False) as writer:
        for _ in range(ROW_GROUPS):
            writer.write_table(table)
    yield tmp_path / "large.parquet"
    (tmp_path / "large.parquet").unlink()


def test_a_parquet_file_of_many_row_groups_is_fed_in_constant_memory(large: Path) -> None:
    assert large.stat().st_size > 390_000_000
    rows, grown = growth(large, large.with_name("small.parquet"), [f"x{number}" for number in range(COLUMNS)])
    assert rows == ROWS * ROW_GROUPS
    assert grown < 150


@pytest.mark.parametrize("name", ["large.csv.gz", "large.jsonl"])
def test_a_text_file_is_fed_in_constant_memory(tmp_path: Path, name: str) -> None:
    line = b"1.25,2.5,-3.75\n" if "csv" in name else b'{"a": 1.25, "b": 2.5, "c": -3.75}\n'
    header = b"a,b,c\n" if "csv" in name else b""
    content = header + line * (100_000_000 // len(line))
    for file, data in ((tmp_path / f"small.{name.partition('.')[2]}", header + line), (tmp_path / name, content)):
        file.write_bytes(gzip.compress(data, 1) if name.endswith(".gz") else data)
    rows, grown = growth(tmp_path / name, tmp_path / f"small.{name.partition('.')[2]}", ["a", "b", "c"])
    assert rows == 100_000_000 // len(line)
    assert grown < 130  # the text alone is 100, its numbers are 70 more
    (tmp_path / name).unlink()
