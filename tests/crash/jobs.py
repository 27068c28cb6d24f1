"""What is carried out from the queue: deliveries, runs of runbooks, and any function of the local host."""

import json
import pickle
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from slack_sdk import WebClient

from tests.bot.team import TOKEN
from tests.crash.work import INC, Ack, Work, cause, house_at
from tests.operations.house import CHANNEL, House
from tidewatch.local_host import Host, HostSettings
from tidewatch.operations.deliver import CLAIM
from tidewatch.operations.jobs import carry_out
from tidewatch.operations.journal import JOBS
from tidewatch.operations.report import report
from tidewatch.operations.respond import acknowledge, note
from tidewatch.operations.runbooks import start_run
from tidewatch.operations.sweep import sweep
from tidewatch.ports.blobs import BlobExists

LEASE = 0.2  # seconds until a message that a dead host had received comes back


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
            posts += [
                reply["metadata"]["event_payload"]["post"] for reply in said["messages"] if reply["ts"] != message["ts"]
            ]
        return posts


APP = """
import azure.functions as func
from tests.crash.jobs import done_once

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

        house_at(root)
        with closing(sqlite3.connect(root / "queue.db")) as connection:
            return [
                json.loads(body) for (body,) in connection.execute("SELECT body FROM messages WHERE queue = ?", (JOBS,))
            ]


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


def furnish_model(root: Path, house: House) -> None:
    """Lay a house with a model in it, and an alarm about its newest batch, into a folder."""
    made = house.copy(root)
    made.batch("2026-02-01", times=1.609344)
    made.forget_jobs()
    (root / "registry.pickle").write_bytes(pickle.dumps(made.ports.registry))
