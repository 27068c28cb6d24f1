"""One feed breaks and 412, then 18,000 models report it: what does a model of the storm cost, and who hears of it?

On a folder, one process. Beside it, in the same run, the floor: as many incidents of models that have nothing in
common, each opening alone. A storm must cost a model no more than opening alone does, its last thousand no more than
its first, and the chat must get at most the cards of those that came before it was a storm, and its own.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from bench.report import keep, say, table, verdict
from tidewatch.adapters.local.blobs import LocalBlobs
from tidewatch.adapters.local.clock import SystemClock
from tidewatch.adapters.local.incident_log import LocalIncidentLog
from tidewatch.adapters.local.queue import LocalQueue
from tidewatch.domain.finding import Finding
from tidewatch.domain.people import People, Person
from tidewatch.domain.storm import MODELS
from tidewatch.operations.journal import load
from tidewatch.operations.report import report
from tidewatch.operations.sweep import sweep
from tidewatch.ports import Ports

STORMS = (412, 18_000)
SLICE = 400  # models at the beginning and at the end that are compared
MOST_COST, MOST_GROWTH = 1.25, 1.25


class Counting:
    """A port that counts what is asked of it."""

    def __init__(self, inner: Any, calls: Counter[str]) -> None:
        self._inner, self._calls = inner, calls

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)

        def counted(*given: Any, **named: Any) -> Any:
            self._calls[name] += 1
            return inner(*given, **named)

        return counted


@contextmanager
def house(calls: Counter[str]) -> Iterator[Ports]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        nothing: dict[str, Any] = dict.fromkeys(f.name for f in fields(Ports) if f.default is MISSING)
        there = {
            "clock": SystemClock(), "blobs": Counting(LocalBlobs(root / "blobs"), calls),
            "log": Counting(LocalIncidentLog(root / "log"), calls), "queue": LocalQueue(root / "queue.db"),
            "people": People((Person("U0ANA", "Ana", "L1"),)), "runbooks": (), "channel": "C0",
        }  # fmt: skip
        yield Ports(**nothing | there)


def finding(model: str, column: str) -> Finding:
    sentence = f"{column} is distributed differently"
    return Finding(model, "drift", column, "ks", 0.9, 0.1, "high", "2026-02-01", sentence)


def minute(ports: Ports, models: int) -> tuple[list[float], list[float]]:
    """Seconds that the report of each model of the storm takes, and, by turns with the first ones, of one alone."""
    storm, alone = list[float](), list[float]()
    for number in range(models):
        storm.append(seconds(ports, finding(f"acme/model-{number}", "temperature")))
        if number < SLICE:
            alone.append(seconds(ports, finding(f"acme/alone-{number}", f"column-{number}")))
    return storm, alone


def seconds(ports: Ports, found: Finding) -> float:
    began = time.perf_counter()
    report(ports, [found], "monday", "blob")
    return time.perf_counter() - began


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main(quick: bool) -> int:
    rows, record, good = [], {}, True
    for models in STORMS[:1] if quick else STORMS:
        calls = Counter[str]()
        with house(calls) as ports:
            took, others = minute(ports, models)
            each = sum(calls.values()) / (models + len(others))
            alone = median(others)
            began = time.perf_counter()
            sweep(ports)
            swept = time.perf_counter() - began
            incidents = [load(ports, name) for name in ports.log.incidents()]
            (parent,) = [incident for incident in incidents if incident.signal.family == "storm"]
            heard = sum(incident.in_channel for incident in incidents if incident.id == parent.id or incident.storm)
        first, last = median(took[MODELS : SLICE + MODELS]), median(took[-SLICE:])
        rows.append((f"{models:,}", f"{1e3 * alone:.1f}", f"{1e3 * first:.1f}", f"{1e3 * last:.1f}", f"{each:.1f}",
                     f"{swept:.1f}", heard))  # fmt: skip
        record[str(models)] = {"alone": alone, "first": first, "last": last, "calls": each, "sweep": swept}
        say(f"{models:,} models")
        good &= verdict("cards in the channel", heard, f"≤ {MODELS}", heard <= MODELS)
        good &= verdict("models the storm knows of", len(parent.members), f"{models}", len(parent.members) == models)
        good &= verdict(
            "a model of the storm, of one alone", first / alone, f"≤ {MOST_COST}", first <= MOST_COST * alone
        )
        good &= verdict("the last of them, of the first", last / first, f"≤ {MOST_GROWTH}", last <= MOST_GROWTH * first)
    say()
    table(("models", "alone, ms", "in the storm, ms", "its last, ms", "calls a model", "sweep, s", "cards"), rows)
    keep("storm", record)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main("--quick" in sys.argv))
