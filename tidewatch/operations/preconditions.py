"""What must be so before a runbook starts."""

from collections.abc import Callable, Mapping

from tidewatch.domain.incident.state import Incident
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


_UNMET: Mapping[Precondition, Unmet] = {
    "batch_exists": _no_batch,
    "batch_missing": _a_batch,
    "labels_missing": _labels,
    "no_retraining": _retraining,
}
