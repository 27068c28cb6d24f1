"""A remedy in the house changed as a test needs it, and run."""

from collections.abc import Callable

import pytest

from tests.operations.house import House
from tidewatch.domain.people import Refused
from tidewatch.operations.runbooks import start_run

INC, DAY, NEXT = "INC-1001", "2026-02-01", "2026-02-02"
READ = "import json, sys, pathlib; task = json.load(sys.stdin); work = pathlib.Path(task['work'])\n"
COPIES = READ + (
    "out = work / 'out' / 'corrected'; out.mkdir(parents=True)\n"
    "for window in task['windows']:\n"
    "    (out / f'{window}.parquet').write_bytes((work / 'batches' / f'{window}.parquet').read_bytes())\n"
)


def python(program: str) -> list[str]:
    return ["python", "-S", "-c", program]


NO = python('print(\'{"passed": false, "sentence": "still odd"}\'); raise SystemExit(1)')


def with_runbook(house: House, **change: object) -> None:
    """The first of the house, convert-unit, with other parts."""
    first, *others = house.ports.runbooks
    house.change(runbooks=(first.model_copy(update=change), *others))


def run(house: House, user: str = "U0ANA", **given: str) -> None:
    start_run(house.ports, INC, "convert-unit", house.by(user), given)
    house.run_jobs()


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        act()
    return str(refusal.value)
