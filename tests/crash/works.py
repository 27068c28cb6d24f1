"""Real work on real storage, from which a worker may be torn away at any moment, and what has to be true afterwards.

A work acknowledges what it has done; whoever was told so relies on it. After a death the worker starts again, as
people, feeds and the sweep make it start again: everything that was acknowledged is still there before anything is
done again (`kept`), and in the end everything is there once (`wrong`).
"""

import json
import pickle
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

from tests.bot.team import TOKEN
from tests.operations.house import CHANNEL, RUNBOOKS, House, furnish
from tests.operations.stand_ins import Dots, FolderRegistry, RecordingChat
from tidewatch.adapters.slack import SlackChat
from tidewatch.domain.events import Cause
from tidewatch.local_host import Host, HostSettings
from tidewatch.operations.checkpoints import take_checkpoint
from tidewatch.operations.deliver import CLAIM
from tidewatch.operations.jobs import carry_out
from tidewatch.operations.journal import JOBS, record, text_of
from tidewatch.operations.report import MARKERS, open_incidents, open_markers, report
from tidewatch.operations.respond import acknowledge, note
from tidewatch.operations.runbooks import start_run
from tidewatch.operations.sweep import sweep
from tidewatch.operations.verify_log import verify_log
from tidewatch.ports.blobs import BlobExists

INC = "INC-1001"
LEASE = 0.2  # seconds until a message that a dead host had received comes back
Ack = Callable[[str], None]


def house_at(root: Path) -> House:
    """The house that lies in a folder, as a process finds it that starts there."""
    registry = FolderRegistry(root / "registry")
    if (root / "registry.pickle").exists():
        registry = pickle.loads((root / "registry.pickle").read_bytes())  # noqa: S301 - written by `furnish_model`
        registry._root = root / "registry"
    chat: Any = RecordingChat()
    if (root / "chat").exists():
        chat = SlackChat(TOKEN, (root / "chat").read_text())
    made = furnish(root, chat, registry)
    made.change(pictures=Dots(), runbooks=(_remedy(root), *RUNBOOKS[1:]))
    return made


def _remedy(root: Path) -> Any:
    """Its Y leaves a line for every time that it ran."""
    ran = f"open({str(root / 'ran')!r}, 'a').write('ran\\n')"
    return RUNBOOKS[0].model_copy(update={"run": ["python", "-S", "-c", ran]})


def cause(key: str, user: str = "U0ANA") -> Cause:
    return Cause(user, "slack", key)


class Work:
    """What all have in common: afterwards the log is whole and holds every cause once."""

    is_done_again = False  # by people who were not answered, by feeds that were not acknowledged
    lies_in_the_home = True  # what it acknowledges; else it lies where the work went

    def prepare(self, root: Path) -> None:
        """What lies there already when the worker starts."""

    def work(self, root: Path, ack: Ack) -> None: ...

    def restart(self, root: Path) -> None:
        """What happens by itself after a death, without anybody doing the work again."""

    def kept(self, root: Path) -> set[str]:
        """Of what is acknowledged, all that can be found."""
        raise NotImplementedError

    def doubled(self, root: Path) -> Iterator[str]:
        """What is there more often than once, or is not as it should be."""
        yield from ()

    def wrong(self, root: Path) -> list[str]:
        house = house_at(root)
        said = [*verify_log(house.ports.log).faults, *self.doubled(root)]
        for incident in house.incidents():
            keys = Counter(event.key for event in house.events(incident))
            sequences = [event.seq for event in house.events(incident)]
            if sequences != [*range(1, len(sequences) + 1)]:
                said.append(f"{incident} has the events {sequences}")
            said += [f"{incident} holds {key} in {count} appends" for key, count in _appends(house, incident, keys)]
        return said


def _appends(house: House, incident: str, keys: Counter[str]) -> Iterator[tuple[str, int]]:
    """Causes whose events do not stand in one piece: they were recorded twice."""
    seen: list[str] = []
    for event in house.events(incident):
        if not seen or seen[-1] != event.key:
            seen.append(event.key)
    yield from ((key, count) for key, count in Counter(seen).items() if count > 1)


class Log(Work):
    """Notes of a person through operations/journal, in an incident that is there and in one that is not."""

    is_done_again = True
    notes = 2

    def prepare(self, root: Path) -> None:
        house = house_at(root)
        report(house.ports, [house.finding()], "before", "blob")
        house.forget_jobs()

    def work(self, root: Path, ack: Ack) -> None:
        house = house_at(root)
        for number in range(self.notes):
            note(house.ports, INC, f"looked at sensor {number}", cause(f"note:{number}"))
            ack(f"note:{number}")
        incident = house.incident(INC)
        opened = house.events(INC)[0]
        record(
            house.ports, "INC-1002", cause("second"),
            lambda now: [replace_draft(opened)] if now is None else [],
        )  # fmt: skip
        assert incident.id == INC
        ack("second")
        take_checkpoint(house.ports)
        ack("checkpoint")

    def kept(self, root: Path) -> set[str]:
        house, found = house_at(root), set()
        for incident in house.incidents():
            for event in house.events(incident):
                if event.kind != "noted" or text_of(house.ports, incident, event.data["text"]).startswith("looked at"):
                    found.add(event.key)
        if next(house.ports.blobs.list("incidents", "checkpoints/"), None):
            found.add("checkpoint")
        return found


def replace_draft(event: Any) -> Any:
    from tidewatch.domain.events import Draft  # noqa: PLC0415 - one line

    return Draft(event.kind, event.data)


class Markers(Work):
    """Findings become incidents: of a new signal, of one that is open, of one whose reopen window is over."""

    is_done_again = True
    keys = (("friday", "weight"), ("friday", "colour"), ("saturday", "weight"))

    def prepare(self, root: Path) -> None:
        house = house_at(root)
        report(house.ports, [house.finding("colour")], "long ago", "blob")
        from tidewatch.domain.events import Draft  # noqa: PLC0415

        record(house.ports, INC, cause("over"), lambda now: [Draft("resolved", {"sentence": "it was mended"})])
        house.later(days=60)
        house.forget_jobs()

    def work(self, root: Path, ack: Ack) -> None:
        house = house_at(root)
        for key, subject in self.keys:
            report(house.ports, [house.finding(subject)], key, "blob")
            ack(f"{key} {subject}")

    def kept(self, root: Path) -> set[str]:
        house = house_at(root)
        return {
            f"{event.key.removeprefix('finding:')} {house.incident(name).finding.subject}"
            for name in house.incidents()
            for event in house.events(name)
        }

    def doubled(self, root: Path) -> Iterator[str]:
        house = house_at(root)
        opened = Counter(incident.signal for incident in map(house.incident, house.incidents()) if incident.status != "resolved")
        yield from (f"{signal} has {count} open incidents" for signal, count in opened.items() if count > 1)
        marked = {marker.incident for marker in open_markers(house.ports)}
        for incident in open_incidents(house.ports):
            if incident.id not in marked:
                yield f"{incident.id} is open and has no marker"
        for name in house.incidents():
            if house.incident(name).status != "resolved" and name not in marked:
                yield f"{name} is open and no marker leads to it"
        assert MARKERS


class Delivery(Work):
    """What the log says appears in a chat that is really asked over HTTP."""

    lies_in_the_home = False

    def prepare(self, root: Path) -> None:
        house = house_at(root)
        report(house.ports, [house.finding()], "friday", "blob")
        acknowledge(house.ports, INC, cause("ack"))
        note(house.ports, INC, "looked at the feed", cause("note"))
        house.forget_jobs()

    def work(self, root: Path, ack: Ack) -> None:
        house = house_at(root)
        sweep(house.ports)
        house.run_jobs()
        ack("shown")

    def restart(self, root: Path) -> None:
        house = house_at(root)
        house.later(seconds=CLAIM.total_seconds() + 1)
        sweep(house.ports)
        house.run_jobs()

    def kept(self, root: Path) -> set[str]:
        posts = set(self._posts(root))
        return {"shown"} if posts >= {"1:card", "2", "3"} else set()

    def doubled(self, root: Path) -> Iterator[str]:
        posts = Counter(self._posts(root))
        yield from (f"the chat shows {post} {count} times" for post, count in posts.items() if count > 1)

    def _posts(self, root: Path) -> list[str]:
        client = WebClient(TOKEN, base_url=(root / "chat").read_text())
        posts = []
        for message in client.conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"]:
            posts.append(message["metadata"]["event_payload"]["post"])
            said = client.conversations_replies(channel=CHANNEL, ts=message["ts"], include_all_metadata=True)
            posts += [reply["metadata"]["event_payload"]["post"] for reply in said["messages"] if reply["ts"] != message["ts"]]
        return posts


APP = """
import azure.functions as func
from tests.crash.works import done_once

app = func.FunctionApp()


@app.queue_trigger(arg_name="message", queue_name="jobs", connection="")
def work(message: func.QueueMessage) -> None:
    done_once(message.get_body().decode())
"""


def done_once(body: str) -> None:
    """The effect of a message, under a key of its own; the first half of them send another one on."""
    order = json.loads(body)
    house = house_at(Path(order["root"]))
    if order["then"]:
        house.ports.queue.send(JOBS, json.dumps(order | {"do": order["then"], "then": ""}))
    try:
        house.ports.blobs.put("effects", order["do"], b"", if_absent=True)
    except BlobExists:
        return


class Queue(Work):
    """Messages are sent, and the local host hands them to a function that sends others."""

    sent = 1

    def prepare(self, root: Path) -> None:
        (root / "app").mkdir()
        (root / "app" / "function_app.py").write_text(APP)
        (root / "app" / "host.json").write_text('{"version": "2.0"}')
        house_at(root).forget_jobs()
        self._host(root).close()

    def work(self, root: Path, ack: Ack) -> None:
        queue = house_at(root).ports.queue
        for number in range(self.sent):
            queue.send(JOBS, json.dumps({"root": str(root), "do": f"first-{number}", "then": f"then-{number}"}))
            ack(f"first-{number}")
        with self._host(root) as host:
            while host.step():
                for effect in sorted(self._effects(root)):
                    if effect.startswith("then"):
                        ack(effect)

    def restart(self, root: Path) -> None:
        queue = house_at(root).ports.queue
        with self._host(root) as host:
            for _ in range(50):
                host.settle()
                if not queue.length(JOBS):
                    return
                time.sleep(LEASE / 4)

    def kept(self, root: Path) -> set[str]:
        return self._effects(root) | {order["do"] for order in self._waiting(root)}

    def doubled(self, root: Path) -> Iterator[str]:
        yield from (f"{order['do']} still waits" for order in self._waiting(root))
        effects = self._effects(root)
        for number in range(self.sent):
            if f"first-{number}" in effects and f"then-{number}" not in effects:
                yield f"first-{number} was done and what it sent was not"
        if house_at(root).ports.queue.length(f"{JOBS}-poison"):
            yield "a message was given up"

    def _host(self, root: Path) -> Host:
        sys.modules.pop("function_app", None)  # of another round
        house, settings = house_at(root), HostSettings.read(root / "app")
        return Host(
            root / "app", blobs=house.ports.blobs, queue=house.ports.queue, clock=house.ports.clock,
            state=root / "state", settings=replace(settings, lease=LEASE, settle=0.0, poll=0.0, max_dequeue_count=50),
        )  # fmt: skip

    def _effects(self, root: Path) -> set[str]:
        return {blob.name for blob in house_at(root).ports.blobs.list("effects")}

    def _waiting(self, root: Path) -> list[dict[str, str]]:
        import sqlite3  # noqa: PLC0415 - looks without receiving
        from contextlib import closing  # noqa: PLC0415

        house_at(root)
        with closing(sqlite3.connect(root / "queue.db")) as connection:
            return [json.loads(body) for (body,) in connection.execute("SELECT body FROM messages WHERE queue = ?", (JOBS,))]


class Runs(Work):
    """A person starts a runbook, a worker carries out its Y and its Z."""

    def work(self, root: Path, ack: Ack) -> None:
        house = house_at(root)
        start_run(house.ports, INC, "convert-unit", cause("run"))
        ack("run")
        self._jobs(house)
        ack(f"finished:{INC}-R1")

    def restart(self, root: Path) -> None:
        """The queue gives the job back; what nobody can finish any more the sweep ends."""
        house = house_at(root)
        for minutes in (6, 60, 60 * 24):
            house.later(minutes=minutes)
            sweep(house.ports)
            self._jobs(house)

    def kept(self, root: Path) -> set[str]:
        return {event.key for event in house_at(root).events(INC)}

    def doubled(self, root: Path) -> Iterator[str]:
        house = house_at(root)
        kinds = Counter(house.kinds(INC))
        for kind in ("runbook_started", "runbook_begun", "runbook_finished", "resolved"):
            if kinds[kind] > 1:
                yield f"{kind} is in the log {kinds[kind]} times"
        if kinds["runbook_started"] and not kinds["runbook_finished"]:
            yield "the run was started and never ended"
        ran = (root / "ran").read_text().count("ran") if (root / "ran").exists() else 0
        if ran > 1:
            yield f"Y ran {ran} times"
        if ran and not kinds["runbook_begun"]:
            yield "Y ran and the log does not say so"

    def _jobs(self, house: House) -> None:
        """Runs only: showing them has a work of its own."""
        while message := house.ports.queue.receive(JOBS, visibility=0.0):
            if '"run_runbook"' in message.body:
                carry_out(house.ports, message.body)
            house.ports.queue.delete(JOBS, message)


WORKS: dict[str, Work] = {
    "log": Log(), "markers": Markers(), "delivery": Delivery(), "queue": Queue(), "runs": Runs(),
}  # fmt: skip


def furnish_model(root: Path, house: House) -> None:
    """Lay a house with a model in it, and an alarm about its newest batch, into a folder."""
    made = house.copy(root)
    made.batch("2026-02-01", times=1.609344)
    made.forget_jobs()
    (root / "registry.pickle").write_bytes(pickle.dumps(made.ports.registry))


def missing(acknowledged: Sequence[str], kept: set[str]) -> list[str]:
    return [f"{name} was acknowledged and is lost" for name in acknowledged if name not in kept]


assert timedelta
