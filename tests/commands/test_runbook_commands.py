"""`tidewatch runbook …`: what people type about remedies, and what they are told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operations.house import House

ROOT = Path(__file__).parents[2]
GOOD = (ROOT / "runbooks/convert-unit/runbook.yaml").read_text()


def runbook(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tidewatch.cli", "runbook", *map(str, arguments)]
    return subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=False, env=os.environ | environment
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of runbooks: one is as it should be, one has two mistakes."""
    for name in ("convert-unit", "broken"):
        (tmp_path / name).mkdir()
        for script in ("run.py", "verify.py"):
            (tmp_path / name / script).touch()
    (tmp_path / "convert-unit/runbook.yaml").write_text(GOOD)
    wrong = GOOD.replace("name: convert-unit", "name: broken").replace("risk: low", "risk: medium")
    (tmp_path / "broken/runbook.yaml").write_text(wrong.replace("timeout: 2m", "timeout: 2"))
    return tmp_path


def test_lint_tells_every_mistake_of_a_folder_with_file_and_line(folder: Path) -> None:
    told = runbook("lint", folder)
    lines = GOOD.splitlines()
    broken = folder / "broken/runbook.yaml"
    assert told.returncode == 1
    first, second, *sums = told.stdout.splitlines()
    assert (
        first == f"{broken} line {lines.index('risk: low') + 1}: 'risk': input should be 'low' or 'high', not 'medium'"
    )
    assert second.startswith(f"{broken} line {lines.index('timeout: 2m') + 1}: 'timeout': 2 has no unit")
    assert sums == [f"{broken}: 2 mistakes", f"{folder / 'convert-unit/runbook.yaml'}: no mistakes"]


def test_lint_of_one_record_or_its_folder_is_the_same(folder: Path) -> None:
    for path in (folder / "convert-unit", folder / "convert-unit/runbook.yaml"):
        told = runbook("lint", path)
        assert (told.returncode, told.stdout) == (0, f"{folder / 'convert-unit/runbook.yaml'}: no mistakes\n")


def test_a_record_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    told = runbook("lint", tmp_path)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == f"tidewatch: {tmp_path / 'runbook.yaml'} cannot be read: No such file or directory\n"


def test_the_shipped_runbooks_have_no_mistakes() -> None:
    told = runbook("lint")
    assert told.returncode == 0 and "warning" not in told.stdout


def test_list_shows_what_can_be_used_and_tells_what_cannot(folder: Path) -> None:
    told = runbook("list", TIDEWATCH_RUNBOOKS=str(folder))
    assert told.returncode == 1
    assert told.stdout == "`convert-unit` (L1): convert the column back to its unit and score the batch again\n"
    assert "broken/runbook.yaml line" in told.stderr


def test_show_explains_one_and_names_the_others() -> None:
    assert "Resolved if `python verify.py` says so" in runbook("show", "convert-unit").stdout
    assert "there is no runbook nothing; there are convert-unit" in runbook("show", "nothing").stderr


def test_running_is_deciding_and_is_refused_outside_a_demo_home(tmp_path: Path) -> None:
    told = runbook("run", "INC-1001", "convert-unit", "--as", "U0ANA", "--home", tmp_path)
    assert told.returncode == 2 and told.stderr.endswith("the command line decides nothing; use /ml in Slack\n")


def test_in_a_demo_home_it_runs_and_says_what_came_of_it(model_house: House, tmp_path: Path) -> None:
    """The clock of the house is simulated, which is what makes a home a demo's."""
    opened = model_house.copy(tmp_path / "house")
    opened.batch("2026-02-01", times=1.609344)
    (opened.root / "people.yaml").write_text("- {id: U0ANA, name: Ana, tier: L1}\n")
    nobody = runbook("run", opened.incidents()[0], "--home", opened.root)
    assert (nobody.returncode, nobody.stdout) == (2, "") and "say who decides" in nobody.stderr
    told = runbook("run", opened.incidents()[0], "--as", "U0ANA", "--home", opened.root)
    assert told.returncode == 1 and told.stdout.startswith("convert-unit failed: ")
    (run,) = opened.incident().runs
    assert (run.by, run.verdict) == ("U0ANA", "failed")


def test_a_dry_run_that_cannot_be_made_says_why(model_house: House, tmp_path: Path) -> None:
    from tidewatch.commands.remedies import Unknown, tried  # noqa: PLC0415 - composes

    house = model_house.copy(tmp_path / "house")
    house.batch("2026-02-01", times=1.609344)
    for inputs, sentence in (
        (["factor"], "--input factor is not NAME=VALUE"),
        (["factor=x"], "factor must be a number, not 'x'"),
        (["factor=2"], "acme/demo has no version 1 in the model registry"),
    ):
        with pytest.raises(Unknown, match=sentence):
            tried(house.root, "INC-1001", "convert-unit", inputs)
