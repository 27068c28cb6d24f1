"""Show what the log says. The log decides; this only follows, and catches up after whatever went wrong.

A delivery record per incident says how far the chat has been told. Posts have no idempotency key: before a post
whose outcome is unknown is tried again, the chat is searched for the metadata it would carry.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial

from tidewatch.domain.events import Event
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.quiet import CAME, is_loud
from tidewatch.domain.incident.state import Incident
from tidewatch.operations.journal import send_job, text_of
from tidewatch.operations.picture import draw
from tidewatch.operations.suggestion import suggestion
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound
from tidewatch.ports.chat import ChatMessage
from tidewatch.render.approval_card import approval_card
from tidewatch.render.blocks import cut
from tidewatch.render.cards import Picture, incident_card, superseded_card
from tidewatch.render.run_message import run_message
from tidewatch.render.thread import shortened, thread_line

DELIVERY = "delivery"
CLAIM = timedelta(seconds=60)  # a deliverer that died is believed dead after this
RUN_EVENTS = ("runbook_started", "cancel_requested", "runbook_finished")
LINE = 3900  # characters of one line in a thread: Slack refuses or splits what is longer than 4,000


@dataclass
class Delivered:
    """How far the chat was told about one incident."""

    channel: str
    shown: int = 0  # events that have had their thread lines and messages
    drawn: int = 0  # the version the card shows
    card: str = ""  # ts of the card
    cards: dict[str, str] = field(default_factory=dict)  # sequence of what opened or reopened it -> ts of its card
    requests: dict[str, str] = field(default_factory=dict)  # approval request -> ts of its message
    runs: dict[str, str] = field(default_factory=dict)  # run -> ts of its message
    file: str = ""
    alt: str = ""
    trying: str = ""  # the post that was begun and whose outcome is not known yet
    posted: dict[str, str] = field(default_factory=dict)  # what the event after `shown` has had so far -> ts
    claimed: str = ""  # until when somebody is at work on this


def is_behind(ports: Ports, incident: Incident) -> bool:
    if not incident.in_channel:
        return False
    delivered = delivered_so_far(ports, incident.id)
    return min(delivered.shown, delivered.drawn) < incident.version


def delivered_so_far(ports: Ports, incident: str) -> Delivered:
    return _read(ports, incident)[0]


def run_message_of(ports: Ports, incident: str, run: str) -> tuple[str, str] | None:
    """Channel and ts of the message that shows how a run is going, once it was posted."""
    delivered, _ = _read(ports, incident)
    return (delivered.channel, delivered.runs[run]) if run in delivered.runs else None


def deliver(ports: Ports, incident: str) -> None:
    """Bring the chat up to the log. Raises ChatUnavailable with all progress kept; several at once do no harm."""
    delivered, etag = _read(ports, incident)
    now = ports.clock.now()
    if delivered.claimed and now < datetime.fromisoformat(delivered.claimed) <= now + CLAIM:
        return
    delivered.claimed = (now + CLAIM).isoformat()
    try:
        _save(ports, incident, delivered, etag)
    except (BlobChanged, BlobExists):
        return
    try:
        _Delivery(ports, incident, delivered).run()
    finally:
        delivered.claimed = ""
        _save(ports, incident, delivered)
    if len(ports.log.read(incident)) > delivered.drawn:  # appended while the record was still claimed
        send_job(ports, {"do": "deliver", "incident": incident})


@dataclass(frozen=True)
class _Delivery:
    ports: Ports
    incident: str
    delivered: Delivered

    def run(self) -> None:
        """Also what was appended while this ran: its own job found the record claimed."""
        events = self.ports.log.read(self.incident)
        while (state := fold(events)) and state.in_channel and self.delivered.drawn < len(events):
            for event in events[self.delivered.shown :]:
                self._show(event, state)
                self.delivered.shown = event.seq
                self.delivered.posted.clear()
                self._keep()
            if self.delivered.card:
                self.ports.chat.update(self.delivered.channel, self.delivered.card, self._card(state))
            self.delivered.drawn = state.version
            self._keep()
            events = self.ports.log.read(self.incident)

    def _show(self, event: Event, state: Incident) -> None:
        if is_loud(event) and (event.kind in CAME or not self.delivered.card):
            self._new_card(event, state)
        if not self.delivered.card:
            return  # nobody was to hear of it so far
        request = event.data.get("request", "")
        if event.kind == "approval_requested":
            self.delivered.requests[request] = self._post(f"{event.seq}:approval", self._question(state, request))
        elif request in self.delivered.requests:
            self.ports.chat.update(
                self.delivered.channel, self.delivered.requests[request], self._question(state, request)
            )  # fmt: skip
        if event.data.get("run", "") and event.kind in RUN_EVENTS:
            self._show_run(event, state)
        line = thread_line(event, state, self.ports.people, partial(text_of, self.ports, self.incident))
        if line and event.kind != "runbook_started":
            self._post(str(event.seq), ChatMessage(cut(line, LINE)), self.delivered.card)

    def _show_run(self, event: Event, state: Incident) -> None:
        """A message of its own while it runs, which others edit meanwhile; at the end, all that it said as a file."""
        name: str = event.data["run"]
        run = state.run(name)
        assert run is not None  # noqa: S101 - the event that names it has been folded
        if event.kind == "runbook_started":
            message = run_message(run, self.ports.people)
            self.delivered.runs[name] = self._post(str(event.seq), message, self.delivered.card)
        elif name in self.delivered.runs:
            self.ports.chat.update(
                self.delivered.channel, self.delivered.runs[name], run_message(run, self.ports.people)
            )
        said = text_of(self.ports, self.incident, event.data.get("output"))
        if shortened(said):
            self.ports.chat.attach(self.delivered.channel, self.delivered.card, f"{name}.txt", said)

    def _new_card(self, event: Event, state: Incident) -> None:
        """A new incident, or one that came back: the only things that deserve a new message in the channel."""
        before, self.delivered.file = self.delivered.card, ""
        self._picture(state)
        card = self._post(f"{event.seq}:card", self._card(state))
        if before and before != card:
            self.ports.chat.update(self.delivered.channel, before, superseded_card(state))
        self.delivered.card = self.delivered.cards[str(event.seq)] = card

    def _picture(self, state: Incident) -> None:
        drawn = draw(self.ports, state)
        if drawn:
            svg, alt = drawn
            png = self.ports.pictures.rasterise(svg)
            self.delivered.file = self.ports.chat.upload(f"{state.id}.png", png, title=state.title)
            self.delivered.alt = alt

    def _card(self, state: Incident) -> ChatMessage:
        picture = Picture(self.delivered.file, self.delivered.alt) if self.delivered.file else None
        return incident_card(state, self.ports.people, suggestion(self.ports, state), picture)

    def _question(self, state: Incident, request: str) -> ChatMessage:
        approval = state.approval(request)
        assert approval is not None  # noqa: S101 - the event that names it has been folded
        return approval_card(state, approval, self.ports.people, partial(text_of, self.ports, self.incident))

    def _post(self, name: str, message: ChatMessage, thread: str | None = None) -> str:
        metadata, chat = {"incident": self.incident, "post": name}, self.ports.chat
        if name in self.delivered.posted:
            return self.delivered.posted[name]
        found = chat.find(self.delivered.channel, metadata, thread=thread) if self.delivered.trying == name else None
        if found is None:
            self.delivered.trying = name
            self._keep()
            found = chat.post(self.delivered.channel, message, metadata=metadata, thread=thread)
        self.delivered.trying, self.delivered.posted[name] = "", found.ts
        return found.ts

    def _keep(self) -> None:
        """Progress renews the claim: many messages take the chat longer than a dead deliverer is waited for."""
        self.delivered.claimed = (self.ports.clock.now() + CLAIM).isoformat()
        _save(self.ports, self.incident, self.delivered)


def _read(ports: Ports, incident: str) -> tuple[Delivered, str | None]:
    name = f"{incident}.json"
    info = ports.blobs.stat(DELIVERY, name)
    try:
        if info:
            return Delivered(**json.loads(ports.blobs.get(DELIVERY, name))), info.etag
    except BlobNotFound:
        pass
    return Delivered(ports.channel), None


def _save(ports: Ports, incident: str, delivered: Delivered, etag: str | None = "") -> None:
    """With an etag, or None for a first record, only when nobody else wrote in the meantime."""
    data = json.dumps(asdict(delivered)).encode()
    if etag == "":
        ports.blobs.put(DELIVERY, f"{incident}.json", data)
    else:
        ports.blobs.put(DELIVERY, f"{incident}.json", data, if_absent=etag is None, if_match=etag)
