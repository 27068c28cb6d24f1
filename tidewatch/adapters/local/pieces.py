"""Data files piece by piece, in constant memory: parquet by column, text formats by rows."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tidewatch.adapters.local import lines
from tidewatch.adapters.local.arrow_values import kind_of, values_of
from tidewatch.adapters.local.refusals import explained, one_of_each
from tidewatch.domain.table import Coded, Piece, Sink
from tidewatch.ports.tables import ENDINGS, Contents, UnreadableTable

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1 << 16  # of a piece
PARALLEL = 1_000_000  # values from which on columns are read in parallel
SMALL = 1 << 23  # bytes of a file that is read at once
BUFFER = 1 << 20  # bytes read ahead of a column in a file
LYING = "its parquet footer is wrong: it states another number of rows than the file has"
PARQUET_MARK = b"PAR1"  # the first and the last four bytes


def feed(source: bytes | Path, name: str, sinks: Mapping[str, Sink], kinds: Mapping[str, str]) -> Contents:
    ending = ending_of(name)
    if ending == ".parquet":
        return _feed_parquet(source, sinks, kinds)
    return _feed_rows(source, ending, sinks, kinds)


def ending_of(name: str) -> str:
    """Raises UnreadableTable for a kind of file that is not read."""
    for ending in ENDINGS:
        if name.lower().endswith(ending):
            return ending
    raise UnreadableTable(
        "the file is of a kind that is not read here: send .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz"
    )


def parquet_file(source: bytes | Path, **options: Any) -> Any:
    """Raises UnreadableTable. `options` go to pyarrow's ParquetFile."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, loaded where it is used

    begin, end, size = _ends(source)
    if not size:
        raise UnreadableTable("the file is empty")
    if begin == b"PARE":
        raise UnreadableTable("the file is encrypted")
    if begin != PARQUET_MARK:
        raise UnreadableTable("the file is named .parquet but is not one")
    if size < 12 or end != PARQUET_MARK:
        raise UnreadableTable("the file ends in the middle: its parquet footer is missing")
    with explained("its parquet footer is damaged"):
        file = pa.BufferReader(source) if isinstance(source, bytes) else pa.OSFile(str(source))
        return pq.ParquetFile(file, page_checksum_verification=True, pre_buffer=False, **options)


def _ends(source: bytes | Path) -> tuple[bytes, bytes, int]:
    if isinstance(source, bytes):
        return source[:4], source[-4:], len(source)
    with explained("the file cannot be opened"), source.open("rb") as file:
        begin, size = file.read(4), file.seek(0, os.SEEK_END)
        file.seek(max(size - 4, 0))
        return begin, file.read(4), size


def _feed_parquet(source: bytes | Path, sinks: Mapping[str, Sink], kinds: Mapping[str, str]) -> Contents:
    """Small files row by row, all columns at once; large ones column by column, on every processor there is."""
    if isinstance(source, Path) and _ends(source)[2] <= SMALL:
        source = source.read_bytes()
    file = parquet_file(source)
    with explained("its parquet footer is damaged"):
        schema, metadata = file.schema_arrow, file.metadata
        found = _kinds(schema)
        if metadata.num_rows != sum(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)):
            raise UnreadableTable(LYING)
    one_of_each(schema.names, sinks)
    fed = {name: kinds.get(name, found[name]) for name in sinks if _fits(name, found, kinds)}
    texts = [name for name in fed if found[name] == "text"]

    def read(groups: Iterator[list[str]]) -> None:
        buffer = BUFFER if isinstance(source, Path) else 0
        mine = parquet_file(source, metadata=metadata, read_dictionary=texts, buffer_size=buffer)
        for names in groups:
            _feed_columns(mine, {name: fed[name] for name in names}, sinks)

    waiting = iter([list(fed)] if metadata.num_rows <= ROWS else [[name] for name in fed])
    workers = _processors() if metadata.num_rows * len(fed) >= PARALLEL else 1
    if workers == 1:
        read(waiting)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(read, [waiting] * workers))  # who is free takes the next column
    return Contents(metadata.num_rows, found)


def _processors() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _feed_columns(file: Any, fed: Mapping[str, str], sinks: Mapping[str, Sink]) -> None:
    """`fed`: what each column holds."""
    names, rows = list(fed), 0
    which = f"column {names[0]}" if len(names) == 1 else "the data in it"
    clause = f"{which} is damaged, or written in a way that is not read here"
    with explained(clause):
        batches = file.iter_batches(ROWS, columns=names, use_threads=False)
    while True:
        with explained(clause):
            batch = next(batches, None)
            pieces = None if batch is None else [_piece(batch.column(name), fed[name]) for name in names]
        if batch is None or pieces is None:
            break
        rows += len(batch)
        for name, piece in zip(names, pieces, strict=True):
            sinks[name](piece)
    if names and rows != file.metadata.num_rows:
        raise UnreadableTable(LYING)


def _kinds(schema: "pa.Schema") -> dict[str, str]:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    types = dict(zip(schema.names, schema.types, strict=True))
    return {name: "null" if pa.types.is_null(type_) else kind_of(type_) for name, type_ in types.items()}


def _fits(name: str, found: Mapping[str, str], kinds: Mapping[str, str]) -> bool:
    return name in found and found[name] in (kinds.get(name, found[name]), "null")


def _piece(column: "pa.Array", kind: str) -> Piece:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    if pa.types.is_null(column.type):
        nothing = len(column)
        return Coded(np.full(nothing, -1), []) if kind == "text" else np.full(nothing, np.nan)
    if pa.types.is_float64(column.type) and not column.null_count and kind == "number":
        return np.asarray(np.from_dlpack(column), dtype=np.float64)
    if kind != "text":
        return np.asarray(values_of(pa.chunked_array([column]), kind), dtype=np.float64)
    if pa.types.is_dictionary(column.type) and len(column.dictionary) > len(column):
        column = column.dictionary_decode()  # these are the words of a whole row group
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    codes = column.indices.cast(pa.int64())
    codes = codes.fill_null(pa.scalar(-1, pa.int64())) if codes.null_count else codes
    words = column.dictionary.to_pylist()
    index = np.asarray(np.from_dlpack(codes), dtype=np.int64)
    if None in words:  # a null may also stand in the dictionary
        index = np.where(index == words.index(None), -1, index)
        words = [word if word is not None else "" for word in words]
    return Coded(index, words)


def _feed_rows(source: bytes | Path, ending: str, sinks: Mapping[str, Sink], kinds: Mapping[str, str]) -> Contents:
    found, batches = lines.batches(source, ending, [*sinks], kinds)
    names = [name for name in sinks if _fits(name, found, kinds)]
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        for name in names:
            with explained(f"the file is not in UTF-8: see column {name}"):
                piece = _piece(batch.column(name), kinds.get(name, found[name]))
            sinks[name](_without_blanks(piece))
    return Contents(rows, found)


def _without_blanks(piece: Piece) -> Piece:
    """In text formats an empty field is null."""
    if isinstance(piece, Coded) and "" in piece.words:
        return Coded(np.where(piece.codes == list(piece.words).index(""), -1, piece.codes), piece.words)
    return piece
