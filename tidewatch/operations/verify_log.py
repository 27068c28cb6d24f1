"""Is the incident log what was once written?"""

from dataclasses import dataclass

from tidewatch.domain.events import verify
from tidewatch.ports.incident_log import IncidentLog


@dataclass(frozen=True)
class Verification:
    incidents: int
    events: int
    faults: list[str]


def verify_log(log: IncidentLog) -> Verification:
    """Every stream from its first event to its last. A plain chain sees a flipped bit, a gap and a reorder; it
    cannot see a truncated tail, a deleted stream, or a rewrite by somebody who computes the hashes again."""
    incidents, events, faults = 0, 0, list[str]()
    for incident in log.incidents():
        lines = log.lines(incident)
        incidents, events = incidents + 1, events + len(lines)
        faults += verify(incident, lines)
    return Verification(incidents, events, faults)
