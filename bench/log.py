"""What does the incident log cost beside the floor under it? One process, one writer, the two sides taken in turns.

append, folder   ours over write + fsync of the same bytes at the end of a file
append, Azurite  ours over a bare append_block with the same append position condition (make node-tools)
fold             milliseconds for an incident of 1,000 events
open             listing 1,000 open incidents beside none and beside 100,000 closed ones
"""

import base64
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from bench.report import RESULTS, keep, say, verdict
from tidewatch.adapters.azure.incident_log import AzureIncidentLog
from tidewatch.adapters.local.incident_log import LocalIncidentLog
from tidewatch.compose import compose
from tidewatch.domain.events import Cause, Draft, Event, chain
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.opening import opened
from tidewatch.domain.model_spec import Response
from tidewatch.operations.report import MARKERS, open_incidents
from tidewatch.ports.incident_log import IncidentLog
from tidewatch.settings import Settings

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
AZURITE = Path("build/azurite/node_modules/.bin/azurite")


def finding(subject: str = "weight") -> Finding:
    evidence = {"statistics": {"ks": 0.9}, "limits": {"ks": 0.1}}
    return Finding(
        "bench/log", "drift", subject, "ks", 0.9, 0.1, "high", "2026-11-30", f"{subject} has drifted", evidence
    )


def first_event(incident: str, subject: str = "weight") -> Event:
    (event,) = chain(incident, [opened("Bench", [finding(subject)], Response(), {})], None, cause("0"), NOW)
    return event


def cause(key: str) -> Cause:
    return Cause("tidewatch", "blob", key)


def following(event: Event, number: int) -> Event:
    kind, data = (
        ("observed", {"findings": [finding().as_dict()]}),
        ("paged", {"person": "U0ANA", "tier": "L1", "why": "L1 is asked to take it"}),
        ("noted", {"text": {"sha256": "0" * 64, "author": "U0ANA"}}),
        ("window_passed", {"window": str(number)}),
    )[number % 4]
    (after,) = chain(event.incident, [Draft(kind, data)], event, cause(str(number)), NOW)
    return after


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alternate(log: IncidentLog, bare: Callable[[bytes], object], turns: int) -> tuple[float, float]:
    """Medians, seconds: our append of one event, and the bare one of the same bytes."""
    event = first_event("INC-1")
    log.append("INC-1", [event])
    ours: list[float] = []
    floor: list[float] = []
    for turn in range(turns):
        event = following(event, turn + 1)
        line = event.line().encode() + b"\n"
        sides = [
            lambda event=event: ours.append(seconds(lambda: log.append("INC-1", [event]))),
            lambda line=line: floor.append(seconds(lambda: bare(line))),
        ]
        for side in sides if turn % 2 else reversed(sides):
            side()
    return statistics.median(ours), statistics.median(floor)


def folder(turns: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(dir=RESULTS.parent) as root:
        handle = os.open(f"{root}/bare", os.O_WRONLY | os.O_CREAT)

        def bare(line: bytes) -> None:
            os.write(handle, line)
            os.fsync(handle)

        try:
            return alternate(LocalIncidentLog(Path(root) / "log"), bare, turns)
        finally:
            os.close(handle)


@contextmanager
def azurite() -> Iterator[BlobServiceClient]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    command = [str(AZURITE.absolute()), "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    command += ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    with (
        tempfile.TemporaryDirectory() as work,
        subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=work, env=os.environ | {"AZURITE_ACCOUNTS": f"bench:{key}"}, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            lines = iter(process.stdout or ())
            address = next(line for line in lines if "Blob service is successfully" in line).split()[-1]
            connection = (
                f"DefaultEndpointsProtocol=http;AccountName=bench;AccountKey={key};BlobEndpoint={address}/bench;"
            )
            with BlobServiceClient.from_connection_string(connection) as service:
                yield service
        finally:
            process.terminate()
            process.communicate()


def cloud(turns: int) -> tuple[float, float]:
    with azurite() as service:
        service.create_container("bare")
        blob = service.get_blob_client("bare", "stream")
        blob.create_append_blob()
        length = 0

        def bare(line: bytes) -> None:
            nonlocal length
            blob.append_block(line, length=len(line), appendpos_condition=length)
            length += len(line)

        return alternate(AzureIncidentLog(service), bare, turns)


def folding() -> float:
    """Milliseconds."""
    events = [first_event("INC-1")]
    for number in range(1, 1000):
        events.append(following(events[-1], number))
    return 1000 * statistics.median(seconds(lambda: fold(events)) for _ in range(21))


@dataclass(frozen=True)
class Home:
    root: Path

    def fill(self, first: int, count: int, *, marked: bool) -> None:
        """Streams as the log leaves them; synced once at the end, or this would take an hour."""
        log, markers = self.root / "log", self.root / "blobs" / MARKERS / "open/bench/log"
        log.mkdir(parents=True, exist_ok=True)
        markers.mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            incident = f"INC-{number}"
            event = first_event(incident, f"column {number}")
            (log / f"{incident}.jsonl").write_text(event.line() + "\n")
            if marked:
                (markers / f"{number:016x}.json").write_text(f'{{"incident": "{incident}"}}')


OPEN = 1000


def listing(closed: int) -> tuple[float, float]:
    """Seconds to list what is open beside no closed incident, and beside `closed` ones."""
    with tempfile.TemporaryDirectory(dir=RESULTS.parent) as root:
        homes = [Home(Path(root) / name) for name in ("alone", "beside")]
        for home in homes:
            home.fill(1_000_000, OPEN, marked=True)
        homes[1].fill(1001, closed, marked=False)
        ports = [compose(Settings(home=home.root)) for home in homes]
        assert [len(open_incidents(each)) for each in ports] == [OPEN] * 2  # noqa: S101 - the figure would mean nothing
        taken = [[seconds(lambda each=each: open_incidents(each)) for each in ports] for _ in range(9)]
        return statistics.median(alone for alone, _ in taken), statistics.median(beside for _, beside in taken)


def main() -> int:
    quick = "--quick" in sys.argv
    turns, closed = (200, 10_000) if quick else (2000, 100_000)
    ours, floor = folder(turns)
    say(f"append, folder: {ours * 1000:.3f} ms, write + fsync {floor * 1000:.3f} ms, medians of {turns}")
    held = [verdict("append over write + fsync, folder", ours / floor, "at most 1.5", ours / floor <= 1.5)]
    record = {"folder": [ours, floor]}
    if AZURITE.exists():
        ours, floor = cloud(turns // 2)
        say(f"append, Azurite: {ours * 1000:.3f} ms, bare {floor * 1000:.3f} ms, medians of {turns // 2}")
        held.append(
            verdict("append over a bare conditional one, Azurite", ours / floor, "at most 1.3", ours / floor <= 1.3)
        )
        record["azurite"] = [ours, floor]
    else:
        say("append, Azurite: not measured, `make node-tools` brings it")
    took = folding()
    held.append(verdict("fold of 1,000 events, ms", took, "at most 5", took <= 5))
    alone, beside = listing(closed)
    say(f"listing {OPEN:,} open: {alone:.3f} s alone, {beside:.3f} s beside {closed:,} closed")
    held.append(verdict("listing beside closed ones over alone", beside / alone, "at most 1.3", beside / alone <= 1.3))
    keep("log", record | {"fold_ms": took, "open": [alone, beside], "closed": closed})
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
