"""What Tidewatch needs of the world. Operations act through these; compose decides what stands behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from tidewatch.domain.oncall.duty import OnCallPlan
from tidewatch.domain.people import People
from tidewatch.domain.runbook import Runbook
from tidewatch.domain.storm import MODELS
from tidewatch.ports.blobs import Blobs
from tidewatch.ports.chat import Chat
from tidewatch.ports.clock import Clock
from tidewatch.ports.endpoints import Endpoints
from tidewatch.ports.heartbeat import Heartbeat
from tidewatch.ports.incident_log import IncidentLog
from tidewatch.ports.learning import Learning
from tidewatch.ports.pager import Pager
from tidewatch.ports.pictures import Pictures
from tidewatch.ports.queue import Queue
from tidewatch.ports.registry import Registry
from tidewatch.ports.scripts import Scripts
from tidewatch.ports.seal import Seal
from tidewatch.ports.tables import Tables


@dataclass(frozen=True, eq=False)
class Ports:
    clock: Clock
    blobs: Blobs
    log: IncidentLog
    queue: Queue
    chat: Chat
    registry: Registry
    scripts: Scripts
    tables: Tables
    pictures: Pictures
    learning: Learning
    endpoints: Endpoints
    seal: Seal
    people: People
    runbooks: Sequence[Runbook]
    channel: str  # where alerts go
    command: str  # the slash command people type, "/ml"
    storm_models: int = MODELS  # so many with one cause are a storm
    oncall: OnCallPlan = OnCallPlan()  # policies and rotas by team
    pagers: Sequence[Pager] = ()  # each call that must leave the chat goes out by all of them
    heartbeat: Heartbeat | None = None
