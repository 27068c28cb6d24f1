"""Is the incident log what was once written?"""

from dataclasses import dataclass, field

from tidewatch.domain.checkpoint import Chain, Checkpoint, departure
from tidewatch.domain.events import BrokenRecord, parse, verify
from tidewatch.ports.incident_log import IncidentLog


@dataclass
class Verification:
    incidents: int = 0
    events: int = 0
    faults: list[str] = field(default_factory=list)
    vouched: Checkpoint | None = None  # the newest that is genuine
    younger: int = 0  # events that no checkpoint has seen
    witness: str = ""  # what the hash from outside is the hash of


def verify_log(log: IncidentLog, chain: Chain | None = None, against: str = "") -> Verification:
    """Every stream from its first event to its last, against every checkpoint that saw it, and all of it against one
    hash that was kept elsewhere (of a checkpoint or an event, or how it begins).

    Without checkpoints a flipped bit, a gap and a reorder are seen; a truncated tail, a deleted stream, and a rewrite
    by somebody who computes the hashes again are not. Without a hash from elsewhere the removal of the newest
    checkpoints is not, nor an old copy of the whole store.
    """
    chain = chain or Chain()
    result = Verification(faults=[*chain.faults])
    if chain.checkpoints:
        result.vouched = chain.checkpoints[-1]
    matches = [str(checkpoint) for checkpoint in chain.checkpoints if against and checkpoint.hash.startswith(against)]
    streams = list(log.incidents())
    for incident in streams:
        lines = log.lines(incident)
        faults = verify(incident, lines) or _against_checkpoints(log, incident, lines, chain)
        result.incidents, result.events = result.incidents + bool(lines), result.events + len(lines)
        result.faults += faults
        result.younger += max(0, len(lines) - (chain.seen[incident][-1][1].seq if incident in chain.seen else 0))
        if against and not faults:
            matches += [f"{incident} event {e.seq}" for e in map(parse, lines) if e.hash.startswith(against)]
    for incident in sorted(chain.seen.keys() - set(streams)):
        checkpoint, mark = chain.seen[incident][-1]
        result.faults.append(departure(incident, (), mark, str(checkpoint)))
    if matches:
        result.witness = matches[0]
    elif against:
        result.faults.append(
            f"no checkpoint and no event here has the hash {against}: this is an older copy of the log, or another log"
        )
    return result


def _against_checkpoints(log: IncidentLog, incident: str, lines: tuple[str, ...], chain: Chain) -> list[str]:
    events = tuple(map(parse, lines))
    for checkpoint, mark in chain.seen.get(incident, []):
        if gone := departure(incident, events, mark, str(checkpoint)):
            return [gone]
    try:
        log.read(incident)
    except BrokenRecord as error:  # what no checkpoint has seen yet may still be missed beside the stream
        return [str(error)]
    return []
