"""A batch landed: read it, judge it, report what is wrong, remember the rest."""

import hashlib
from functools import partial

from tidewatch.domain.alarms import whole_level
from tidewatch.domain.baseline import profiled
from tidewatch.domain.checks.intake import schema_faults
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.operations.examine import Examined, examine, keep, look_again
from tidewatch.operations.fleet import submit
from tidewatch.operations.intake import BadInput, take_in
from tidewatch.operations.profiling import count
from tidewatch.operations.report import note_good_window
from tidewatch.operations.row_checks import ask
from tidewatch.operations.shelf import BATCHES, Shelf
from tidewatch.operations.take_labels import judge_labels
from tidewatch.operations.timeliness import note_batch
from tidewatch.ports import Ports
from tidewatch.ports.tables import UnreadableTable


def take_batch(ports: Ports, name: str, via: str = "blob") -> None:
    """`name` is team/model/window.parquet in the container of batches."""
    take_in(ports, BATCHES, name, via, partial(_take, via))


def examine_again(ports: Ports, model: str, window: str) -> list[Finding]:
    """Judge the window's data as it lies in the store now, and remember the result: after a correction."""
    shelf = Shelf(ports, model)
    looked = look_again(shelf, window)
    if looked is None:
        return []
    version, examined = looked
    keep(shelf, window, version, examined)
    ask(ports, shelf.spec(), window)
    return examined.findings


def _take(via: str, shelf: Shelf, spec: ModelSpec, window: str, data: bytes) -> None:
    file, tables = f"{window}.parquet", shelf.ports.tables
    try:
        version = tables.metadata(data, file).get("model_version") or _in_service(shelf)
        baseline = shelf.baseline(version)
        counted = count(tables, data, file, spec, baseline)
    except UnreadableTable as error:
        raise BadInput("unreadable", [str(error)]) from error
    if faults := schema_faults(spec, counted.contents.rows, counted.contents.kinds):
        raise BadInput("schema", faults)
    note_batch(shelf, spec, window, via)
    examined = examine(shelf, spec, baseline, window, counted)
    keep(shelf, window, version, examined)
    content = hashlib.sha256(data).hexdigest()[:12]  # sent again and wrong again is news
    submit(shelf.ports, spec.model, window, content, whole_level(spec, baseline), examined.findings, via)
    note_good_window(shelf.ports, spec.model, window, _quiet(spec, examined), via)
    ask(shelf.ports, spec, window)
    judge_labels(shelf, spec, window, via)  # labels that were faster than their batch


def _in_service(shelf: Shelf) -> str:
    """Whoever does not say which version answered means the one in service."""
    champion = shelf.ports.registry.champion(shelf.model)
    return champion.version if champion else "1"


def _quiet(spec: ModelSpec, examined: Examined) -> list[Signal]:
    """Everything that the checks of a batch look at and found nothing about, not even what is no alarm yet. A source
    is as loud as its columns are, and a column as its source."""
    loud = {finding.signal for finding in examined.findings}
    strange = set(examined.strange)
    sources = {c.source for name, c in spec.columns.items() if c.source and name in strange}
    subjects = [*profiled(spec), *(c.source for c in spec.columns.values() if c.source)]
    columns = [Signal(spec.model, "input", name) for name in subjects if name not in strange | sources]
    intake = [Signal(spec.model, "intake", check) for check in ("unreadable", "schema", "duplicates")]
    others = [Signal(spec.model, family, family) for family in ("output", "attribution", "volume")]
    return [signal for signal in (*intake, *columns, *others) if signal not in loud]
