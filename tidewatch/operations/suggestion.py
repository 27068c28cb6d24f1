"""What to try next."""

from tidewatch.domain.incident.state import Incident
from tidewatch.domain.runbook import Runbook, suiting
from tidewatch.operations.preconditions import unmet
from tidewatch.ports import Ports


def suggestion(ports: Ports, incident: Incident) -> Runbook | None:
    """The first runbook for this finding that the tier may run, that could start now and that was not tried since the
    incident was (re)opened."""
    suit = suiting(ports.runbooks, incident.finding, incident.tried, incident.tier)
    return next((runbook for runbook in suit if not unmet(ports, incident, runbook)), None)
