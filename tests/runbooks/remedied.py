"""A small model whose spec lets every remedy work, and what a Y may have written."""

from typing import Any

import numpy as np

from tests.operations.house import House
from tests.runbooks.running import run, with_programs
from tidewatch.domain.incident.run import Run
from tidewatch.domain.table import Table
from tidewatch.operations.suggestion import suggestion

GOOD, DAY, NEXT = "2026-03-01", "2026-03-02", "2026-03-03"  # the clock begins on 2 March, 03:00
LIE = '{"passed": true, "sentence": "all is well"}'
WEIGHT = "weight: {type: number, unit: pounds, importance: high"
MORE = """
feeds:
  batch: {command: [python, refetch.py, batch]}
  labels: {command: [python, refetch.py, labels]}
schedules: {batches_every: 1d, batches_grace: 6h}
staleness: {labels: 2d}
"""


def ran(house: House, name: str, container: str, data: bytes | None) -> Run:
    """The suggested runbook, whose Y puts `data` where its proposal goes and says what Z would say."""
    suggested = suggestion(house.ports, house.incident())
    assert suggested is not None and suggested.name == name
    puts = f"print({LIE!r})\n"
    if data is not None:
        (house.root / "instead").write_bytes(data)
        puts += (
            f"out = work / 'out' / '{container}'\n"
            "out.mkdir(parents=True)\n"
            f"(out / '{DAY}.parquet').write_bytes(pathlib.Path({str(house.root / 'instead')!r}).read_bytes())\n"
        )
    with_programs(house, name, run=puts)
    return run(house)


def rows(house: House, day: str = DAY, **columns: Any) -> Table:
    """A day as the model answers it."""
    table = house.day(day, **columns)
    weight = table.columns["weight"]
    answer = np.where(np.isnan(weight), np.nan, weight > 37.5)
    kept = {name: values for name, values in table.columns.items() if name != "late"}
    return Table({**kept, "prediction": answer}, table.kinds)


def written(house: House, table: Table) -> bytes:
    return house.ports.tables.write(table)


def labels(house: House, day: str = DAY, **columns: Any) -> bytes:
    table = house.day(day, **columns)
    return written(house, Table({name: table.columns[name] for name in ("id", "late")}, table.kinds))
