"""A batch landed: read it, judge it, report what is wrong, remember the rest."""

from functools import partial

from tidewatch.domain.checks.intake import schema_faults
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.operations.examine import examine, keep
from tidewatch.operations.intake import BadInput, read, take_in
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.shelf import BATCHES, Shelf
from tidewatch.operations.take_labels import judge_labels
from tidewatch.ports import Ports


def take_batch(ports: Ports, name: str, via: str = "blob") -> None:
    """`name` is team/model/window.parquet in the container of batches."""
    take_in(ports, BATCHES, name, via, partial(_take, via))


def examine_again(ports: Ports, model: str, window: str) -> list[Finding]:
    """Judge the window's data as it lies in the store now, and remember the result: after a correction."""
    shelf = Shelf(ports, model)
    data = shelf.batch(window)
    if data is None:
        return []
    spec, record = shelf.spec(), shelf.window(window)
    version = record.version if record else "1"
    examined = examine(shelf, spec, shelf.baseline(version), window, shelf.table(data, spec.watched))
    keep(shelf, window, version, examined)
    return examined.findings


def _take(via: str, shelf: Shelf, spec: ModelSpec, window: str, data: bytes) -> None:
    table = read(shelf, data)
    if faults := schema_faults(spec, table):
        raise BadInput("schema", faults)
    version = shelf.ports.tables.metadata(data, "batch.parquet").get("model_version", "1")
    examined = examine(shelf, spec, shelf.baseline(version), window, table)
    keep(shelf, window, version, examined)
    report(shelf.ports, examined.findings, f"{BATCHES}:{window}", via)
    good = [Signal(spec.model, "intake", check) for check in ("unreadable", "schema")]
    good += _quiet_columns(spec, examined.findings)
    note_good_window(shelf.ports, spec.model, window, good, via)
    if shelf.labels(window):  # labels that were faster than their batch
        judge_labels(shelf, spec, window, via)


def _quiet_columns(spec: ModelSpec, findings: list[Finding]) -> list[Signal]:
    loud = {finding.subject for finding in findings if finding.family == "input"}
    return [Signal(spec.model, "input", column) for column in spec.watched if column not in loud]
