"""Profiles and baselines as they are written: JSON whose every field is checked when it is read, because files are cut
off, edited, or another model's. What only a grid or a sketch can tell is checked where they are made."""

import base64
import zlib
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FORMAT = 2
LARGEST = 1e300  # sums of a few more do not overflow

Count = Annotated[int, Field(strict=True, ge=0, le=1 << 48)]
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Sum = Annotated[float, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Ends = tuple[()] | tuple[Real, Real]
Row = tuple[Sum, Annotated[float, Field(strict=True, ge=0, le=LARGEST)], Annotated[int, Field(strict=True, ge=2)]]
Rows = dict[str, dict[str, Row]]
Words = dict[str, list[str]]


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GridRecord(Record):
    centre: Real
    spread: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
    fine: bool
    cuts: str
    edges: str
    atoms: str
    bounds: str


class NumberRecord(Record):
    grid: str
    counts: str | list[Count]
    nulls: Count
    infinite: Count
    range: Ends
    sums: tuple[Sum, Annotated[float, Field(strict=True, ge=0, le=LARGEST)]]


class TextRecord(Record):
    text: dict[str, Count]
    nulls: Count
    other: Count
    sketches: tuple[()] | tuple[str, str]


class IdRecord(Record):
    ids: Count
    nulls: Count
    distinct: str


class TimeRecord(Record):
    hours: Annotated[tuple[Count, ...], Field(min_length=24, max_length=24)]
    range: Ends
    nulls: Count


ColumnRecord = NumberRecord | TextRecord | IdRecord | TimeRecord


class ProfileRecord(Record):
    format: Literal[2]
    rows: Count
    columns: dict[str, Annotated[ColumnRecord, Field(union_mode="left_to_right")]]
    segments: "dict[str, ProfileRecord]" = {}


class BaselineRecord(Record):
    format: Literal[2]
    grids: dict[str, GridRecord]
    words: Words
    windows: dict[str, ProfileRecord]
    levels: Rows
    rows: Row | None
    coarse: dict[str, GridRecord]
    followed: Words
    segment_levels: dict[str, Rows]
    metrics: dict[str, Row]
    accepted: dict[str, ProfileRecord] = {}
    since: dict[str, str] = {}
    decisions: tuple[str, ...] = ()


Known = TypeVar("Known", bound=Record)


def read(kind: type[Known], content: bytes | Any, what: str) -> Known:
    """`content`: JSON, or what it holds. `what` it should be: "a baseline". Raises ValueError saying what is wrong."""
    validate: Callable[[Any], Known] = kind.model_validate_json if isinstance(content, bytes) else kind.model_validate
    try:
        return validate(content)
    except ValidationError as error:
        faults = {fault["loc"]: fault for fault in error.errors(include_url=False)}
    if (other := faults.get(("format",))) and other["type"] != "missing":
        raise ValueError(f"{what} of format {str(other['input'])[:20]}, and this Tidewatch reads format {FORMAT}")
    where = min(faults, key=len)
    if len(where) < 2:
        raise ValueError(f"not {what}")
    raise ValueError(f"not {what}: damaged at {' › '.join(str(step)[:40] for step in where[:4])}")


def unpacked(text: str, kind: str, most: int) -> NDArray[Any]:
    """Numbers that were packed, at most so many. Raises ValueError with what the column has."""
    room = most * np.dtype(kind).itemsize
    data = zlib.decompressobj()
    try:
        content = data.decompress(base64.b64decode(text, validate=True), room + 1)
        if data.eof and len(content) <= room:
            return np.frombuffer(content, kind)
    except (zlib.error, ValueError):
        pass
    raise ValueError("has damaged counts or bins")


def packed(values: NDArray[Any], kind: str) -> str:
    return base64.b64encode(zlib.compress(values.astype(kind).tobytes(), 6)).decode()
