"""Many processes that find the same thing and write to one incident in the same instant: HOME COUNT."""

import os
import sys
from pathlib import Path

from tests.crash.work import cause, house_at
from tidewatch.operations.report import report
from tidewatch.operations.respond import note


def main(root: Path, count: int) -> int:
    house_at(root)
    gate, opener = os.pipe()
    children = []
    for number in range(count):
        if not (child := os.fork()):
            os.close(opener)
            os.read(gate, 1)  # until all are there
            _act(root, number)
            os._exit(0)
        children.append(child)
    os.close(opener)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


def _act(root: Path, number: int) -> None:
    house = house_at(root)
    (incident,) = report(house.ports, [house.finding()], f"batch-{number}", "blob")
    note(house.ports, incident, f"looked at sensor {number}", cause(f"note:{number}"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
