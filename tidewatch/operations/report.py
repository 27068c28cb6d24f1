"""Turn findings into incidents: one open incident per signal, whoever comes first."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.finding import Finding, Signal, by_signal
from tidewatch.domain.incident import opening
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.quiet import ONE_BY_ONE, comes_back_quietly, confirmed, is_news
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import TIERS, ModelSpec, Tier
from tidewatch.domain.response import Response, merged
from tidewatch.domain.silence import covering
from tidewatch.operations import counted, storms
from tidewatch.operations.journal import record
from tidewatch.operations.numbering import next_number
from tidewatch.operations.shelf import Shelf, UnknownModel
from tidewatch.operations.silences import silences
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound

ORDERED = ("input", "output", "attribution", "performance")  # families whose findings are about the window named
MARKERS = "markers"


@dataclass(frozen=True)
class Marker:
    """Says which incident a signal has. Outlives the incident by the reopen window."""

    name: str
    incident: str
    etag: str


def report(ports: Ports, findings: Sequence[Finding], key: str, via: str) -> list[str]:
    """Open, reopen or add to the incident of each signal; gives their ids. The same `key` again changes nothing."""
    return [_report_signal(ports, signal, group, key, via) for signal, group in by_signal(findings)]


def open_markers(ports: Ports, model: str = "") -> Iterator[Marker]:
    """Markers of open and recently resolved incidents, of one model or of all; closed ones are never read."""
    for blob in ports.blobs.list(MARKERS, f"open/{model}/" if model else "open/"):
        if marker := _read(ports, blob.name):
            yield marker


def open_incidents(ports: Ports, model: str = "") -> list[Incident]:
    incidents = []
    for marker in open_markers(ports, model):
        incident = fold(ports.log.read(marker.incident))
        if incident and incident.status != "resolved":  # a writer that died before the first event left no stream
            incidents.append(incident)
    return sorted(incidents, key=lambda incident: incident.opened)


def note_good_window(ports: Ports, model: str, window: str, signals: Sequence[Signal], via: str) -> None:
    """Tell the open incidents of these signals that a window came without a finding of theirs; an old one that came
    late says nothing about what was found after it."""
    for marker in open_markers(ports, model):
        incident = fold(ports.log.read(marker.incident))
        if incident is None:
            continue
        old = incident.signal.family in ORDERED and window < incident.finding.window
        if incident.signal in signals and not old and not incident.confirmed:
            _note_good(ports, incident, window, via)


def _note_good(ports: Ports, incident: Incident, window: str, via: str) -> None:
    """The first ones enter the log as they come; later ones, and those after it was resolved, once they are enough."""
    one_by_one = incident.status != "resolved" and incident.told < ONE_BY_ONE
    row = None if one_by_one else counted.good_windows(ports, incident, window)

    def decide(now: Incident | None) -> list[Draft]:
        if now is None:
            return []
        if now.status == incident.status == "resolved":
            return confirmed(now, row or ())
        return opening.passed(now, window, row)

    key = f"{'confirming' if incident.status == 'resolved' else 'passed'}:{window}:{incident.reopened}"
    record(ports, incident.id, Cause("tidewatch", via, key), decide)


def _report_signal(ports: Ports, signal: Signal, findings: list[Finding], key: str, via: str) -> str:
    marker_name = f"open/{signal.model}/{signal.digest}.json"
    cause = Cause("tidewatch", via, f"finding:{key}")
    title, policy, owners = _policy(ports, signal.model)
    name, before, adds_nothing = "", list[str](), False

    def decide(incident: Incident | None) -> list[Draft]:
        nonlocal adds_nothing
        adds_nothing, before[:] = False, []
        if incident is None:
            return [opening.opened(title, findings, policy, owners, _quiet(ports, name, findings[0]))]
        if incident.status == "resolved":
            quiet = (
                {"quiet": "flapping"} if comes_back_quietly(incident) else _quiet(ports, name, findings[0], incident)
            )
            return opening.seen_again(incident, findings, quiet)
        adds_nothing = not is_news(incident, findings, ports.clock.now())
        if adds_nothing:
            return []
        before[:] = counted.observations(ports, name) if incident.told >= ONE_BY_ONE else []
        return opening.seen_again(incident, findings, {"times": len(before) + 1} if before else None)

    while True:
        marker = _read(ports, marker_name) or _claim(ports, marker_name)
        if marker is None:
            continue  # somebody else was faster: read theirs
        if _is_over(ports, marker):
            _release(ports, marker)
            continue
        name = marker.incident
        after = record(ports, name, cause, decide)
        if after and adds_nothing:
            counted.count(ports, after, key, findings)
        counted.forget(ports, before)
        return name


def _quiet(ports: Ports, incident: str, finding: Finding, before: Incident | None = None) -> dict[str, Any]:
    """Why nobody is to be called for an incident that opens, or comes back, now; empty when people are."""
    if silence := covering(silences(ports), incident, finding, ports.clock.now()):
        return {"quiet": "silence", "silence": silence.id}
    if before and before.alone:
        return {}

    def open_storm(found: Finding) -> str:
        return report(ports, [found], f"storm:{found.window}", "timer")[0]

    storm = storms.storm_of(ports, incident, finding, _source(ports, finding), open_storm)
    return {"quiet": "storm", "storm": storm} if storm else {}


def _source(ports: Ports, finding: Finding) -> str:
    """The feed its column comes from, where the spec declares one."""
    try:
        column = Shelf(ports, finding.model).spec().columns.get(finding.subject)
    except UnknownModel:
        return ""
    return column.source if column else ""


def _policy(ports: Ports, model: str) -> tuple[str, Response, dict[Tier, list[str]]]:
    """Title, response and owners of a model; of a model nobody handed over, the defaults and everyone."""
    team = model.partition("/")[0]
    everyone: dict[Tier, list[str]] = {
        tier: [person.id for person in ports.people.of_tier(tier, team)] for tier in TIERS
    }
    try:
        spec: ModelSpec = Shelf(ports, model).spec()
    except UnknownModel:
        return model, ports.oncall.of(team).response, everyone
    response = merged(ports.oncall.of(team).response, spec.response)
    return spec.title, response, {tier: spec.owners.get(tier) or everyone[tier] for tier in TIERS}


def _is_over(ports: Ports, marker: Marker) -> bool:
    incident = fold(ports.log.read(marker.incident))
    return incident is not None and incident.status == "resolved" and not opening.reopens(incident, ports.clock.now())


def _claim(ports: Ports, name: str) -> Marker | None:
    incident = next_number(ports.blobs)
    try:
        etag = ports.blobs.put(MARKERS, name, json.dumps({"incident": incident}).encode(), if_absent=True)
    except BlobExists:
        return None
    return Marker(name, incident, etag)


def _release(ports: Ports, marker: Marker) -> None:
    """Give the signal to a new incident, unless somebody else just did."""
    incident = next_number(ports.blobs)
    try:
        ports.blobs.put(MARKERS, marker.name, json.dumps({"incident": incident}).encode(), if_match=marker.etag)
    except (BlobChanged, BlobNotFound):
        return


def forget(ports: Ports, marker: Marker) -> None:
    """The reopen window is over: the next finding of the signal is a new incident."""
    if _is_over(ports, marker):
        counted.forget_all(ports, marker.incident)
        with suppress(BlobChanged):  # a new finding came first and has the marker now
            ports.blobs.delete(MARKERS, marker.name, if_match=marker.etag)


def _read(ports: Ports, name: str) -> Marker | None:
    info = ports.blobs.stat(MARKERS, name)
    if info is None:
        return None
    try:
        return Marker(name, json.loads(ports.blobs.get(MARKERS, name))["incident"], info.etag)
    except BlobNotFound:
        return None
