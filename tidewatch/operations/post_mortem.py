"""Writing up an incident, from the log and from what the shelf remembers."""

from functools import partial

from tidewatch.domain.checkpoint import Checkpoint
from tidewatch.domain.incident.fold import fold
from tidewatch.operations.checkpoints import saw
from tidewatch.operations.deliver import delivered_so_far
from tidewatch.operations.journal import INCIDENT, MACHINE, UnknownIncident, text_of
from tidewatch.operations.picture import draw
from tidewatch.operations.shelf import Shelf
from tidewatch.ports import Ports
from tidewatch.render.postmortem import Around, Record, windows_of, write_up
from tidewatch.render.postmortem_forms import as_markdown
from tidewatch.render.thread import TextOf

Picture = tuple[str, str]


def post_mortem(ports: Ports, incident: str, texts: TextOf | None = None) -> tuple[Record, Picture | None]:
    """The write-up, with the picture that goes onto its page, if there is one. `texts` gives the text behind a
    reference, if it is not the one in the store. Raises UnknownIncident, and BrokenRecord for a damaged stream."""
    events = ports.log.read(incident) if INCIDENT.fullmatch(incident) else ()
    state = fold(events)
    if state is None:
        raise UnknownIncident(incident)
    shelf = Shelf(ports, state.model)
    found = {window: shelf.window(window) for window in windows_of(events)}
    rows = {window: record.rows for window, record in found.items() if record}
    witness: Checkpoint | None = saw(ports, events[-1])
    around = Around(rows, witness, draw(ports, state))
    return write_up(state, events, ports.people, texts or partial(text_of, ports, incident), around), around.picture


def attach_timeline(ports: Ports, incident: str) -> None:
    """The whole as a file in the incident's thread. What people wrote stays in the thread alone: from a file it could
    not be erased. Raises UnknownIncident, ChatUnavailable."""
    delivered = delivered_so_far(ports, incident)
    if not delivered.card:
        return

    def texts(reference: object) -> str:
        if not isinstance(reference, dict) or not reference:
            return ""
        return text_of(ports, incident, reference) if reference.get("author") == MACHINE else "(in the thread)"

    record, _ = post_mortem(ports, incident, texts)
    name = f"{incident}-to-event-{record['head']['event']}.md"
    ports.chat.attach(delivered.channel, delivered.card, name, as_markdown(record))
