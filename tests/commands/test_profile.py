"""`tidewatch profile`: parts of a data set, counted apart, are the whole; and a profile is as good as its data."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.domain.watched import SPEC_TEXT, days, parcels, table, words
from tidewatch.adapters.local.tables import ArrowTables
from tidewatch.cli import app
from tidewatch.domain.profile.sketches import Distinct
from tidewatch.domain.table import Table


def run(*arguments: str, of: Path) -> Result:
    paths = [str(of / word) if "." in word and not word.startswith("-") else word for word in arguments]
    return CliRunner().invoke(app, paths)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "spec.yaml").write_text(SPEC_TEXT.replace("colour: {type: text}", "colour: {type: text, role: segment}"))
    write(folder / "reference.parquet", days(1, 30))
    day = table(parcels(143, "2026-03-01"))
    strange = table(parcels(143, "2026-03-01") | {"length": np.full(300, 18.0)})
    part = np.random.default_rng(1).integers(0, 2, day.rows) == 1
    for name, rows in {"day": day, "strange": strange, "one": day.where(part), "two": day.where(~part)}.items():
        write(folder / f"{name}.parquet", rows)
    made = run("baseline", "--spec", "spec.yaml", "--data", "reference.parquet", "--out", "baseline.json", of=folder)
    assert made.exit_code == 0, made.output
    return folder


def write(file: Path, rows: Table) -> None:
    file.write_bytes(ArrowTables().write(rows))


def profile(files: Path, *sources: str, out: str = "", baseline: str = "baseline.json") -> Result:
    where = ("--out", out) if out else ()
    return run("profile", *sources, "--spec", "spec.yaml", "--baseline", baseline, *where, of=files)


def check(files: Path, batch: str) -> Result:
    named = ("--spec", "spec.yaml", "--baseline", "baseline.json", "--batch", batch, "--json")
    return run("check", *named, of=files)


def written(files: Path, *sources: str, out: str) -> dict[str, Any]:
    done = profile(files, *sources, out=out)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{files / out}: 300 rows, 9 columns, ")
    record: dict[str, Any] = json.loads((files / out).read_text())
    return record


def assert_alike(now: Any, then: Any) -> None:
    """Sums of values agree to rounding, sketches in what they say, all else exactly."""
    if isinstance(then, dict):
        assert now.keys() == then.keys()
        for name, value in then.items():
            if name == "sums":
                assert now[name] == pytest.approx(value, rel=1e-12, abs=1e-9)
            elif name == "distinct":
                assert Distinct.load(now[name]).estimate == pytest.approx(Distinct.load(value).estimate, rel=1e-3)
            else:
                assert_alike(now[name], value)
    else:
        assert now == then


def test_profiles_of_two_parts_are_the_profile_of_the_whole(files: Path) -> None:
    whole = written(files, "day.parquet", out="whole.json")
    assert len(whole["segments"]) == 3
    assert_alike(written(files, "one.parquet", "two.parquet", out="together.json"), whole)
    for name in ("one", "two"):
        assert profile(files, f"{name}.parquet", out=f"{name}.json").exit_code == 0
    assert_alike(written(files, "two.json", "one.json", out="added.json"), whole)
    assert_alike(written(files, "one.json", "two.parquet", out="mixed.json"), whole)


@pytest.mark.parametrize(("name", "status"), [("day", 0), ("strange", 1)])
def test_a_profile_is_checked_as_its_data_is(files: Path, name: str, status: int) -> None:
    assert profile(files, f"{name}.parquet", out=f"{name}.json").exit_code == 0
    from_rows, from_profile = (check(files, f"{name}.{ending}") for ending in ("parquet", "json"))
    assert from_rows.exit_code == from_profile.exit_code == status
    assert json.loads(from_profile.stdout) == json.loads(from_rows.stdout)


def test_without_a_file_to_write_people_see_each_column(files: Path) -> None:
    done = profile(files, "day.parquet")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert done.exit_code == 0 and set(lines) >= {"column", "weight", "colour", "id", "score"}
    assert "pounds, quartiles" in lines["weight"] and "3 categories: " in lines["colour"]
    assert "different" in lines["id"]


def test_odd_columns_are_told_for_what_they_are(files: Path) -> None:
    odd = parcels(5, "2026-03-01", 40) | {
        "weight": np.full(40, np.inf), "length": np.full(40, np.nan), "depot": words(f"person {n}" for n in range(40)),
    }  # fmt: skip
    write(files / "odd.parquet", table(odd))
    said = profile(files, "odd.parquet").stdout
    lines = {line.split()[0]: line.rstrip() for line in said.splitlines()}
    assert lines["weight"].endswith("nothing but infinite values") and lines["length"].endswith("no value")
    assert "40 categories" in lines["depot"] and "person" not in lines["depot"]


def refused(done: Result, file: str, said: str) -> None:
    assert done.exit_code == 2, done.output
    assert len(done.stderr.strip().splitlines()) == 1 and done.stdout == ""
    assert file in done.stderr and said in done.stderr


def test_files_that_cannot_be_used_are_refused_in_one_sentence(files: Path) -> None:
    (files / "broken.json").write_text("{")
    (files / "foreign.json").write_text('{"format": 1, "rows": 1, "columns": {}}')
    refused(profile(files, "missing.parquet"), "missing.parquet", "cannot be read: No such file")
    refused(profile(files, "one.parquet", "broken.json"), "broken.json", "is no profile for this baseline")
    refused(profile(files, "foreign.json"), "foreign.json", "a profile of format 1")
    refused(profile(files, "day.parquet", baseline="missing.json"), "missing.json", "cannot be read")
    refused(profile(files, "day.parquet", out="no/where/profile.json"), "profile.json", "cannot be written")


def test_a_profile_counted_on_other_grids_is_refused(files: Path) -> None:
    write(files / "other.parquet", table(parcels(1) | {"weight": np.linspace(1e5, 1e6, 300)}))
    assert profile(files, "day.parquet", out="other.json", baseline="other.parquet").exit_code == 0
    refused(
        profile(files, "one.parquet", "other.json"), "other.json", "was counted on another grid than the baseline's"
    )
    refused(check(files, "other.json"), "other.json", "was counted on another grid than the baseline's")
