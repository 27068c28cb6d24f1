"""Ask people for a decision. What follows from a yes is in `approvals.KINDS`."""

from tidewatch.domain.events import Cause
from tidewatch.domain.incident import approving
from tidewatch.domain.incident.state import Incident
from tidewatch.operations.journal import record_known
from tidewatch.ports import Ports


def request_approval(ports: Ports, incident: str, ask: approving.Ask, cause: Cause) -> Incident:
    """The incident with the request in it; the same cause again asks nothing new. Raises UnknownIncident."""
    return record_known(
        ports, incident, cause, lambda now: [approving.request_approval(now, ask, ports.clock.now())]
    )  # fmt: skip
