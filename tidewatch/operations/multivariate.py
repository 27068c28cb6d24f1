"""All columns of a window together: learn what is usual, keep rows to compare with, look at new ones."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.checks.intake import kinds_of
from tidewatch.domain.checks.multivariate import SUBJECT, findings, judge
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.multivariate.row_choice import Chosen, ChosenRows, choose, sampled
from tidewatch.domain.multivariate.separation import Learnt, candidates, kept_rows, learn, measure
from tidewatch.domain.profile.counting import Codes
from tidewatch.domain.table import Table
from tidewatch.operations.shelf import RowResult, Shelf
from tidewatch.ports.tables import Tables

CHECK = "multivariate"
MOST_ROWS = 1_000_000  # of training data held in memory at once


def learn_usual(shelf: Shelf, spec: ModelSpec, training: bytes) -> Learnt:
    """From the training data, a window left out at a time; takes seconds to a minute. Keeps what it learnt."""
    windows = _training_windows(shelf.ports.tables, spec, training)
    learnt = learn(spec, windows, shelf.ports.learning.out_of_fold_scores)
    most = kept_rows(spec, len(windows))
    names = list(windows)[-spec.drift.windows :] if spec.drift.compare_with == "trailing" else list(windows)
    for name in names:
        shelf.keep_sample(_place(spec, f"training/{name}"), sampled(windows[name], most, name))
    shelf.keep_learnt(CHECK, {"for": _identity(spec), "windows": names} | learnt.as_dict())
    return learnt


def look(shelf: Shelf, spec: ModelSpec, window: str, data: bytes) -> RowResult:
    """Compare the window's rows with the reference's, and keep some of them for the windows to come."""
    learnt, training = _learnt(shelf, spec)
    rows = _batch_rows(shelf.ports.tables, spec, window, data)
    reference = list(_reference(shelf, spec, window, training))
    judged = []
    for method in spec.multivariate.methods if reference else ():
        classify = shelf.ports.learning.out_of_fold_scores
        if measured := measure(spec, method, learnt.columns, Table.stack(reference), rows, classify):
            judged.append(judge(spec, learnt, measured))
    found = findings(spec, window, judged, _earlier(shelf, spec, window))
    if found:
        shelf.drop_sample(_place(spec, window))
    else:
        shelf.keep_sample(_place(spec, window), sampled(rows, kept_rows(spec, len(training)), window))
    strange: list[str] = [result.measured.method for result in judged if result.strange]
    values: dict[str, Any] = {result.measured.method: result.as_dict() for result in judged}
    good = [["input", SUBJECT]] if judged and not strange else []
    return RowResult(window, values, strange, [finding.as_dict() for finding in found], good)


def _learnt(shelf: Shelf, spec: ModelSpec) -> tuple[Learnt, Sequence[str]]:
    """What was learnt for this spec, and the training windows of which rows are kept."""
    kept = shelf.learnt(CHECK)
    if kept is None or kept["for"] != _identity(spec):
        learn_usual(shelf, spec, shelf.training())
        kept = shelf.learnt(CHECK) or {}
    return Learnt.from_dict(kept), kept["windows"]


def _identity(spec: ModelSpec) -> str:
    """Changes with everything in the spec that learning depends on."""
    columns = {name: spec.columns[name].type for name in candidates(spec)}
    asked = [columns, spec.multivariate.methods, spec.multivariate.sample, spec.drift.compare_with, spec.drift.windows]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def _place(spec: ModelSpec, name: str) -> str:
    """Rows kept under another spec may have other columns: they are not found any more."""
    return f"{_identity(spec)}/{name}"


def _reference(shelf: Shelf, spec: ModelSpec, window: str, training: Sequence[str]) -> Iterator[Table]:
    """Rows of the windows before, the latest first, or of the training data, as the spec says."""
    known = (f"training/{name}" for name in reversed(training) if name < window or name == "all")
    if spec.drift.compare_with == "training":
        names: Iterator[str] = (f"training/{name}" for name in training if name != window)
        most = len(training)
    else:
        names = chain((record.window for record in shelf.windows_before(window) if record.accepted), known)
        most = spec.drift.windows
    return islice((rows for name in names if (rows := shelf.sample(_place(spec, name)))), most)


def _earlier(shelf: Shelf, spec: ModelSpec, window: str) -> list[list[str]]:
    before = list(islice(shelf.windows_before(window), spec.drift.out_of - 1))
    results = [shelf.row_result(CHECK, record.window) for record in reversed(before)]
    return [result.strange if result else [] for result in results]


def _batch_rows(tables: Tables, spec: ModelSpec, window: str, data: bytes) -> Table:
    file = f"{window}.parquet"
    rows = tables.feed(data, file, {}, {}).rows
    return _chosen(tables, spec, data, file, choose(rows, spec.multivariate.sample, window))


def _training_windows(tables: Tables, spec: ModelSpec, training: bytes) -> dict[str, Table]:
    """As many rows of each window as would be looked at of a batch; all rows are one window without a window column."""
    column, file = spec.only("window"), "training.parquet"
    divided = Codes()
    contents = tables.feed(training, file, {column: divided.add}, kinds_of(spec))
    codes = divided.codes if divided.parts else np.zeros(contents.rows, dtype=np.int32)
    names = sorted(divided.places) if divided.parts else ["all"]
    most = max(min(spec.multivariate.sample, MOST_ROWS // max(len(names), 1)), kept_rows(spec, len(names)))
    chosen = np.zeros(contents.rows, dtype=bool)
    for name in names:
        mine = np.flatnonzero(codes == divided.places.get(name, 0))
        chosen[mine[choose(len(mine), most, name)]] = True
    rows, codes = _chosen(tables, spec, training, file, chosen), codes[chosen]
    return {name: rows.where(codes == divided.places.get(name, 0)) for name in names}


def _chosen(tables: Tables, spec: ModelSpec, data: bytes, file: str, chosen: Chosen) -> Table:
    sinks = {name: ChosenRows(chosen) for name in candidates(spec)}
    tables.feed(data, file, {name: sink.add for name, sink in sinks.items()}, kinds_of(spec))
    columns: dict[str, NDArray[np.float64] | NDArray[np.object_]] = {name: sink.values for name, sink in sinks.items()}
    return Table(columns, {name: kinds_of(spec)[name] for name in columns})
