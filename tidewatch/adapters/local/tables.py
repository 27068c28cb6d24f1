"""Data files through pyarrow. Nothing here loads pandas: its import costs more than reading a batch."""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.table import Table
from tidewatch.ports.tables import UnreadableTable

if TYPE_CHECKING:
    import pyarrow as pa

UNPACKED_LIMIT = 2**31  # bytes; a .gz of a few MB can hold more than any computer
PARQUET_MARK = b"PAR1"  # the first and the last four bytes
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class ArrowTables:
    """In a CSV file an empty field is null; "NA" and "null" are so in columns of numbers only."""

    def read(self, data: bytes, name: str, columns: Sequence[str] | None = None) -> Table:
        if not data:
            raise UnreadableTable("the file is empty")
        empty_is_null = not name.lower().endswith(".parquet")
        if not empty_is_null:
            found = _read_parquet(data, columns)
        elif name.lower().endswith(".csv"):
            found = _read_csv(data)
        elif name.lower().endswith(".csv.gz"):
            found = _read_csv(_unpacked(data))
        else:
            raise UnreadableTable("the file is of a kind that is not read here: send .parquet, .csv or .csv.gz")
        wanted = [column for column in found.column_names if columns is None or column in columns]
        twice = sorted({column for column in wanted if wanted.count(column) > 1})
        if twice:
            raise UnreadableTable(f"the file has more than one column {twice[0]}")
        kinds = {column: _kind(found.schema.field(column).type) for column in wanted}
        values = {}
        for column in wanted:
            with _explained(f"column {column} cannot be read, its type is {found.schema.field(column).type}"):
                values[column] = _values(found.column(column), kinds[column])
            if empty_is_null and kinds[column] == "text":
                values[column][values[column] == ""] = None
        return Table(values, kinds)

    def write(self, table: Table, metadata: Mapping[str, str] | None = None) -> bytes:
        """Numbers as double, times as microseconds UTC, everything else as string."""
        import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used
        import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, loaded where it is used

        arrays = [_array(column, table.kinds.get(name)) for name, column in table.columns.items()]
        arrow = pa.Table.from_arrays(arrays, names=[*table.columns], metadata=dict(metadata or {}) or None)
        sink = io.BytesIO()
        pq.write_table(arrow, sink, compression="zstd", write_page_checksum=True)
        return sink.getvalue()

    def metadata(self, data: bytes, name: str) -> Mapping[str, str]:
        if not name.lower().endswith(".parquet"):
            return {}
        stored: Mapping[bytes, bytes] = _parquet_file(data).metadata.metadata or {}
        return {
            key.decode(errors="replace"): value.decode(errors="replace")
            for key, value in stored.items()
            if key not in (b"ARROW:schema", b"pandas")
        }


@contextmanager
def _explained(clause: str) -> Iterator[None]:
    """Turn whatever pyarrow raises into `clause`: its own words are for programmers and may quote the data."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    try:
        yield
    except MemoryError as error:
        raise UnreadableTable("the file claims to hold more than fits into memory") from error
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UnreadableTable(clause) from error


def _parquet_file(data: bytes) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, loaded where it is used

    if data.startswith(b"PARE"):
        raise UnreadableTable("the file is encrypted")
    if not data.startswith(PARQUET_MARK):
        raise UnreadableTable("the file is named .parquet but is not one")
    if len(data) < 12 or not data.endswith(PARQUET_MARK):
        raise UnreadableTable("the file ends in the middle: its parquet footer is missing")
    with _explained("its parquet footer is damaged"):
        return pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)


def _read_parquet(data: bytes, columns: Sequence[str] | None) -> Any:
    file = _parquet_file(data)
    with _explained("its parquet footer is damaged"):
        names = file.schema_arrow.names
    with _explained("the data in it is damaged, or written in a way that is not read here"):
        return file.read(columns=None if columns is None else [name for name in columns if name in names])


def _unpacked(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            unpacked = file.read(UNPACKED_LIMIT + 1)
    except EOFError:
        raise UnreadableTable("the file ends in the middle of its gzip data") from None
    except gzip.BadGzipFile:
        raise UnreadableTable("the file is named .gz but its gzip data is damaged or none at all") from None
    except zlib.error:
        raise UnreadableTable("the gzip data in the file is damaged") from None
    if len(unpacked) > UNPACKED_LIMIT:
        raise UnreadableTable(f"the file unpacks to more than {UNPACKED_LIMIT // 2**30} GiB")
    return unpacked


def _read_csv(data: bytes) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used
    import pyarrow.csv  # noqa: PLC0415 - heavy, loaded where it is used

    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableTable("the file is not in UTF-8: it begins like UTF-16")
    if b"\n" not in data and b"\r" not in data:
        data += b"\n"  # pyarrow takes a header alone for an empty file
    uneven: list[pa.csv.InvalidRow] = []

    def refuse(row: "pa.csv.InvalidRow") -> str:
        uneven.append(row)
        return "error"

    try:
        with _explained("the file is not CSV"):
            table = pa.csv.read_csv(
                pa.BufferReader(data), parse_options=pa.csv.ParseOptions(invalid_row_handler=refuse)
            )
            names = table.column_names  # raises UnicodeDecodeError, a ValueError
    except UnreadableTable:
        if uneven:
            row = uneven[0]
            raise UnreadableTable(
                f"a row has {row.actual_columns} fields where the header has {row.expected_columns}"
            ) from None
        raise
    for name, kind in zip(names, table.schema.types, strict=True):
        if pa.types.is_binary(kind):
            raise UnreadableTable(f"the file is not in UTF-8: see column {name}")
    return table


def _kind(type_: "pa.DataType") -> str:
    from pyarrow import types  # noqa: PLC0415 - heavy, loaded where it is used

    if types.is_dictionary(type_):
        type_ = type_.value_type
    if types.is_integer(type_) or types.is_floating(type_) or types.is_decimal(type_) or types.is_boolean(type_):
        return "number"
    if types.is_timestamp(type_) or types.is_date(type_):
        return "time"
    if types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_):
        return "text"
    return "other"


def _values(column: "pa.ChunkedArray", kind: str) -> NDArray[np.float64] | NDArray[np.object_]:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    if not len(column):
        return np.empty(0, dtype=np.float64 if kind in ("number", "time") else object)
    dictionary = pa.types.is_dictionary(column.type)
    if dictionary and kind != "text":
        column, dictionary = column.cast(column.type.value_type), False
    if kind == "number":
        return _filled(column.cast(pa.float64(), safe=False), np.array([np.nan]))
    if kind == "time":
        if pa.types.is_date(column.type):
            column = column.cast(pa.timestamp("ms"))
        counts = column.cast(pa.int64()).cast(pa.float64(), safe=False)
        return _filled(counts, np.array([np.nan])) / PER_SECOND[column.type.unit]
    if kind == "other":
        return _spelled(column)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    # Every distinct text becomes one object, however often it occurs: less time, less memory.
    encoded = _one(column if dictionary else column.dictionary_encode())
    words = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    texts: NDArray[np.object_] = words[_filled(encoded.indices.cast(pa.int64()), np.array([len(words) - 1]))]
    return texts


def _spelled(column: "pa.ChunkedArray") -> NDArray[np.object_]:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    try:
        values = column.cast(pa.string()).to_pylist()
    except pa.ArrowException:
        values = [None if value is None else str(value) for value in column.to_pylist()]
    spelled = np.empty(len(values), dtype=object)
    spelled[:] = values
    return spelled


def _one(column: "pa.ChunkedArray") -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    array = column.unify_dictionaries().combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array


def _filled(column: Any, null: NDArray[Any]) -> NDArray[Any]:
    """The values with `null` (an array of one) in place of nulls; pyarrow's own conversion would load pandas."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    if column.null_count:
        column = column.fill_null(pa.Array.from_buffers(column.type, 1, [None, pa.py_buffer(null)])[0])
    return np.from_dlpack(_one(column) if isinstance(column, pa.ChunkedArray) else column)


def _array(column: NDArray[np.float64] | NDArray[np.object_], kind: str | None) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    if column.dtype == object:
        encoded = [b"" if value is None else str(value).encode() for value in column]
        known = np.array([value is not None for value in column], dtype=bool)
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(value) for value in encoded], out=offsets[1:])
        buffers = [_bitmap(known), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
        return pa.Array.from_buffers(pa.large_string(), len(encoded), buffers).cast(pa.string())
    numbers = np.ascontiguousarray(column, dtype=np.float64)
    if kind != "time":
        return pa.Array.from_buffers(pa.float64(), len(numbers), [_bitmap(~np.isnan(numbers)), pa.py_buffer(numbers)])
    known = np.isfinite(numbers)
    stamps = np.rint(np.where(known, numbers, 0.0) * 1e6).astype(np.int64)
    return pa.Array.from_buffers(pa.timestamp("us", "UTC"), len(stamps), [_bitmap(known), pa.py_buffer(stamps)])


def _bitmap(known: NDArray[np.bool_]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    return pa.py_buffer(np.packbits(known, bitorder="little"))
