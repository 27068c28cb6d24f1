"""CSV and JSON Lines, plain or as .gz: in batches of rows in constant memory, or whole.

What a column should hold decides how it is read: "007" of a text column stays "007". The first block of the file is
looked at twice, to learn its columns and what else they may hold.
"""

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tidewatch.adapters.local.arrow_values import kind_of
from tidewatch.adapters.local.refusals import explained, one_of_each
from tidewatch.domain.table import named
from tidewatch.ports.tables import UnreadableTable

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 1 << 20  # bytes parsed at a time
UNPACKED_LIMIT = 1 << 31  # bytes of a file that is read whole; a .gz of a few MB can hold more than any computer
DEEPEST = 200  # lists and objects in one another; pyarrow dies of some thousands
BLANKS = b" \t\r\xef\xbb\xbf"
PLAIN = bytes({*range(256)} - {*b"[{]}\n"})
DEEPER = np.zeros(256, dtype=np.int64)
DEEPER[[*b"[{"]], DEEPER[[*b"]}"]] = 1, -1
NOT_JSON = "the file is not JSON Lines: every line must be an object, and its columns those of the first lines"
UNEVEN = re.compile(r"CSV parse error: Expected (\d+) columns, got (\d+)")
UNPARSED = re.compile(r"Failed to convert JSON to timestamp")
AT_FAULT = re.compile(r"In CSV column #(\d+): |Column\(/(.*)\) changed")  # the column that cannot be converted


def whole(source: bytes | Path, ending: str) -> Any:
    """As a pyarrow Table with types guessed. Raises UnreadableTable."""
    from pyarrow import BufferReader  # noqa: PLC0415 - heavy, loaded where it is used
    from pyarrow.types import is_binary  # noqa: PLC0415 - heavy, loaded where it is used

    json = "json" in ending
    with opened(source, ending) as stream, _explained(json, (), {}):
        table = _table(BufferReader(_unpacked(stream)) if ending.endswith(".gz") else stream, json)
        for name, kind in zip(table.column_names, table.schema.types, strict=True):
            if is_binary(kind):
                raise UnreadableTable(f"the file is not in UTF-8: see column {named([name])}")
    return table


def _unpacked(stream: Any) -> bytes:
    data = bytearray()
    while len(data) <= UNPACKED_LIMIT:
        if not (more := stream.read(BLOCK)):
            return bytes(data)
        data += more
    raise UnreadableTable(f"the file unpacks to more than {UNPACKED_LIMIT >> 30} GiB")


def batches(
    source: bytes | Path, ending: str, wanted: Sequence[str], kinds: Mapping[str, str]
) -> tuple[dict[str, str], Iterator["pa.RecordBatch"]]:
    """What every column of the file holds, and the wanted ones in batches of rows. Raises UnreadableTable."""
    json = "json" in ending
    with opened(source, ending) as stream, _explained(json, (), kinds):
        schema = _reader(stream, json).schema
        guessed = dict(zip(schema.names, schema.types, strict=True))
    one_of_each(schema.names, wanted)
    types = {name: _type(guessed[name], kinds.get(name), json) for name in wanted if name in guessed}
    found = {name: _kind(types.get(name, guess), kinds.get(name), json) for name, guess in guessed.items()}
    if not types and not json:  # pyarrow takes no columns of a CSV file for all of them
        types = {name: _type(guessed[name], "text", json) for name in schema.names[:1]}

    def read() -> Iterator["pa.RecordBatch"]:
        with opened(source, ending) as stream:
            with _explained(json, schema.names, kinds):
                reader = _reader(stream, json, types)
            while True:
                with _explained(json, schema.names, kinds):
                    try:
                        batch = reader.read_next_batch()
                    except StopIteration:
                        return
                yield batch

    return found, read()


@contextmanager
def opened(source: bytes | Path, ending: str) -> Iterator[Any]:
    """A stream of what is in the file, unpacked. Raises UnreadableTable."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    with explained("the file cannot be opened"):
        packed = pa.BufferReader(source) if isinstance(source, bytes) else pa.OSFile(str(source))
    with packed, gzip.GzipFile(fileobj=packed) if ending.endswith(".gz") else packed as file:
        with explained("the file cannot be read"):
            head = file.read(BLOCK)
            file.seek(0)
        json = "json" in ending
        if not head:
            raise UnreadableTable("the file is empty")
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UnreadableTable("the file is not in UTF-8: it begins like UTF-16")
        if len(head) < BLOCK:  # all of it; pyarrow takes a header without an end of line for an empty file
            head = _harmless(head) if json else head
            yield pa.BufferReader(head if b"\n" in head or b"\r" in head else head + b"\n")
        elif json:
            yield pa.PythonFile(_Harmless(file), "r")
        else:
            yield file if file is packed else pa.PythonFile(file, "r")


class _Harmless:
    """A stream of JSON Lines, looked at as it is read."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def read(self, size: int = -1) -> bytes:
        return _harmless(self.file.read(size))

    @property
    def closed(self) -> bool:
        return bool(self.file.closed)

    def close(self) -> None:
        """Whoever opened the file closes it."""


def _harmless(data: bytes) -> bytes:
    """The same. Raises UnreadableTable for what ends the process in pyarrow: there is no catching that."""
    if b"\nnull" in b"\n" + data.translate(None, BLANKS):
        raise UnreadableTable(NOT_JSON)
    marks = np.frombuffer(data.translate(None, PLAIN) + b"\n", np.uint8)
    depth = np.cumsum(DEEPER[marks])
    ends = np.flatnonzero(marks == ord("\n"))
    before = np.concatenate([[0], depth[ends[:-1]]])  # what an earlier line left open, in broken or cut off ones
    if np.max(np.maximum.reduceat(depth, np.concatenate([[0], ends[:-1] + 1])) - before) > DEEPEST:
        raise UnreadableTable(f"the file holds more than {DEEPEST} lists or objects in one another")
    return data


def _reader(stream: Any, json: bool, types: Mapping[str, "pa.DataType"] | None = None) -> Any:
    """In batches; of the columns of these types, or of all with types guessed from the first block."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    if json:
        import pyarrow.json  # noqa: PLC0415 - heavy, loaded where it is used

        parse = None if types is None else pa.json.ParseOptions(pa.schema(types.items()), False, "ignore")
        return pa.json.open_json(stream, pa.json.ReadOptions(block_size=BLOCK), parse)
    import pyarrow.csv  # noqa: PLC0415 - heavy, loaded where it is used

    convert = None if types is None else pa.csv.ConvertOptions(column_types=types, include_columns=[*types])
    return pa.csv.open_csv(stream, pa.csv.ReadOptions(block_size=BLOCK), convert_options=convert)


def _table(stream: Any, json: bool) -> Any:
    if json:
        from pyarrow.json import read_json  # noqa: PLC0415 - heavy, loaded where it is used

        return read_json(stream)
    from pyarrow.csv import read_csv  # noqa: PLC0415 - heavy, loaded where it is used

    return read_csv(stream)


@contextmanager
def _explained(json: bool, names: Sequence[str], kinds: Mapping[str, str]) -> Iterator[None]:
    """`names` of the columns in their order, as far as they are known: pyarrow numbers those of a CSV file."""
    try:
        with explained(NOT_JSON if json else "the file is not CSV"):
            yield
    except UnreadableTable as error:
        said = str(error.__cause__)
        if row := UNEVEN.search(said):
            raise UnreadableTable(f"a row has {row[2]} fields where the header has {row[1]}") from error
        if UNPARSED.search(said):
            times = ", ".join(name for name, kind in kinds.items() if kind == "time" and name in names)
            raise UnreadableTable(_unfit(times, "time", json)) from error
        column = AT_FAULT.search(said)
        if column and (json or names):
            name = column[2] if json else names[int(column[1])]
            raise UnreadableTable(_unfit(name, kinds.get(name, ""), json)) from error
        raise


def _type(guess: "pa.DataType", kind: str | None, json: bool) -> "pa.DataType":
    """How a column is read, given its type in the first block."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    if kind == "text":
        return pa.string()
    if kind == "number":
        return guess if pa.types.is_boolean(guess) else pa.float64()
    if kind == "time" and (pa.types.is_date(guess) or pa.types.is_null(guess) or json and pa.types.is_string(guess)):
        return pa.timestamp("us")  # of a JSON file pyarrow guesses no times with fractions of a second
    if pa.types.is_timestamp(guess) and guess.unit in ("s", "ms"):  # later ones may be finer
        return pa.timestamp("us", guess.tz)
    return pa.float64() if pa.types.is_integer(guess) else guess


def _kind(type_: "pa.DataType", wanted: str | None, json: bool) -> str:
    import pyarrow as pa  # noqa: PLC0415 - heavy, loaded where it is used

    kind = "null" if pa.types.is_null(type_) else kind_of(type_)
    if wanted == "text" and (kind in ("null", "time") or not json):
        return "text"  # a day without quotes, a number of a CSV file: read as text where text is wanted
    return kind


def _unfit(column: str, kind: str, json: bool) -> str:
    name = named([column])
    if kind == "text":
        return (
            f"column {name} holds something that is no text" if json else f"the file is not in UTF-8: see column {name}"
        )
    return (
        f"column {name} holds something that is no {kind}" if kind else f"column {name} holds values of several types"
    )
