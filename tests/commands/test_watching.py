"""Long work shows that it goes on, to somebody at a terminal and to nobody else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.domain.watched import SPEC_TEXT, days, parcels, table
from tidewatch.adapters.local.tables import ArrowTables


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "spec.yaml").write_text(SPEC_TEXT)
    (folder / "reference.parquet").write_bytes(ArrowTables().write(days(1, 12)))
    (folder / "day.parquet").write_bytes(ArrowTables().write(table(parcels(143, "2026-03-01"))))
    return folder


LEARNT = ("--spec", "spec.yaml", "--baseline", "reference.parquet")
LONG = {
    "baseline": (
        ("--spec", "spec.yaml", "--data", "reference.parquet", "--out", "b.json"),
        ["learning from reference"],
    ),
    "check": ((*LEARNT, "--batch", "day.parquet", "--json"), ["learning from reference", "reading day.parquet"]),
    "profile": (("day.parquet", *LEARNT), ["reading day.parquet"]),
    "diagnose": (("day.parquet", *LEARNT, "--json"), ["reading day.parquet", "looking for causes"]),
    "alarms": (("simulate", *LEARNT, "--json"), ["learning from reference", "simulating"]),
}


@pytest.mark.parametrize("name", LONG)
def test_people_see_what_goes_on_and_programs_the_result_alone(files: Path, name: str) -> None:
    words, told = LONG[name]
    command = [sys.executable, "-m", "tidewatch.cli", name, *words]
    silent = subprocess.run(command, cwd=files, capture_output=True, check=True)  # noqa: S603 - our own command
    assert silent.stderr == b""
    ours, theirs = pty.openpty()
    watched = subprocess.run(  # noqa: S603 - our own command
        command, cwd=files, stdout=subprocess.PIPE, stderr=theirs, check=True
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert watched.stdout == silent.stdout
    assert all(words in shown.decode() for words in told) and "values read" in shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the end, as Linux tells it
        return b""
