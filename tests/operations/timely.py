"""A model whose batches are expected, and the timer that looks for them."""

import json

from tests.operations.house import MODEL, SPEC, House
from tidewatch.domain.arrivals import Arrivals
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.timeliness import ARRIVALS, INDEX, QUEUE, follow_arrivals, send_overdue

DAILY = "schedules: {batches_every: 1d, batches_grace: 6h}\n"
FIRST, SECOND, THIRD, FOURTH, FIFTH = (f"2026-03-0{day}" for day in range(1, 6))  # the clock begins on 2 March, 03:00


def follow(house: House, more: str) -> House:
    """The small model, handed over again with these limits."""
    Shelf(house.ports, MODEL)._put("models", "spec.yaml", (SPEC + more).encode())
    follow_arrivals(house.ports, Shelf(house.ports, MODEL).spec())
    return house


def tick(house: House) -> int:
    """The timer fires and its jobs are done; says how many there were."""
    sent = send_overdue(house.ports)
    assert house.run_jobs(QUEUE) == ["timeliness"] * sent
    return sent


def entries(house: House) -> list[str]:
    return [blob.name for blob in house.ports.blobs.list(INDEX)]


def known(house: House) -> Arrivals:
    return Arrivals.from_dict(json.loads(house.ports.blobs.get(ARRIVALS, f"{MODEL}.json"))["arrivals"])


def checks(house: House) -> list[str]:
    return [house.incident(name).finding.check for name in house.incidents()]
