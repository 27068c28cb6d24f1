"""Everything that an account of an incident rests on, gathered from where it lies."""

from collections.abc import Callable
from functools import partial

from tidewatch.domain.checkpoint import read_chain
from tidewatch.domain.events import as_today, verify
from tidewatch.domain.incident.fold import fold
from tidewatch.operations.checkpoints import is_genuine, stored_checkpoints
from tidewatch.operations.deliver import delivered_so_far
from tidewatch.operations.journal import INCIDENT, MACHINE, UnknownIncident, send_job, text_of
from tidewatch.operations.picture import draw
from tidewatch.operations.shelf import Shelf
from tidewatch.ports import Ports
from tidewatch.ports.seal import NoKey
from tidewatch.render.postmortem import Account, Source, account, found, summary
from tidewatch.render.postmortem_markdown import markdown

TextOf = Callable[[object], str]


def postmortem(ports: Ports, incident: str) -> tuple[Account, tuple[str, str] | None]:
    """The account, and its picture (SVG and what a screen reader says). Raises UnknownIncident, BrokenRecord."""
    source = _source(ports, incident, partial(text_of, ports, incident), _witness(ports, incident))
    return account(source, ports.clock.now()), draw(ports, source.incident, as_it_came=True)


def post_timeline(ports: Ports, incident: str) -> None:
    """Put the whole account into the thread, as a file; again only when the log has grown. What people wrote is not
    copied: it stands in the thread, where it can be erased. Raises ChatUnavailable."""
    delivered = delivered_so_far(ports, incident)
    if not delivered.card:
        return

    def text(reference: object) -> str:
        by_machine = isinstance(reference, dict) and reference.get("author") == MACHINE
        return text_of(ports, incident, reference) if by_machine else "(in the thread)" if reference else ""

    told = account(_source(ports, incident, text, ""), ports.clock.now())
    ports.chat.attach(delivered.channel, delivered.card, f"{incident}-event-{told.events}.md", markdown(told))


def short_account(ports: Ports, incident: str) -> str:
    """The summary. When there is a thread, the whole is put into it as a file. Raises UnknownIncident."""
    source = _source(ports, incident, lambda _: "", "", counted=False)
    if not delivered_so_far(ports, incident).card:
        return summary(source, ports.clock.now())
    send_job(ports, {"do": "post_timeline", "incident": incident})
    return f"{summary(source, ports.clock.now())} The whole comes as a file into its thread."


def _source(ports: Ports, incident: str, text: TextOf, witness: str, counted: bool = True) -> Source:
    events = tuple(map(as_today, ports.log.read(incident))) if INCIDENT.fullmatch(incident) else ()
    state = fold(events)
    if state is None:
        raise UnknownIncident(incident)
    shelf = Shelf(ports, state.model)
    records = {finding.window: shelf.window(finding.window) for finding in found(events) if counted}
    rows = {window: record.rows for window, record in records.items() if record}
    return Source(state, events, ports.people, text, rows, witness)


def _witness(ports: Ports, incident: str) -> str:
    """What vouches for the stream beside its own chain, in a sentence."""
    if faults := verify(incident, ports.log.lines(incident)) if INCIDENT.fullmatch(incident) else []:
        return f"BROKEN: {faults[0]}."
    try:
        chain = read_chain(stored_checkpoints(ports.blobs), lambda checkpoint: is_genuine(ports, checkpoint))
    except NoKey as error:
        return f"No checkpoint was looked at: {error}."
    if not (seen := chain.seen.get(incident)):
        return "No checkpoint has seen it yet."
    checkpoint, mark = seen[-1]
    return f"Vouched for up to event {mark.seq} by {checkpoint}; hash {checkpoint.hash}."
