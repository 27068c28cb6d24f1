"""What a human approved is put into service, if the world is still the one that was approved."""

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.approving import staled
from tidewatch.domain.incident.state import Incident
from tidewatch.operations.journal import load, record_known
from tidewatch.operations.report import open_incidents
from tidewatch.operations.timeliness import note_version
from tidewatch.ports import Ports
from tidewatch.ports.registry import ArtefactLost, ChampionChanged, UnknownVersion


def carried_out(approval: Approval) -> str:
    """The key of what is recorded once it is done."""
    return f"promoted:{approval.id}"


def why_stale(ports: Ports, incident: Incident, approval: Approval) -> str:
    """Why this promotion would not be the one that was asked for; empty when it still is. Raises RegistryError."""
    champion = ports.registry.champion(incident.model)
    version, compared = approval.evidence["version"], approval.evidence["champion"]
    if champion is None or champion.version != compared:
        return str(ChampionChanged(champion.version if champion else "", compared))
    try:
        artefact = ports.registry.version(incident.model, version).artefact
    except UnknownVersion as unknown:
        return str(unknown)
    return "" if artefact == approval.evidence["artefact"] else _another_artefact(version)


def carry_out_promotion(ports: Ports, incident: str, request: str) -> None:
    """Move the champion mark and let the model's performance incidents be observed. Delivered twice it acts once."""
    state = load(ports, incident)
    approval = state.approval(request)
    if approval is None or approval.decision != "approved" or carried_out(approval) in state.keys:
        return
    cause = Cause("tidewatch", "queue", carried_out(approval))
    version, previous = approval.evidence["version"], approval.evidence["champion"]
    if reason := _put_into_service(ports, state.model, approval):
        record_known(ports, incident, cause, lambda _: [staled(request, reason)])
        return
    note_version(ports, state.model, version)
    promoted = Draft("promoted", {"version": version, "previous": previous, "request": request})
    record_known(ports, incident, cause, lambda _: [promoted])
    for other in open_incidents(ports, state.model):
        if other.id != incident and other.signal.family == "performance":
            record_known(ports, other.id, cause, lambda _: [promoted])


def _put_into_service(ports: Ports, model: str, approval: Approval) -> str:
    """Why it cannot be; empty when it is. Here there is time to hash the artefact itself, not only to compare its name.

    A delivery that died after the mark was moved finds the version in service and goes on from there.
    """
    version = approval.evidence["version"]
    try:
        with ports.scripts.workspace() as work:
            ports.registry.fetch(model, version, work / "model")
        if ports.registry.version(model, version).artefact != approval.evidence["artefact"]:
            return _another_artefact(version)
        ports.registry.promote(model, version, instead_of=approval.evidence["champion"])
    except (ArtefactLost, ChampionChanged, UnknownVersion) as error:
        return str(error)
    return ""


def _another_artefact(version: str) -> str:
    return f"version {version} is no longer the artefact that was compared"
