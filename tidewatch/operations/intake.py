"""Taking a file in: once, and if it is bad, kept, said, and out of the way of the next one."""

import hashlib
from collections.abc import Callable
from functools import partial

import numpy as np

from tidewatch.domain.checks.intake import kinds_of, misfits, refused
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.counting import Collected
from tidewatch.domain.table import Piece, Table
from tidewatch.operations.receipts import once
from tidewatch.operations.report import report
from tidewatch.operations.shelf import BATCHES, LABELS, QUARANTINE, Shelf, UnknownModel
from tidewatch.ports import Ports
from tidewatch.ports.tables import ENDINGS, UnreadableTable

MOST_VALUES = 50_000_000  # of a file in a text format: it is in memory when it is written as parquet


class BadInput(Exception):
    """A file that is refused: which check refused it, and why, a clause each."""

    def __init__(self, check: str, causes: list[str]) -> None:
        self.check, self.causes = check, causes
        super().__init__("; ".join(causes))


Take = Callable[[Shelf, ModelSpec, str, bytes], None]  # shelf, spec, window, the file's bytes; may raise BadInput


def take_in(ports: Ports, container: str, name: str, via: str, take: Take) -> None:
    """`name` is team/model/window.parquet. Taking the same content twice changes nothing.

    What is refused is kept in quarantine and opens an incident of its own.
    """
    with once(ports, container, name) as data:
        if data is None:
            return
        model, window = split(name)
        shelf = Shelf(ports, model)
        try:
            spec = _spec(shelf)
            take(shelf, spec, window, _as_parquet(shelf, spec, container, name, window, data))
        except BadInput as bad:
            ports.blobs.put(QUARANTINE, f"{container}/{name}", data)
            finding = refused(model, bad.check, f"{container}/{name}", window, bad.causes)
            content = hashlib.sha256(data).hexdigest()[:12]  # sent again and wrong again is news
            report(ports, [finding], f"{container}:{name}:{content}", via)


def _as_parquet(shelf: Shelf, spec: ModelSpec, container: str, name: str, window: str, data: bytes) -> bytes:
    """Batches and labels in text formats are kept as parquet besides, with the types of the spec: "007" stays text.
    Raises BadInput."""
    if container not in (BATCHES, LABELS) or name.lower().endswith(".parquet"):
        return data
    columns = {column: Collected() for column in spec.columns}
    held = 0

    def collect(column: str, piece: Piece) -> None:
        nonlocal held
        held += len(piece)
        if held > MOST_VALUES:
            raise BadInput("unreadable", [f"the file holds more than {MOST_VALUES:,} values; send it as parquet"])
        columns[column].add(piece)

    try:
        sinks = {column: partial(collect, column) for column in columns}
        contents = shelf.ports.tables.feed(data, name, sinks, kinds_of(spec))
    except UnreadableTable as error:
        raise BadInput("unreadable", [str(error)]) from error
    if faults := misfits(spec, contents.kinds, [column for column in spec.columns if column in contents.kinds]):
        raise BadInput("schema", faults)
    nothing = np.full(contents.rows, None, dtype=object)  # a column that the spec does not know: its name says enough
    known = {name: columns[name].values if name in columns else nothing for name in contents.kinds}
    converted = shelf.ports.tables.write(Table(known, kinds_of(spec)))
    shelf.keep_converted(container, window, converted)
    return converted


def split(name: str) -> tuple[str, str]:
    """team/model/window.parquet → team/model and window; a file that lies elsewhere is of unknown/unknown."""
    model, _, file = name.rpartition("/")
    ending = next((ending for ending in ENDINGS if file.lower().endswith(ending)), "")
    return model if model.count("/") == 1 else "unknown/unknown", file[: len(file) - len(ending)]


def read(shelf: Shelf, data: bytes) -> Table:
    """Raises BadInput."""
    try:
        return shelf.table(data)
    except UnreadableTable as error:
        raise BadInput("unreadable", [str(error)]) from error


def _spec(shelf: Shelf) -> ModelSpec:
    try:
        return shelf.spec()
    except UnknownModel as unknown:
        raise BadInput("unknown_model", [str(unknown)]) from unknown
