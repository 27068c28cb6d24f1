"""After an erasure: what the chat shows of the texts is replaced by what is left of them."""

from functools import partial

from tidewatch.domain.events import Event, as_today
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.state import Incident
from tidewatch.operations.deliver import LINE, Delivered, delivered_so_far
from tidewatch.operations.journal import text_of
from tidewatch.ports import Ports
from tidewatch.ports.chat import ChatMessage
from tidewatch.render.approval_card import approval_card
from tidewatch.render.blocks import cut
from tidewatch.render.thread import thread_line


def retell(ports: Ports, incident: str, texts: set[str]) -> None:
    """Edit every message that quoted one of these (their hashes), as far back as the chat finds messages.

    Raises ChatUnavailable; to be repeated then, which changes nothing that is done.
    """
    events = tuple(map(as_today, ports.log.read(incident)))
    state = fold(events)
    if state is None:
        return
    delivered, card = delivered_so_far(ports, incident), ""
    for event in events[: delivered.shown]:
        if event.kind in ("opened", "reopened"):
            card = delivered.cards.get(str(event.seq)) or delivered.card
        if any(isinstance(value, dict) and value.get("sha256") in texts for value in event.data.values()):
            _retell_event(ports, event, state, delivered, card)


def _retell_event(ports: Ports, event: Event, state: Incident, delivered: Delivered, card: str) -> None:
    text = partial(text_of, ports, state.id)
    line = thread_line(event, state, ports.people, text)
    posted = ports.chat.find(delivered.channel, {"incident": state.id, "post": str(event.seq)}, thread=card)
    if line and posted:
        ports.chat.update(delivered.channel, posted.ts, ChatMessage(cut(line, LINE)))
    approval = state.approval(event.data.get("request", ""))
    if approval and (message := delivered.requests.get(approval.id)):
        ports.chat.update(
            delivered.channel, message, approval_card(state, approval, ports.people, text)
        )  # fmt: skip
