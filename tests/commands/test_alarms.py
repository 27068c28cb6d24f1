"""`tidewatch alarms simulate`: what a model's alarms will do, before it goes live."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.domain.watched import LIGHT_TEXT, days
from tidewatch.adapters.local.tables import ArrowTables
from tidewatch.cli import app


def run(*arguments: str, of: Path) -> Result:
    words = [str(of / word) if "." in word and not word.startswith("-") else word for word in arguments]
    return CliRunner().invoke(app, words)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "spec.yaml").write_text(LIGHT_TEXT)
    (folder / "short.parquet").write_bytes(ArrowTables().write(days(1, 6)))
    (folder / "reference.parquet").write_bytes(ArrowTables().write(days()))
    made = run("baseline", "--spec", "spec.yaml", "--data", "reference.parquet", "--out", "baseline.json", of=folder)
    assert made.exit_code == 0, made.output
    return folder


def simulate(files: Path, *more: str, spec: str = "spec.yaml", baseline: str = "baseline.json") -> Result:
    return run("alarms", "simulate", "--spec", spec, "--baseline", baseline, *more, of=files)


def refused(done: Result, file: str, said: str) -> None:
    assert done.exit_code == 2, done.output
    assert len(done.stderr.strip().splitlines()) == 1 and done.stdout == ""
    assert file in done.stderr and said in done.stderr


def test_people_are_told_budget_replay_draw_and_smallest_drift(files: Path) -> None:
    done = simulate(files)
    assert done.exit_code == 0, done.output
    first, replayed, drawn, *rest = done.stdout.splitlines()
    assert first == (
        "acme/parcels: agreed are 1 false alarms a month, which has 30 windows; so one window may raise one with 3.3%."
    )
    assert "in 22 windows" in replayed and "in 200 windows" in drawn
    table = {line.split()[0]: line for line in rest}
    assert "pounds" in table["weight"] and "IQR" in table["weight"] and "change category" in table["colour"]
    assert rest[-1].startswith("Drift alarms when it stays for 2 of 3 windows")


def test_programs_are_told_the_same_in_json(files: Path) -> None:
    done = simulate(files, "--json")
    result = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert done.exit_code == 0
    assert set(result) == {"budget", "windows_a_month", "level", "replay", "drawn", "smallest"}
    assert set(result["drawn"]) == {"windows", "alarms", "a_month", "at_most"} and result["drawn"]["windows"] == 200
    assert {"weight", "colour", "score"} <= {row["column"] for row in result["smallest"]}


def test_reference_data_serves_as_the_baseline(files: Path) -> None:
    assert simulate(files, "--json", baseline="reference.parquet").stdout == simulate(files, "--json").stdout


def test_too_few_windows_are_said_to_be_too_few(files: Path) -> None:
    done = simulate(files, baseline="short.parquet")
    assert done.exit_code == 0 and "Reference data replayed: too few windows to learn from one half" in done.stdout


def test_files_that_cannot_be_used_are_refused_in_one_sentence(files: Path) -> None:
    (files / "odd.json").write_text("[]")
    (files / "odd.yaml").write_text(LIGHT_TEXT.replace("drift: {windows: 20", "drift: {widnows: 20"))
    refused(simulate(files, baseline="missing.json"), "missing.json", "cannot be read: No such file")
    refused(simulate(files, baseline="odd.json"), "odd.json", "is no baseline")
    refused(simulate(files, spec="missing.yaml"), "missing.yaml", "cannot be read: No such file")
    refused(simulate(files, spec="odd.yaml"), "odd.yaml", "did you mean 'windows'?")


def test_a_baseline_that_is_older_than_a_column_of_the_spec_is_refused(files: Path) -> None:
    (files / "newer.yaml").write_text(LIGHT_TEXT.replace("  colour:", "  shape: {type: text}\n  colour:"))
    refused(simulate(files, spec="newer.yaml"), "baseline.json", "knows nothing of shape; learn it again")
