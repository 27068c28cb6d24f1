"""After an erasure: what the chat shows of the texts is replaced by what is left of them."""

from dataclasses import dataclass

from tidewatch.domain.events import as_today
from tidewatch.domain.incident.fold import fold
from tidewatch.operations.deliver import LINE, delivered_so_far
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
        text = _Texts(ports, incident, texts)
        line = thread_line(event, state, ports.people, text)
        if line and text.quoted:
            posted = ports.chat.find(delivered.channel, {"incident": incident, "post": str(event.seq)}, thread=card)
            if posted:
                ports.chat.update(delivered.channel, posted.ts, ChatMessage(cut(line, LINE)))
    for approval in state.approvals:
        text = _Texts(ports, incident, texts)
        question = approval_card(state, approval, ports.people, text)
        if text.quoted and (message := delivered.requests.get(approval.id)):
            ports.chat.update(delivered.channel, message, question)


@dataclass
class _Texts:
    """What a reference stands for, and whether one of the erased was asked for."""

    ports: Ports
    incident: str
    erased: set[str]
    quoted: bool = False

    def __call__(self, reference: object) -> str:
        self.quoted |= isinstance(reference, dict) and reference.get("sha256") in self.erased
        return text_of(self.ports, self.incident, reference)
