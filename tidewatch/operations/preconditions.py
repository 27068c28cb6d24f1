"""What must be so before a runbook starts."""

from collections.abc import Callable, Mapping

from tidewatch.domain.incident.state import Incident
from tidewatch.domain.repair import OF_NULLS, columns_of
from tidewatch.domain.runbook import Precondition, Runbook
from tidewatch.operations.shelf import Shelf
from tidewatch.ports import Ports

Unmet = Callable[[Shelf, Incident], str]


def unmet(ports: Ports, incident: Incident, runbook: Runbook) -> str:
    """Why it cannot start now, in a sentence; empty when it can."""
    shelf = Shelf(ports, incident.model)
    return next((said for name in runbook.when.preconditions if (said := _UNMET[name](shelf, incident))), "")


def _no_batch(shelf: Shelf, incident: Incident) -> str:
    window = incident.finding.window
    return "" if shelf.original(window) else f"there is no batch of {window}"


def _a_batch(shelf: Shelf, incident: Incident) -> str:
    window = incident.finding.window
    return f"the batch of {window} is there by now" if shelf.original(window) else ""


def _labels(shelf: Shelf, incident: Incident) -> str:
    window = incident.finding.window
    return f"the labels of {window} are there by now" if shelf.labels(window) else ""


def _retraining(shelf: Shelf, incident: Incident) -> str:
    asked = any(request.kind == "promotion" for request in incident.undecided)
    under_way = incident.retraining in ("requested", "running") or asked
    return f"a retraining for {incident.id} is under way" if under_way else ""


def _value(shelf: Shelf, incident: Incident) -> str:
    """Nulls are replaced only where the spec has another value for them."""
    spec, finding = shelf.spec(), incident.finding
    columns = columns_of(spec, finding)
    kept = [name for name in columns if spec.columns[name].faulty_as == "null"]
    if not columns:
        return f"{finding.subject} is no column"
    return f"null is what the spec puts for faulty values of {kept[0]}" if finding.check in OF_NULLS and kept else ""


def _keys(shelf: Shelf, incident: Incident) -> str:
    spec = shelf.spec()
    columns = columns_of(spec, incident.finding)
    unknown = [name for name in columns if not spec.columns[name].restored_by]
    if unknown:
        return f"the spec does not say by which columns {unknown[0]} could be restored (restored_by)"
    return "" if columns else f"{incident.finding.subject} is no column"


def _batch_feed(shelf: Shelf, _: Incident) -> str:
    return "" if shelf.spec().feeds.batch else "the spec has no command that produces a batch (feeds: batch)"


def _label_feed(shelf: Shelf, _: Incident) -> str:
    return "" if shelf.spec().feeds.labels else "the spec has no command that produces labels (feeds: labels)"


_UNMET: Mapping[Precondition, Unmet] = {
    "batch_exists": _no_batch,
    "batch_missing": _a_batch,
    "labels_missing": _labels,
    "no_retraining": _retraining,
    "replaceable": _value,
    "restorable": _keys,
    "batch_feed": _batch_feed,
    "label_feed": _label_feed,
}
