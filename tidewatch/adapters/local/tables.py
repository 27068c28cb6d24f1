"""Data files through pyarrow. Nothing here loads pandas: its import costs more than reading a batch."""

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tidewatch.adapters.local import lines
from tidewatch.adapters.local.arrow_values import array_of, kind_of, values_of
from tidewatch.adapters.local.pieces import LYING, SMALL, ending_of, feed, parquet_file
from tidewatch.adapters.local.reader import DONE, Reader
from tidewatch.adapters.local.refusals import explained, one_of_each
from tidewatch.domain.table import Sink, Table, named
from tidewatch.ports.tables import Contents, UnreadableTable


class ArrowTables:
    """In a CSV file an empty field is null; "NA" and "null" are so in columns of numbers only."""

    def read(self, source: bytes | Path, name: str, columns: Sequence[str] | None = None) -> Table:
        ending = ending_of(name)
        found = _read_parquet(source, columns) if ending == ".parquet" else lines.whole(source, ending)
        wanted = [column for column in found.column_names if columns is None or column in columns]
        one_of_each(found.column_names, wanted)
        kinds = {column: kind_of(found.schema.field(column).type) for column in wanted}
        values = {}
        for column in wanted:
            with explained(f"column {named([column])} cannot be read, its type is {found.schema.field(column).type}"):
                values[column] = values_of(found.column(column), kinds[column])
            if ending != ".parquet" and kinds[column] == "text":
                values[column][values[column] == ""] = None
        return Table(values, kinds)

    def feed(self, source: bytes | Path, name: str, sinks: Mapping[str, Sink], kinds: Mapping[str, str]) -> Contents:
        return feed(source, name, sinks, kinds)

    def write(self, table: Table, metadata: Mapping[str, str] | None = None) -> bytes:
        """Numbers as double, times as microseconds UTC, everything else as string."""
        import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used
        import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, loaded where it is used

        arrays = [array_of(column, table.kinds.get(name)) for name, column in table.columns.items()]
        arrow = pa.Table.from_arrays(arrays, names=[*table.columns], metadata=dict(metadata or {}) or None)
        sink = io.BytesIO()
        pq.write_table(arrow, sink, compression="zstd", write_page_checksum=True)
        return sink.getvalue()

    def metadata(self, data: bytes | Path, name: str) -> Mapping[str, str]:
        if not name.lower().endswith(".parquet"):
            return {}
        stored: Mapping[bytes, bytes] = parquet_file(data).metadata.metadata or {}
        return {
            key.decode(errors="replace"): value.decode(errors="replace")
            for key, value in stored.items()
            if key not in (b"ARROW:schema", b"pandas")
        }


class GuardedTables(ArrowTables):
    """Files from elsewhere, read by a process under limits (see `reader`). It is kept for the next file, so that only
    the first waits for its start; one that broke, or was not done in time, is not used again."""

    def __init__(self, memory: int = 1 << 30, seconds: float = 300.0, rows: int = 100_000_000) -> None:
        """`memory`: bytes of data in the reading process; `seconds` a file may take; `rows` it may have, for some of
        what is learnt of a file takes a few bytes a row."""
        self.memory, self.seconds, self.rows = memory, seconds, rows
        self._idle: list[Reader] = []

    def read(self, source: bytes | Path, name: str, columns: Sequence[str] | None = None) -> Table:
        return self._answer("read", source, name, columns)  # type: ignore[no-any-return]

    def feed(self, source: bytes | Path, name: str, sinks: Mapping[str, Sink], kinds: Mapping[str, str]) -> Contents:
        read = dict.fromkeys(sinks, 0)
        with self._reader() as reader, _at_hand(source) as source:
            for said, content in reader.ask("feed", (source, name, [*sinks], dict(kinds)), self.seconds):
                if said == DONE:
                    contents: Contents = content
                else:
                    column, piece = content
                    read[column] += len(piece)
                    if read[column] > self.rows:
                        raise UnreadableTable(f"the file has more than {self.rows:,} rows; send it in parts")
                    sinks[column](piece)
        return contents

    def metadata(self, data: bytes | Path, name: str) -> Mapping[str, str]:
        return self._answer("metadata", data, name)  # type: ignore[no-any-return]

    def _answer(self, what: str, source: bytes | Path, *arguments: Any) -> Any:
        with self._reader() as reader, _at_hand(source) as source:
            [(_, answer)] = reader.ask(what, (source, *arguments), self.seconds)
        return answer

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        reader = self._idle.pop() if self._idle else Reader(self.memory)
        try:
            yield reader
        finally:
            if reader.ready:
                self._idle.append(reader)
            else:
                reader.end()


@contextmanager
def _at_hand(source: bytes | Path) -> Iterator[bytes | Path]:
    """The same for another process: large ones as a file, which takes none of the memory it may have."""
    if isinstance(source, Path) or len(source) <= SMALL:
        yield source
        return
    with tempfile.NamedTemporaryFile(prefix="tidewatch-") as file:
        file.write(source)
        file.flush()
        yield Path(file.name)


def _read_parquet(source: bytes | Path, columns: Sequence[str] | None) -> Any:
    file = parquet_file(source)
    with explained("its parquet footer is damaged"):
        names = file.schema_arrow.names
    with explained("the data in it is damaged, or written in a way that is not read here"):
        table = file.read(columns=None if columns is None else [name for name in columns if name in names])
    if table.num_columns and len(table) != file.metadata.num_rows:
        raise UnreadableTable(LYING)
    return table
