"""Reading and writing data files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tidewatch.domain.table import Sink, Table

ENDINGS = (".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".ndjson")  # of the names of files that are read


class UnreadableTable(Exception):
    """The bytes are not the table they claim to be; the message names the cause in one clause."""


@dataclass(frozen=True)
class Contents:
    """What is in a file: its rows, and by column what it holds: number, text, time or other."""

    rows: int
    kinds: Mapping[str, str]


class Tables(Protocol):
    def feed(self, source: bytes | Path, name: str, sinks: Mapping[str, Sink], kinds: Mapping[str, str]) -> Contents:
        """Read a file once, in constant memory: every column named in `sinks` goes there piece by piece, in order.

        parquet, CSV, CSV.gz, JSON Lines or JSONL.gz, told apart by `name`. `kinds` says what each column should
        hold (number, text, time); in text formats that decides how it is read. A column that is missing, or holds
        something else, is not fed. Sinks of different columns may be called from different threads.
        Raises UnreadableTable; then some sinks may have been fed already.
        """

    def read(self, source: bytes | Path, name: str, columns: Sequence[str] | None = None) -> Table:
        """The same kinds of file, whole; only `columns` (all: None), what a text format holds is guessed.

        Raises UnreadableTable. A column that is not there is simply absent: whether it must be there is the
        spec's business.
        """

    def write(self, table: Table, metadata: Mapping[str, str] | None = None) -> bytes:
        """The table as parquet."""

    def metadata(self, data: bytes, name: str) -> Mapping[str, str]:
        """The key-value metadata that the producer put into a parquet file; empty for other formats."""
