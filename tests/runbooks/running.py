"""Carrying out a run, and looking at what became of the data."""

from collections.abc import Mapping
from pathlib import Path

from tests.operations.house import MODEL, House
from tidewatch.domain.incident.run import Run
from tidewatch.domain.table import Table
from tidewatch.operations.runbooks import carry_out_run, start_run
from tidewatch.operations.shelf import Shelf

SHIPPED = Path(__file__).parents[2] / "runbooks"
CONTAINERS = ("batches", "labels", "corrected", "models", "profiles", "windows", "metrics", "quarantine")


def run(house: House, name: str = "") -> Run:
    """Start the runbook as Ana, carry it out, and give the run with its verdict."""
    incident = house.incidents()[-1]
    started, _ = start_run(house.ports, incident, name, house.by("U0ANA"))
    carry_out_run(house.ports, incident, started.runs[-1].id)
    return house.incident().runs[-1]


def with_script(house: House, name: str, folder: Path, **scripts: str) -> None:
    """Somebody changed scripts of a shipped runbook: run="…", verify="…"."""
    (book,) = (book for book in house.ports.runbooks if book.name == name)
    folder.mkdir()
    for file in Path(book.folder).glob("*.py"):
        (folder / file.name).write_text(scripts.get(file.stem) or file.read_text())
    others = [other for other in house.ports.runbooks if other.name != name]
    house.change(runbooks=(book.model_copy(update={"folder": str(folder)}), *others))


def with_programs(house: House, name: str, **programs: str) -> None:
    """Other programs instead of the scripts, without Tidewatch and so in no time; they find the files in `work`."""
    start = "import json, sys, pathlib; work = pathlib.Path(json.load(sys.stdin)['work'])\n"
    commands = {step: ["python", "-S", "-c", start + program] for step, program in programs.items()}
    house.change(
        runbooks=[book.model_copy(update=commands if book.name == name else {}) for book in house.ports.runbooks]
    )


def table(house: House, data: bytes | None) -> Table:
    assert data is not None
    return house.ports.tables.read(data, "batch.parquet")


def batch(house: House, window: str) -> Table:
    """The window's rows as everything after a run reads them."""
    return table(house, Shelf(house.ports, MODEL).batch(window))


def contents(house: House, *containers: str) -> Mapping[str, bytes]:
    return {
        f"{container}/{blob.name}": house.ports.blobs.get(container, blob.name)
        for container in containers or CONTAINERS
        for blob in house.ports.blobs.list(container)
    }
