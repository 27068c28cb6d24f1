"""What happened, as a file other programs can read, and whether it was the story that was promised."""

from functools import partial
from typing import Any

from tidewatch.domain.events import Event
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.state import Incident
from tidewatch.operations.journal import text_of
from tidewatch.operations.verify_log import verify_log
from tidewatch.ports import Ports


def summarise(ports: Ports, model: str) -> dict[str, Any]:
    incidents = []
    for name in ports.log.incidents():
        events = ports.log.read(name)
        incident = fold(events)
        if incident:
            incidents.append(incident_record(ports, incident, events))
    champion = ports.registry.champion(model)
    return {
        "incidents": incidents,
        "models": [{"model": model, "champion": champion.version if champion else None}],
        "log": {"faults": verify_log(ports.log).faults},
    }


def incident_record(ports: Ports, incident: Incident, events: tuple[Event, ...]) -> dict[str, Any]:
    """One incident with its runs, approvals and every event; free text read from beside the stream."""
    text = partial(text_of, ports, incident.id)
    return {
        "id": incident.id,
        "model": incident.model,
        "signal": str(incident.signal),
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "tiers": list(incident.tiers),
        "reopened": incident.reopened,
        "runbooks": [{"name": run.runbook, "verdict": run.verdict, "sentence": run.sentence} for run in incident.runs],
        "approvals": [
            {
                "id": a.id,
                "requested_by": a.requested_by,
                "decided_by": a.decided_by,
                "decision": a.decision,
                "reason": text(a.reason),
            }
            for a in incident.approvals
        ],
        "events": [
            {"seq": e.seq, "at": e.at.isoformat(), "actor": e.actor, "via": e.via, "kind": e.kind, "data": e.data}
            for e in events
        ],
    }


def shortfalls(summary: dict[str, Any], fault_column: str | None) -> list[str]:
    """What of the promised story did not happen, a sentence each."""
    missing = list(summary["log"]["faults"])
    incidents = summary["incidents"]
    units = [
        i for i in incidents if "/input/" in i["signal"] and any(r["name"] == "convert-unit" for r in i["runbooks"])
    ]
    if fault_column is None and units:
        missing.append("an incident about a unit was opened though no fault was injected")
    if fault_column is not None and not any(_converted(i, fault_column) for i in units):
        missing.append(f"no incident about {fault_column} was converted, verified and resolved")
    if not any(_retrained(i) for i in incidents if i["signal"].endswith("/performance/performance")):
        missing.append("no performance incident went to L2, was retrained, approved by somebody else and resolved")
    if open_ones := [i["id"] for i in incidents if i["status"] != "resolved"]:
        missing.append(f"{', '.join(open_ones)} did not end")
    return missing


def _converted(incident: dict[str, Any], column: str) -> bool:
    passed = any(run["name"] == "convert-unit" and run["verdict"] == "passed" for run in incident["runbooks"])
    return bool(incident["signal"].endswith(f"/input/{column}") and passed and incident["status"] == "resolved")


def _retrained(incident: dict[str, Any]) -> bool:
    approved = [a for a in incident["approvals"] if a["decision"] == "approved"]
    four_eyes = any(a["decided_by"] != a["requested_by"] for a in approved)
    failed = any(run["verdict"] == "failed" for run in incident["runbooks"])
    promoted = any(event["kind"] == "promoted" for event in incident["events"])
    return bool(four_eyes and failed and promoted and "L2" in incident["tiers"] and incident["status"] == "resolved")
