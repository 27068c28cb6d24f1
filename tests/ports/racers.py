"""What several threads or processes do to one adapter at the same moment. As a program: RACE PLACE NUMBER."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidewatch.adapters.local.blobs import LocalBlobs
from tidewatch.adapters.local.clock import SystemClock
from tidewatch.adapters.local.incident_log import LocalIncidentLog
from tidewatch.adapters.local.queue import LocalQueue
from tidewatch.domain.events import Cause, Draft, chain
from tidewatch.domain.finding import Finding
from tidewatch.domain.people import People
from tidewatch.operations.numbering import next_number
from tidewatch.operations.report import report
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobExists, Blobs
from tidewatch.ports.incident_log import Conflict, IncidentLog
from tidewatch.ports.queue import Queue

NOW = datetime(2026, 3, 2, 3, 4, tzinfo=UTC)
APPENDS = 25
JOBS = 60
THREADS = 8
NUMBERS = 8

Place = dict[str, str]


@contextmanager
def opened_blobs(place: Place) -> Iterator[Blobs]:
    if place["kind"] == "local":
        yield LocalBlobs(Path(place["root"]) / "blobs")
        return
    from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - heavy, loaded where it is used

    from tidewatch.adapters.azure.blobs import AzureBlobs  # noqa: PLC0415 - heavy, loaded where it is used

    with BlobServiceClient.from_connection_string(place["connection"]) as service:
        yield AzureBlobs(service)


@contextmanager
def opened_queue(place: Place) -> Iterator[Queue]:
    if place["kind"] == "local":
        yield LocalQueue(Path(place["root"]) / "queue.sqlite")
        return
    from azure.storage.queue import QueueServiceClient  # noqa: PLC0415 - heavy, loaded where it is used

    from tidewatch.adapters.azure.queue import AzureQueue  # noqa: PLC0415 - heavy, loaded where it is used

    with QueueServiceClient.from_connection_string(place["connection"]) as service:
        yield AzureQueue(service)


@contextmanager
def opened_incident_log(place: Place) -> Iterator[IncidentLog]:
    if place["kind"] == "local":
        yield LocalIncidentLog(Path(place["root"]) / "incidents")
        return
    from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - heavy, loaded where it is used

    from tidewatch.adapters.azure.incident_log import AzureIncidentLog  # noqa: PLC0415 - heavy, loaded where it is used

    with BlobServiceClient.from_connection_string(place["connection"]) as service:
        yield AzureIncidentLog(service)


def mark(blobs: Blobs, number: int) -> bool:
    """Whether this racer put the marker."""
    try:
        blobs.put("markers", "open/signal", str(number).encode(), if_absent=True)
    except BlobExists:
        return False
    return True


def number(blobs: Blobs, _: int) -> list[str]:
    """The incident ids that this racer was given."""
    return [next_number(blobs) for _ in range(NUMBERS)]


def write(log: IncidentLog, number: int) -> int:
    """Append one event after the other; give how often somebody else was faster."""
    conflicts = 0
    for turn in range(APPENDS):
        while True:
            stream = log.read("INC-1")
            cause = Cause(f"writer-{number}", "cli", f"{number}-{turn}")
            try:
                log.append("INC-1", chain("INC-1", [Draft("noted")], stream[-1] if stream else None, cause, NOW))
                break
            except Conflict:
                conflicts += 1
                time.sleep(0.02 * number)  # so that not all of them come back at once
    return conflicts


def work(queue: Queue, number: int) -> list[str]:
    """Do jobs until none is left; give those that this racer finished."""
    done = []
    while message := queue.receive("jobs", visibility=60):
        if queue.delete("jobs", message):
            done.append(message.body)
    return done


@contextmanager
def opened_house(place: Place) -> Iterator[Ports]:
    """The ports that a report acts through; nothing stands behind the others."""
    with opened_blobs(place) as blobs, opened_queue(place) as queue, opened_incident_log(place) as log:
        nothing: dict[str, Any] = dict.fromkeys(f.name for f in fields(Ports) if f.default is MISSING)
        there = {"clock": SystemClock(), "blobs": blobs, "queue": queue, "log": log, "people": People()}
        yield Ports(**nothing | there | {"channel": "C0ALERTS"})


def tell(ports: Ports, number: int) -> list[str]:
    """Several threads report one signal at the same moment; give the incident each of them was told."""
    start = threading.Barrier(THREADS)

    def one(thread: int) -> str:
        start.wait()
        finding = Finding("acme/demo", "drift", "weight", "ks", 0.9, 0.1, "high", "2026-02-01", "weight has drifted")
        return report(ports, [finding], f"writer {number}-{thread}", "blob")[0]

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


RACES: dict[str, tuple[Callable[[Place], AbstractContextManager[Any]], Callable[[Any, int], Any]]] = {
    "mark": (opened_blobs, mark),
    "number": (opened_blobs, number),
    "write": (opened_incident_log, write),
    "work": (opened_queue, work),
    "tell": (opened_house, tell),
}


def main(race: str, place: Place, number: int) -> None:
    opened, run = RACES[race]
    with opened(place) as adapter:
        _say("ready")
        sys.stdin.readline()
        _say(json.dumps(run(adapter, number)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]))
