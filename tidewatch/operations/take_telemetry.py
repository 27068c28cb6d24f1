"""Telemetry of a scoring endpoint landed: measure the window, hold it against the spec, remember it."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.checks.telemetry import good, judge
from tidewatch.domain.finding import Signal
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Coded, Piece, Table
from tidewatch.domain.telemetry import COLUMNS, HOLDS, Measures, faults, measure
from tidewatch.operations.intake import BadInput, take_in
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.shelf import Shelf
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobNotFound
from tidewatch.ports.tables import UnreadableTable

TELEMETRY = "telemetry"
MEASURES = "endpoint-measures"
KINDS = {column: kinds[0] for column, kinds in HOLDS.items() if len(kinds) == 1}


def take_telemetry(ports: Ports, name: str, via: str = "blob") -> None:
    """`name` is team/model/window.parquet, .csv or .jsonl in the container of telemetry: see docs/telemetry.md."""
    take_in(ports, TELEMETRY, name, via, partial(_take, via, name))


def latest_measures(ports: Ports, model: str, most: int) -> list[Measures]:
    """Of the latest `most` windows, in order of time."""
    prefix = f"{model}/"
    names = [blob.name.removeprefix(prefix).removesuffix(".json") for blob in ports.blobs.list(MEASURES, prefix)]
    return [measured for name in names[-most:] if (measured := measures_of(ports, model, name))]


def measures_of(ports: Ports, model: str, window: str) -> Measures | None:
    try:
        return Measures(**json.loads(ports.blobs.get(MEASURES, f"{model}/{window}.json")))
    except BlobNotFound:
        return None


def _take(via: str, name: str, shelf: Shelf, spec: ModelSpec, window: str, data: bytes) -> None:
    table = _read(shelf.ports, data, name)
    if causes := faults(spec, table):
        raise BadInput("schema", causes)
    measured = measure(spec, table, window)
    place = f"{spec.model}/{window}.json"
    shelf.ports.blobs.put(MEASURES, place, json.dumps(measured.as_dict()).encode())
    report(shelf.ports, judge(spec, measured), f"{TELEMETRY}:{window}", via)
    signals = [Signal(spec.model, "endpoint", subject) for subject in good(spec, measured)]
    note_good_window(shelf.ports, spec.model, window, signals, via)


def _read(ports: Ports, data: bytes, name: str) -> Table:
    """The columns that are telemetry; there may be any others. Raises BadInput."""
    pieces: dict[str, list[Piece]] = {}
    try:
        found = ports.tables.feed(data, name, {}, KINDS).kinds
        pieces = {column: [] for column in COLUMNS if found.get(column) in ("null", *HOLDS[column])}
        contents = ports.tables.feed(data, name, {column: kept.append for column, kept in pieces.items()}, KINDS)
    except UnreadableTable as error:
        raise BadInput("unreadable", [str(error)]) from error
    kinds = {column: found[column] for column in COLUMNS if column in found}
    columns = {column: _joined(pieces.get(column, []), contents.rows) for column in kinds}
    if kinds.get("timestamp") == "text" and (times := _times(columns["timestamp"])) is not None:
        columns["timestamp"], kinds["timestamp"] = times, "time"
    return Table(columns, kinds)


def _joined(pieces: list[Piece], rows: int) -> NDArray[Any]:
    """A column that holds something else than it may is all null."""
    if not pieces:
        return np.full(rows, None, dtype=object)
    return np.concatenate([_words(piece) if isinstance(piece, Coded) else piece for piece in pieces])


def _words(piece: Coded) -> NDArray[np.object_]:
    return np.array([*piece.words, None], dtype=object)[piece.codes]


def _times(words: NDArray[Any]) -> NDArray[np.float64] | None:
    """Times as JSON Lines spell them, in seconds since 1970; without a zone they are UTC. None when one is no time."""
    try:
        at = [datetime.fromisoformat(word) if word is not None else None for word in words]
    except ValueError:
        return None
    zoned = [None if time is None else time if time.tzinfo else time.replace(tzinfo=UTC) for time in at]
    return np.array([np.nan if time is None else time.timestamp() for time in zoned])
