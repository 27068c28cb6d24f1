"""Observations that say nothing new, and good windows that are not enough yet: counted beside the log.

Each is a blob of its own, named by what makes it recognisable, so that a repetition counts once and nobody waits for
anybody. What decides enters the log: the next observation there says how many went before it, a recovery names its
windows. Only a process that dies between that event and the tidying up lets observations count a second time.
"""

import hashlib
import json
from collections.abc import Sequence
from urllib.parse import quote, unquote

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.state import Incident
from tidewatch.operations.journal import load, record
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobExists, BlobNotFound

COUNTED = "counted"


def count(ports: Ports, incident: Incident, key: str, findings: Sequence[Finding]) -> None:
    """A bad window: no good ones before it are in a row any more."""
    body = json.dumps([finding.as_dict() for finding in findings]).encode()
    _put(ports, f"{incident.id}/bad/{hashlib.sha256(key.encode()).hexdigest()[:16]}", body)
    forget(ports, [blob.name for blob in ports.blobs.list(COUNTED, f"{incident.id}/good/")])


def observations(ports: Ports, incident: str) -> list[str]:
    return [blob.name for blob in ports.blobs.list(COUNTED, f"{incident}/bad/")]


def good_windows(ports: Ports, incident: Incident, window: str) -> list[str]:
    """This one and those before it that are counted beside the log, in a row since the incident last changed."""
    row = f"{incident.id}/good/{incident.reopened}-{incident.status}-{incident.promoted}/"
    _put(ports, f"{row}{quote(window, safe='')}", b"")
    return [unquote(blob.name.removeprefix(row)) for blob in ports.blobs.list(COUNTED, row)]


def forget(ports: Ports, names: Sequence[str]) -> None:
    for name in names:
        ports.blobs.delete(COUNTED, name)


def forget_all(ports: Ports, incident: str) -> None:
    """The incident is over."""
    forget(ports, [blob.name for blob in ports.blobs.list(COUNTED, f"{incident}/")])


def catch_up(ports: Ports, incident: str) -> Incident:
    """Write what was only counted into the log before somebody acts on it: the newest window is what they must see.

    Raises UnknownIncident.
    """
    state, names = load(ports, incident), observations(ports, incident)
    newest = max((group for name in names if (group := _read(ports, name))), key=lambda g: g[0].window, default=None)
    if state.status == "resolved" or newest is None:
        return state

    def decide(now: Incident | None) -> list[Draft]:
        if now is None or now.status == "resolved":
            return []
        return [Draft("observed", {"findings": [finding.as_dict() for finding in newest], "times": len(names)})]

    after = record(ports, incident, Cause("tidewatch", "queue", f"caught-up:{state.version}"), decide)
    forget(ports, names)
    return after or state


def _put(ports: Ports, name: str, body: bytes) -> None:
    try:
        ports.blobs.put(COUNTED, name, body, if_absent=True)
    except BlobExists:
        return


def _read(ports: Ports, name: str) -> list[Finding]:
    try:
        return [Finding.from_dict(record) for record in json.loads(ports.blobs.get(COUNTED, name))]
    except BlobNotFound:
        return []
