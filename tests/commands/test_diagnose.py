"""`tidewatch diagnose`: files, incidents, and what people mistype."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.domain.diagnosed import DAYS, ROWS, SPEC_TEXT, Columns, baseline, columns, table
from tests.operations.house import House
from tidewatch.adapters.local.tables import ArrowTables


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tidewatch.cli", "diagnose", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    day = columns(DAYS + 5)
    (folder / "spec.yaml").write_text(SPEC_TEXT)
    (folder / "baseline.json").write_bytes(baseline().to_bytes())
    days: dict[str, Columns] = {"good": day, "kilograms": day | {"weight": day["weight"] * 0.45359237}}
    for name, rows in days.items():
        (folder / f"{name}.parquet").write_bytes(ArrowTables().write(table(rows)))
    lines = [
        ",".join(days["kilograms"]),
        *(",".join(str(v[row]) for v in days["kilograms"].values()) for row in range(ROWS)),
    ]
    (folder / "kilograms.csv").write_text("\n".join(lines))
    return folder


def of_file(files: Path, name: str, *more: str) -> "subprocess.CompletedProcess[str]":
    return run(files / name, "--spec", files / "spec.yaml", "--baseline", files / "baseline.json", *more)


@pytest.mark.parametrize("name", ["kilograms.parquet", "kilograms.csv"])
def test_the_causes_of_a_file_are_told_one_a_line(files: Path, name: str) -> None:
    done = of_file(files, name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith(" 97%  weight arrives multiplied by 0.453592 (pounds → kilograms)")


def test_a_file_without_a_fault_has_no_cause(files: Path) -> None:
    assert of_file(files, "good.parquet").stdout == "Nothing departs from what is usual.\n"


def test_programs_are_told_in_json(files: Path) -> None:
    causes = json.loads(of_file(files, "kilograms.parquet", "--json").stdout)["causes"]
    assert [cause["kind"] for cause in causes] == ["unit_or_scale", "unknown"]
    assert {"subject", "score", "sentence", "evidence", "runbook", "columns"} <= causes[0].keys()


def test_an_incident_is_diagnosed_from_its_home(house: House) -> None:
    house.batch("2026-02-01", times=0.45359237)
    done = run(house.incidents()[-1], "--home", house.root)
    assert done.returncode == 0, done.stderr
    assert "pounds → kilograms" in done.stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing.parquet", "--spec", "s.yaml"], "a batch is diagnosed with both --spec and --baseline"),
        (["INC-1", "--home", "/nonexistent/home"], "There is no incident INC-1"),
        (["x.parquet", "--spec", "s.yaml", "--baseline", "b.json"], "s.yaml cannot be read"),
    ],
    ids=["half", "no incident", "no spec"],
)
def test_a_mistake_gets_one_sentence(arguments: list[str], told: str, tmp_path: Path) -> None:
    done = run(*[tmp_path if a == "/nonexistent/home" else a for a in arguments])
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr and "Traceback" not in done.stderr
