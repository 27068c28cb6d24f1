"""What a human approved is put into service, if the world is still the one that was approved."""

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident.approval import Approval
from tidewatch.operations.journal import load, record_known
from tidewatch.operations.report import open_incidents
from tidewatch.operations.timeliness import note_version
from tidewatch.ports import Ports
from tidewatch.ports.registry import RegistryError


def carry_out_promotion(ports: Ports, incident: str, request: str) -> None:
    """Move the champion mark and let the model's performance incidents be observed. Delivered twice it acts once."""
    state = load(ports, incident)
    approval = state.approval(request)
    if approval is None or approval.decision != "approved":
        return
    cause = Cause("tidewatch", "queue", f"promoted:{request}")
    if cause.key in state.keys:
        return
    version, previous = approval.evidence["version"], approval.evidence["champion"]
    if reason := _stale(ports, state.model, approval):
        refused = Draft("promotion_refused", {"request": request, "sentence": reason})
        record_known(ports, incident, cause, lambda _: [refused])
        return
    ports.registry.promote(state.model, version)
    note_version(ports, state.model, version)
    promoted = Draft("promoted", {"version": version, "previous": previous, "request": request})
    record_known(ports, incident, cause, lambda _: [promoted])
    for other in open_incidents(ports, state.model):
        if other.id != incident and other.signal.family == "performance":
            record_known(ports, other.id, cause, lambda _: [promoted])


def _stale(ports: Ports, model: str, approval: Approval) -> str:
    """Why this promotion would not be the one that was approved; empty when it still is."""
    champion = ports.registry.champion(model)
    version = approval.evidence["version"]
    if champion is None or champion.version not in (approval.evidence["champion"], version):
        now = champion.version if champion else "none"
        return f"the champion is version {now} by now, the comparison was with {approval.evidence['champion']}"
    try:
        artefact = ports.registry.version(model, version).artefact
    except RegistryError as error:
        return str(error)
    if artefact != approval.evidence["artefact"]:
        return f"version {version} is no longer the artefact that was compared"
    return ""
