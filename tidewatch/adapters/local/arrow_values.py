"""Between pyarrow's columns and numpy's. pyarrow's own conversion would load pandas, which costs more than a batch."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def kind_of(type_: "pa.DataType") -> str:
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


def values_of(column: "pa.ChunkedArray", kind: str) -> NDArray[np.float64] | NDArray[np.object_]:
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


def array_of(column: NDArray[np.float64] | NDArray[np.object_], kind: str | None) -> Any:
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
