"""Looking at incidents and the log."""

from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tidewatch import compose
from tidewatch.demo.summary import incident_record
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.state import Incident
from tidewatch.operations.journal import UnknownIncident, text_of
from tidewatch.ports import Ports
from tidewatch.render.cards import ICONS
from tidewatch.render.thread import tell
from tidewatch.settings import Settings

__all__ = ["UnknownIncident", "incident_rows", "incident_story", "incident_table", "incident_whole"]


def _ports(home: Path) -> Ports:
    return compose.compose(Settings(home=home))


def _incidents(ports: Ports) -> list[Incident]:
    found = [incident for name in ports.log.incidents() if (incident := fold(ports.log.read(name)))]
    return sorted(found, key=lambda incident: (incident.status == "resolved", incident.opened))


def incident_rows(home: Path) -> list[dict[str, Any]]:
    ports = _ports(home)
    return [
        {
            "id": i.id,
            "model": i.model,
            "signal": str(i.signal),
            "title": i.title,
            "status": i.status,
            "tier": i.tier,
            "owner": i.owner,
            "opened": i.opened.isoformat(),
            "events": i.version,
        }
        for i in _incidents(ports)
    ]


def incident_table(home: Path) -> None:
    ports = _ports(home)
    table = Table("incident", "state", "tier", "who", "opened (UTC)", "what")
    for incident in _incidents(ports):
        who = ports.people.name(incident.owner) if incident.owner else ""
        state = f"{ICONS[incident.status]} {incident.status}"
        table.add_row(incident.id, state, incident.tier, who, f"{incident.opened:%Y-%m-%d %H:%M}", incident.title)
    Console().print(table if table.rows else "There are no incidents.")


def incident_whole(home: Path, incident: str) -> dict[str, Any]:
    """Raises UnknownIncident."""
    ports = _ports(home)
    events = ports.log.read(incident)
    state = fold(events)
    if state is None:
        raise UnknownIncident(incident)
    return incident_record(ports, state, events)


def incident_story(home: Path, incident: str) -> str:
    """Raises UnknownIncident."""
    ports = _ports(home)
    events = ports.log.read(incident)
    state = fold(events)
    if state is None:
        raise UnknownIncident(incident)
    text = partial(text_of, ports, incident)
    lines = [f"{event.seq:>4}  {event.at:%Y-%m-%d %H:%M:%S}  {tell(event, ports.people, text)}" for event in events]
    return "\n".join([f"{state.id}  {state.title}  ({state.status})", *lines])
