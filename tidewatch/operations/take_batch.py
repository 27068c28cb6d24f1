"""A batch landed: read it, judge it, report what is wrong, remember the rest."""

from tidewatch.domain.checks.intake import schema_faults
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.operations.examine import examine, keep
from tidewatch.operations.quarantine import BadInput, quarantine, split
from tidewatch.operations.receipts import once
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.shelf import BATCHES, LABELS, Shelf, UnknownModel
from tidewatch.operations.take_labels import judge_labels
from tidewatch.ports import Ports
from tidewatch.ports.tables import UnreadableTable


def take_batch(ports: Ports, name: str, via: str = "blob") -> None:
    """`name` is team/model/window.parquet in the container of batches. Taking it twice changes nothing."""
    with once(ports, BATCHES, name) as data:
        if data is None:
            return
        model, window = split(name)
        try:
            _take(ports, model, window, name, data, via)
        except BadInput as bad:
            quarantine(ports, BATCHES, name, data, bad, via)


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


def _take(ports: Ports, model: str, window: str, name: str, data: bytes, via: str) -> None:
    shelf = Shelf(ports, model)
    try:
        spec = shelf.spec()
    except UnknownModel as unknown:
        raise BadInput("unknown_model", [str(unknown)]) from unknown
    try:
        table = ports.tables.read(data, name)
        version = ports.tables.metadata(data, name).get("model_version", "1")
    except UnreadableTable as error:
        raise BadInput("unreadable", [str(error)]) from error
    if faults := schema_faults(spec, table):
        raise BadInput("schema", faults)
    examined = examine(shelf, spec, shelf.baseline(version), window, table)
    keep(shelf, window, version, examined)
    report(ports, examined.findings, f"{BATCHES}:{window}", via)
    good = [Signal(model, "intake", "intake"), *_quiet_columns(spec, examined.findings)]
    note_good_window(ports, model, window, good, via)
    if ports.blobs.stat(LABELS, f"{model}/{window}.parquet"):  # labels that were faster than their batch
        judge_labels(shelf, spec, window, via)


def _quiet_columns(spec: ModelSpec, findings: list[Finding]) -> list[Signal]:
    loud = {finding.subject for finding in findings if finding.family == "input"}
    return [Signal(spec.model, "input", column) for column in spec.watched if column not in loud]
