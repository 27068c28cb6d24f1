"""Silence something, or let it call again, and tell the open incidents at once instead of with the next sweep."""

from tidewatch.domain.events import Cause
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.silence import ALL, Silence
from tidewatch.operations import silences
from tidewatch.operations.journal import load
from tidewatch.operations.report import open_incidents
from tidewatch.ports import Ports


def silence(ports: Ports, wanted: Silence, why: str, cause: Cause) -> tuple[Silence, list[Incident]]:
    """The silence as it was set, and the open incidents it covers now. Raises Refused and UnknownIncident."""
    made = silences.silence(ports, wanted, why, cause)
    return made, [incident for incident in _told(ports, made) if incident.silence == made.id]


def unsilence(ports: Ports, identity: str, why: str, cause: Cause) -> tuple[Silence, list[Incident]]:
    """The silence that is over, and the open incidents that call again. Raises Refused."""
    over = silences.unsilence(ports, identity, why, cause)
    return over, [incident for incident in _told(ports, over) if not incident.silence]


def _told(ports: Ports, about: Silence) -> list[Incident]:
    one = about.model.startswith("INC-")
    model = load(ports, about.model).model if one else about.model.removesuffix(f"/{ALL}")
    known = silences.silences(ports)
    return [
        silences.keep_quiet(ports, incident, known)
        for incident in open_incidents(ports, model)
        if about.concerns(incident.id, incident.finding)
    ]
