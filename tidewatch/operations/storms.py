"""Storms: incidents of one cause in many models become one that people are called for.

Online and without delay: the first few open alone; whoever completes the number opens the storm, and all that come
later open inside it, silent. Nobody writes into one place that thousands want: a child's own log says whose it is, and
once a minute the sweep adds up what the children say and tells the storm in one event.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote, unquote

from tidewatch.domain import storm
from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.domain.storm import Affected, SharedCause
from tidewatch.operations.journal import keep_text, load, record, record_known
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobExists, BlobNotFound

STORMS = "storms"
NEAR, OPEN = "near/", "open/"  # what may become a storm; the causes whose storm is open

OpenStorm = Callable[[Finding], str]


def storm_of(ports: Ports, incident: str, finding: Finding, source: str, open_storm: OpenStorm) -> str:
    """The storm in which a new incident is to open, or nothing when it opens alone. Called before it opens."""
    cause = storm.shared_cause(finding, source)
    if cause is None:
        return ""
    if parent := _parent(ports, cause):
        return parent
    bucket = _bucket(ports.clock.now())
    name = f"{NEAR}{cause.digest}/{bucket:%Y%m%dT%H%M}/{quote(finding.model, safe='')}/{incident}"
    ports.blobs.put(STORMS, name, json.dumps(finding.as_dict()).encode())
    near = [each for each in _near(ports, f"{NEAR}{cause.digest}/") if _is_recent(each, bucket)]
    if len({_model(each) for each in near}) < ports.storm_models:
        return _parent(ports, cause)  # somebody may have opened it, and taken away what was near
    affected = [Affected(_incident(each), found.model, found) for each in near if (found := _finding(ports, each))]
    if not affected:
        return _parent(ports, cause)
    parent = open_storm(storm.storm_finding(cause, affected, ports.clock.now(), ports.storm_models))
    _announce(ports, cause, parent)
    for each in near:
        if _incident(each) == incident or join(ports, _incident(each), parent):
            ports.blobs.delete(STORMS, each)
    return parent


def join(ports: Ports, incident: str, parent: str) -> bool:
    """Put an incident that opened alone into a storm; False when it has no events yet."""
    state = fold(ports.log.read(incident))
    if state is None:
        return False

    def decide(now: Incident | None) -> list[Draft]:
        if now is None or now.status == "resolved" or now.storm or now.alone:
            return []
        return [Draft("joined_storm", {"storm": parent})]

    record(ports, incident, Cause("tidewatch", "timer", f"storm:{parent}:{state.reopened}"), decide)
    return True


def split(ports: Ports, incident: str, reason: str, cause: Cause) -> Incident:
    """It is no part of the storm: it stands alone again, and calls. Raises Refused."""
    state = load(ports, incident)
    ports.people.allow(cause.actor, "split", state.model)
    text = keep_text(ports, incident, reason, cause.actor)

    def decide(now: Incident) -> list[Draft]:
        if not now.storm:
            raise Refused(f"{incident} is part of no storm.")
        return [Draft("left_storm", {"storm": now.storm, "reason": text})]

    return record_known(ports, incident, cause, decide)


def gather(ports: Ports) -> None:
    """Finish what an opener left half done, and forget what stayed alone."""
    bucket = _bucket(ports.clock.now())
    for name in list(_near(ports, NEAR)):
        parent = _parent_of(ports, name.split("/")[1]) if _is_recent(name, bucket) else ""
        if (parent and join(ports, _incident(name), parent)) or not _is_recent(name, bucket):
            ports.blobs.delete(STORMS, name)


def add_up(ports: Ports, incidents: Sequence[Incident], *, whole: bool = True) -> None:
    """Tell every storm, in one event, what changed among its children. `incidents`: all that are open, or
    were lately; when not `whole`, a storm that is missing may be one that could not be read."""
    storms = {each.id: each for each in incidents if each.signal.family == "storm"}
    children: dict[str, dict[str, Affected]] = {parent: {} for parent in storms}
    for each in incidents:
        if each.storm in children:
            bad = each.status != "resolved"
            children[each.storm][each.id] = Affected(each.id, each.model, each.finding, bad)
        elif whole and each.storm and each.status != "resolved":
            _release(ports, each)
    for parent, state in storms.items():
        strangers = frozenset(each.id for each in incidents if each.id in state.members and each.storm != parent)
        _tell(ports, state, children[parent], strangers)


def _tell(ports: Ports, state: Incident, now: dict[str, Affected], strangers: frozenset[str]) -> None:
    cause = storm.cause_of(state.finding)

    def decide(parent: Incident | None) -> list[Draft]:
        if parent is None:
            return []
        change = storm.change(parent.members, parent.over, now, strangers)
        left = {name for name in now if now[name].bad}
        over, drafts = parent.status == "resolved", list[Draft]()
        if not now or (over and not left):
            return _empty(ports, parent)
        finding = storm.storm_finding(cause, [*now.values()], parent.opened, ports.storm_models)
        if over:
            drafts.append(Draft("reopened", {"findings": [finding.as_dict()]}))
        if change:
            kind = "storm_grew" if change.joined else "storm_eased"
            drafts.append(Draft(kind, change.as_dict() | {"finding": finding.as_dict()}))
        if not left:
            drafts.append(Draft("recovered", {"sentence": f"all {len(now):,} incidents of it have ended"}))
        return drafts

    after = record(ports, state.id, Cause("tidewatch", "timer", f"added-up:{state.version}"), decide)
    quiet_for = ports.clock.now() - ((after and after.last_seen) or state.opened)
    if (after and after.status == "resolved") or quiet_for > storm.JOINS_FOR:
        ports.blobs.delete(STORMS, f"{OPEN}{cause.digest}")
    else:
        _announce(ports, cause, state.id)


def _empty(ports: Ports, parent: Incident) -> list[Draft]:
    """A storm that nobody is part of: its opener died, or all were split off or are forgotten."""
    if parent.status == "resolved" or ports.clock.now() - parent.since <= storm.WITHIN:
        return []
    return [Draft("recovered", {"sentence": "no open incident is part of it any more"})]


def _release(ports: Ports, child: Incident) -> None:
    """Its storm is over and forgotten, and it is still bad."""
    why = Draft("left_storm", {"storm": child.storm})
    record(
        ports, child.id, Cause("tidewatch", "timer", f"released:{child.version}"),
        lambda now: [why] if now and now.storm == child.storm and now.status != "resolved" else [],
    )  # fmt: skip


def _announce(ports: Ports, cause: SharedCause, parent: str) -> None:
    try:
        ports.blobs.put(STORMS, f"{OPEN}{cause.digest}", parent.encode(), if_absent=True)
    except BlobExists:
        return


def _parent(ports: Ports, cause: SharedCause) -> str:
    return _parent_of(ports, cause.digest)


def _parent_of(ports: Ports, digest: str) -> str:
    try:
        return ports.blobs.get(STORMS, f"{OPEN}{digest}").decode()
    except BlobNotFound:
        return ""


def _near(ports: Ports, prefix: str) -> Iterator[str]:
    return (blob.name for blob in ports.blobs.list(STORMS, prefix))


def _bucket(now: datetime) -> datetime:
    return now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % storm.WITHIN


def _is_recent(name: str, bucket: datetime) -> bool:
    return name.split("/")[2] in (f"{at:%Y%m%dT%H%M}" for at in (bucket, bucket - storm.WITHIN, bucket + storm.WITHIN))


def _model(name: str) -> str:
    return unquote(name.split("/")[3])


def _incident(name: str) -> str:
    return name.split("/")[4]


def _finding(ports: Ports, name: str) -> Finding | None:
    try:
        return Finding.from_dict(json.loads(ports.blobs.get(STORMS, name)))
    except BlobNotFound:
        return None
