"""All works by their names."""

from tests.crash.jobs import Delivery, Queue, Runs
from tests.crash.work import Work
from tests.crash.writing import Log, Markers

WORKS: dict[str, Work] = {
    "log": Log(), "markers": Markers(), "delivery": Delivery(), "queue": Queue(), "runs": Runs(),
}  # fmt: skip
