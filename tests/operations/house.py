"""A house on real local adapters with a small model in it, and what tests do to the world around it."""

import json
import shutil
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tests.operations.stand_ins import Dots, FolderRegistry, RecordingChat
from tidewatch.adapters.local.blobs import LocalBlobs
from tidewatch.adapters.local.clock import FileClock
from tidewatch.adapters.local.endpoints import HttpEndpoints
from tidewatch.adapters.local.incident_log import LocalIncidentLog
from tidewatch.adapters.local.learning import SklearnLearning
from tidewatch.adapters.local.pictures import ResvgPictures
from tidewatch.adapters.local.queue import LocalQueue
from tidewatch.adapters.local.scripts import LocalScripts
from tidewatch.adapters.local.seal import Ed25519Seal
from tidewatch.adapters.local.tables import ArrowTables
from tidewatch.domain.events import Cause, Event
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.approving import promotion
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People, Person
from tidewatch.domain.performance.comparison import compare_versions
from tidewatch.domain.performance.outcomes import DayOutcome
from tidewatch.domain.runbook import Runbook
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table
from tidewatch.operations.hand_over import hand_over
from tidewatch.operations.jobs import carry_out
from tidewatch.operations.journal import JOBS, keep_text, load
from tidewatch.operations.request_approval import request_approval
from tidewatch.operations.row_checks import QUEUE as ROW_QUEUE
from tidewatch.operations.row_checks import carry_out as look_at_rows
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.take_labels import take_labels
from tidewatch.ports import Ports
from tidewatch.ports.chat import Chat
from tidewatch.ports.registry import Registry

ACME = Path(__file__).parent / "acme"
SPEC = (ACME / "spec.yaml").read_text()
MODEL = "acme/demo"
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
ROWS = 60  # a day
FIRST_TRAINING_DAY, TRAINING_DAYS = date(2026, 1, 1), 31
COLOURS = np.array(["red", "green", "blue"], dtype=object)
CHANNEL = "C0ALERTS"

PEOPLE = People(
    (
        Person("U0ANA", "Ana", "L1"),
        Person("U0BEN", "Ben", "L2"),
        Person("U0EVA", "Eva", "L2"),
        Person("U0CARA", "Cara", "L3"),
        Person("U0DAN", "Dan", "L2", ("other",)),
    )
)


def runbook(name: str, check: str, *, passed: bool) -> Runbook:
    """Its Y says one line, its Z gives the verdict."""
    said = json.dumps({"passed": passed, "sentence": "weight is usual again" if passed else "it is still the same"})
    return Runbook(
        name=name, title=f"do what {name} does", when={"checks": [check]}, touches="nothing", takes="about 1 s",
        run=["python", "-S", "-c", "print('looked')"],
        verify=["python", "-S", "-c", f"print({said!r}); raise SystemExit({0 if passed else 1})"],
        timeout=timedelta(minutes=1), folder=str(ACME),
    )  # fmt: skip


RUNBOOKS = (
    runbook("convert-unit", "scale", passed=True),
    runbook("rejoin-labels", "calibration_gap", passed=False),
)


@dataclass
class House:
    """The ports, and what a test does to the world around them."""

    root: Path
    ports: Ports
    keys: int = 0

    @property
    def chat(self) -> RecordingChat:
        assert isinstance(self.ports.chat, RecordingChat)
        return self.ports.chat

    def change(self, **ports: Any) -> None:
        """Put something else behind a port."""
        self.ports = replace(self.ports, **ports)

    def by(self, user: str) -> Cause:
        self.keys += 1
        return Cause(user, "slack", f"test:{self.keys}")

    def later(self, **span: float) -> None:
        clock = self.ports.clock
        assert isinstance(clock, FileClock)
        clock.set(clock.now() + timedelta(**span))

    def copy(self, root: Path) -> "House":
        """The same house elsewhere, with dots for pictures; its queue is empty."""
        for name in ("blobs", "log", "registry"):
            if (self.root / name).exists():
                shutil.copytree(self.root / name, root / name)
        made = furnish(root, deepcopy(self.chat), FolderRegistry(root / "registry", self.ports.registry))
        made.change(pictures=Dots())
        made.keys = self.keys
        made.later(seconds=(self.ports.clock.now() - NOW).total_seconds())
        return made

    # --- data --------------------------------------------------------------------------------------------

    def day(self, day: str, *, times: float = 1.0, late: float = 0.2, rows: int = ROWS, **columns: Any) -> Table:
        """A day's rows: `times` is what the weights are multiplied by, `late` the share of late parcels."""
        random = np.random.default_rng(int(day.replace("-", "")))
        table: dict[str, Any] = {
            "id": np.array([f"{day}/{row}" for row in range(rows)], dtype=object),
            "day": np.array([day] * rows, dtype=object),
            "weight": random.integers(1, 40, rows) * times,
            "colour": COLOURS[random.integers(0, 3, rows)],
            "income": random.integers(20, 90, rows).astype(np.float64),
            "score": np.full(rows, 0.2),
            "prediction": np.zeros(rows),
            "late": (np.arange(rows) < late * rows).astype(np.float64),
        }
        texts = ("id", "day", "colour")
        return Table(table | columns, {name: "text" if name in texts else "number" for name in table | columns})

    def parquet(self, table: Table, *, without: tuple[str, ...] = ()) -> bytes:
        kept = {name: values for name, values in table.columns.items() if name not in without}
        return self.ports.tables.write(Table(kept, table.kinds))

    def hand_over(self, spec: str = SPEC, folder: Path = ACME) -> None:
        with self.ports.scripts.workspace() as work:
            (work / "rate").write_text("0.2000")
            days = [(FIRST_TRAINING_DAY + timedelta(days=n)).isoformat() for n in range(TRAINING_DAYS)]
            training = self.parquet(Table.stack([self.day(day) for day in days]))
            hand_over(self.ports, spec, "spec.yaml", folder, training, work)

    def land(self, container: str, window: str, data: bytes, model: str = MODEL) -> str:
        """Put a file where feeds put theirs; gives the blob's name."""
        name = f"{model}/{window}.parquet"
        self.ports.blobs.put(container, name, data)
        return name

    def batch(self, window: str, **day: Any) -> None:
        data = self.parquet(self.day(window, **day), without=("late",))
        take_batch(self.ports, self.land("batches", window, data))

    def labels(self, window: str, **day: Any) -> None:
        table = self.day(window, **day)
        data = self.ports.tables.write(Table({n: table.columns[n] for n in ("id", "late")}, table.kinds))
        take_labels(self.ports, self.land("labels", window, data))

    def late_days(self, first: int, last: int, late: float = 0.6) -> None:
        """Batches and labels of days in February on which many more parcels were late than the model said."""
        for number in range(first, last + 1):
            self.batch(f"2026-02-{number:02d}")
            self.labels(f"2026-02-{number:02d}", late=late)

    def finding(self, subject: str = "weight", *, value: float = 0.9, model: str = MODEL, **fields: Any) -> Finding:
        """Drift of a column, as a check would report it."""
        sentence = fields.pop("sentence", f"{subject} is distributed differently")
        evidence = {"statistics": {"ks": value}, "limits": {"ks": 0.1}}
        return Finding(model, "drift", subject, "ks", value, 0.1, "high", "2026-02-01", sentence, evidence, **fields)

    def ask_to_promote(self, needed: int = 1, incident: str = "INC-1001") -> Approval:
        """Register a challenger, better by far on four days; Ben asks `needed` others whether to promote it."""
        with self.ports.scripts.workspace() as work:
            (work / "rate").write_text("0.6000")
            challenger = self.ports.registry.register(MODEL, work, properties={"run": f"test:{self.keys}"})
        champion = self.ports.registry.champion(MODEL)
        assert champion is not None
        days = {
            loss: [DayOutcome(f"2026-02-0{day}", "1", ROWS, ROWS, 36, 30, loss * ROWS) for day in range(5, 9)]
            for loss in (0.7, 0.5)
        }
        evidence = {
            "version": challenger.version, "artefact": challenger.artefact, "champion": champion.version,
            "trained_until": "2026-02-05", "comparison": compare_versions(days[0.7], days[0.5]).as_dict(),
        }  # fmt: skip
        why = keep_text(self.ports, incident, "the pattern changed", "U0BEN")
        ask = promotion(parse_spec(SPEC, "spec.yaml"), "U0BEN", why, evidence)
        return request_approval(self.ports, incident, replace(ask, needed=needed), self.by("tidewatch")).approvals[-1]

    # --- what came of it ---------------------------------------------------------------------------------

    def run_jobs(self, queue: str = JOBS) -> list[str]:
        """Carry out what waits in the queue, until nothing does; gives the verbs. A job that fails stays there."""
        done = []
        while message := self.ports.queue.receive(queue, visibility=600):
            try:
                carry_out(self.ports, message.body)
            except BaseException:
                self.ports.queue.release(queue, message)
                raise
            self.ports.queue.delete(queue, message)
            done.append(json.loads(message.body)["do"])
        return done

    def run_row_checks(self) -> list[str]:
        """Carry out the row checks that wait; gives their names."""
        done = []
        while message := self.ports.queue.receive(ROW_QUEUE, visibility=600):
            look_at_rows(self.ports, message.body)
            self.ports.queue.delete(ROW_QUEUE, message)
            done.append(json.loads(message.body)["do"])
        return done

    def forget_jobs(self) -> None:
        """The queue lost everything: what a crash between an append and its job amounts to."""
        while message := self.ports.queue.receive(JOBS, visibility=600):
            self.ports.queue.delete(JOBS, message)

    def incidents(self) -> list[str]:
        return list(self.ports.log.incidents())

    def incident(self, name: str = "") -> Incident:
        """The named one, or the newest."""
        return load(self.ports, name or self.incidents()[-1])

    def events(self, name: str = "") -> list[Event]:
        return list(self.ports.log.read(name or self.incidents()[-1]))

    def kinds(self, name: str = "") -> list[str]:
        return [event.kind for event in self.events(name)]


def furnish(root: Path, chat: Chat, registry: Registry) -> House:
    clock = FileClock(root / "clock.json")
    if not (root / "clock.json").exists():
        clock.set(NOW)
    return House(
        root,
        Ports(
            clock=clock, blobs=LocalBlobs(root / "blobs"), log=LocalIncidentLog(root / "log"),
            queue=LocalQueue(root / "queue.db"), chat=chat, registry=registry,
            scripts=LocalScripts(), tables=ArrowTables(), pictures=ResvgPictures(), people=PEOPLE,
            seal=Ed25519Seal("", root / "checkpoint-key.pem"),
            endpoints=HttpEndpoints(), learning=SklearnLearning(), runbooks=RUNBOOKS, channel=CHANNEL, command="/ml",
        ),
    )  # fmt: skip
