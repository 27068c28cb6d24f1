"""`tidewatch baseline` and `tidewatch check`: files in, findings and an exit status out."""

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from tidewatch.cli import app
from tidewatch.commands.checking import SHAPE

SPEC = """\
model: acme/demo
title: Demo
columns:
  id: {type: text, role: id}
  day: {type: text, role: window}
  length: {type: number, unit: miles}
  kind: {type: text}
  score: {type: number, role: score}
  late: {type: number, role: label}
owners: {L1: [U1]}
drift: {windows: 5}
scoring: {command: [python, score.py]}
retraining: {command: [python, train.py]}
"""
NUMBERS = {"ks", "wasserstein", "effect", "cramer_von_mises", "psi", "jensen_shannon", "hellinger", "chi2", "p_value"}
TEXTS = {"total_variation", "effect", "l_infinity", "psi", "jensen_shannon", "hellinger", "chi2", "p_value"}
REASON = "column length holds something that is no number"


def rows(days: list[str], factor: float = 1.0, seed: int = 1, count: int = 200) -> pa.Table:
    chance = np.random.default_rng(seed)
    names = np.repeat(days, count)
    return pa.table(
        {
            "id": [f"{seed}-{i}" for i in range(len(names))],
            "day": names,
            "length": chance.choice(np.arange(10.0, 90.0, 1.7), len(names)) * factor,
            "kind": chance.choice(["a", "b", "c"], len(names)),
            "score": chance.uniform(size=len(names)),
        }
    )


def as_csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pa.csv.write_csv(table, sink)
    return sink.getvalue()


def as_json(table: pa.Table) -> bytes:
    return "\n".join(json.dumps(row) for row in table.to_pylist()).encode()


def save(table: pa.Table, file: Path) -> None:
    if file.suffix == ".parquet":
        pq.write_table(table, file)
        return
    data = as_csv(table) if ".csv" in file.suffixes else as_json(table)
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "spec.yaml").write_text(SPEC)
    reference = rows([f"2026-01-{day:02d}" for day in range(1, 31)])
    for ending in ("parquet", "csv", "csv.gz", "jsonl", "jsonl.gz"):
        save(reference, folder / f"reference.{ending}")
        save(rows(["2026-02-01"], seed=2), folder / f"good.{ending}")
        save(rows(["2026-02-02"], factor=1.609, seed=3), folder / f"kilometres.{ending}")
    made = run("baseline", "--spec", "spec.yaml", "--data", "reference.parquet", "--out", "baseline.json", of=folder)
    assert made.exit_code == 0, made.output
    assert "6,000 rows in 30 windows" in made.stdout
    return folder


def run(*arguments: str, of: Path) -> Result:
    """Words that name files mean files in the folder."""
    words = [str(of / word) if "." in word and not word.startswith("-") else word for word in arguments]
    return CliRunner().invoke(app, words)


def check(files: Path, batch: str, *more: str, baseline: str = "baseline.json") -> Result:
    return run("check", "--spec", "spec.yaml", "--baseline", baseline, "--batch", batch, *more, of=files)


def told(done: Result) -> dict[str, Any]:
    """Strict JSON: no NaN, no Infinity."""
    found: dict[str, Any] = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    return found


@pytest.mark.parametrize("ending", ["parquet", "csv", "csv.gz", "jsonl", "jsonl.gz"])
def test_a_usual_batch_is_clean_in_every_format(files: Path, ending: str) -> None:
    done = check(files, f"good.{ending}")
    assert (done.exit_code, done.stdout) == (0, "Nothing unusual.\n")


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl.gz"])
def test_a_batch_in_another_unit_is_found_in_every_format(files: Path, ending: str) -> None:
    done = check(files, f"kilometres.{ending}")
    assert done.exit_code == 1
    assert "length arrives multiplied by 1.609" in done.stdout and "(miles → kilometres)" in done.stdout


@pytest.mark.parametrize("ending", ["parquet", "csv", "csv.gz", "jsonl"])
def test_reference_data_serves_as_the_baseline(files: Path, ending: str) -> None:
    learnt, stored = (check(files, "kilometres.parquet", "--json", baseline=name) for name in
                      (f"reference.{ending}", "baseline.json"))  # fmt: skip
    assert learnt.exit_code == 1
    assert told(learnt) == told(stored)


def test_json_tells_rows_columns_and_findings(files: Path) -> None:
    done = check(files, "kilometres.parquet", "--json")
    result = told(done)
    assert set(result) == {"rows", "columns", "findings"} and result["rows"] == 200
    assert set(result["columns"]) == {"length", "kind", "score"}
    for name, expected in (("length", NUMBERS), ("kind", TEXTS), ("score", NUMBERS)):
        column = result["columns"][name]
        assert set(column) == set(SHAPE) | expected | {"limits", "chance", "strange"}
        assert all(isinstance(column[statistic], float) for statistic in expected)
    assert result["columns"]["length"]["strange"] is True and result["columns"]["kind"]["strange"] is False
    [finding] = result["findings"]
    assert set(finding) >= {"check", "subject", "severity", "value", "threshold", "sentence", "evidence"}
    assert (finding["check"], finding["subject"], finding["severity"]) == ("scale", "length", "medium")
    assert finding["value"] > finding["threshold"] and "miles → kilometres" in finding["sentence"]


def test_a_clean_batch_is_json_without_findings(files: Path) -> None:
    done = check(files, "good.parquet", "--json")
    assert done.exit_code == 0 and told(done)["findings"] == []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("length", [None] * 200),
        ("length", [float("inf"), float("-inf")] * 100),
        ("length", [1.7976931348623157e308, 5e-324] * 100),
        ("score", [float("nan")] * 199 + [0.5]),
        ("kind", [None] * 200),
        ("kind", [f"{number} 🌊" for number in range(200)]),
    ],
    ids=["nulls", "infinities", "extremes", "one score", "no kind", "all kinds"],
)
def test_a_column_of_anything_is_checked_and_told_in_strict_json(
    files: Path, tmp_path: Path, column: str, values: list[Any]
) -> None:
    table = rows(["2026-02-01"], seed=2)
    type_ = table.schema.field(column).type
    save(table.set_column(table.column_names.index(column), column, pa.array(values, type_)), files / "odd.parquet")
    done = check(files, "odd.parquet", "--json")
    assert done.exit_code == 1, done.output
    assert {finding["subject"] for finding in told(done)["findings"]} >= {column}


def test_one_row_is_checked(files: Path) -> None:
    save(rows(["2026-02-01"], count=1), files / "one.parquet")
    done = check(files, "one.parquet", "--json")
    assert done.exit_code in (0, 1) and told(done)["rows"] == 1


BAD = {
    "cut.parquet": (lambda good: good[:2000], "the file ends in the middle"),
    "empty.parquet": (lambda good: b"", "the file is empty"),
    "empty.csv": (lambda good: b"", "the file is empty"),
    "header.csv": (lambda good: b"id,day,length,kind,score", "there are no rows"),
    "word.csv": (lambda good: b"id,day,length,kind,score\n1,2026-02-01,secret,a,.5\n", REASON),
    "uneven.csv": (lambda good: b"id,day\n1\n", "a row has 1 fields where the header has 2"),
    "word.jsonl": (lambda good: b'{"id": "1", "length": "secret"}', REASON),
    "garbage.jsonl": (lambda good: good[:500], "the file is not JSON Lines"),
    "other.csv": (lambda good: b"id,day,laenge,kind,score\n1,2026-02-01,1,a,.5\n", "the columns length are missing"),
    "typed.jsonl": (lambda good: b'{"id": "1", "day": "x", "length": 1, "kind": "a", "score": "secret"}', "score"),
    "data.xlsx": (lambda good: good, "of a kind that is not read here"),
}


@pytest.mark.parametrize("batch", BAD)
def test_bad_input_is_one_sentence_and_exit_status_two(files: Path, batch: str) -> None:
    content, said = BAD[batch]
    (files / batch).write_bytes(content((files / "good.parquet").read_bytes()))
    for as_json_too in ([], ["--json"]):
        assert_refused(check(files, batch, *as_json_too), batch, said)


def assert_refused(done: Result, file: str, said: str) -> None:
    assert done.exit_code == 2, done.output
    assert said in done.stderr and file in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and done.stdout == ""
    assert "secret" not in done.stderr and "Traceback" not in done.stderr


def test_files_that_are_not_there_are_refused(files: Path) -> None:
    assert_refused(check(files, "missing.parquet"), "missing.parquet", "cannot be read: No such file")
    assert_refused(check(files, "good.parquet", baseline="missing.json"), "missing.json", "cannot be read")
    assert_refused(check(files, "good.parquet", baseline="missing.csv"), "missing.csv", "cannot be read")
    nowhere = ("--spec", "spec.yaml", "--data", "reference.parquet", "--out", "no/where/baseline.json")
    assert_refused(run("baseline", *nowhere, of=files), "baseline.json", "cannot be written")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no baseline (not a baseline); write one with `tidewatch baseline`"),
        (b"PAR1\xff", "is no baseline (not a baseline)"),
        (b'{"format": 1}', "a baseline of format 1, and this Tidewatch reads format 2"),
        (b'{"format": 2, "grids": 7}', "not a baseline"),
    ],
)
def test_what_is_no_baseline_is_refused(files: Path, content: bytes, said: str) -> None:
    (files / "odd.json").write_bytes(content)
    assert_refused(check(files, "good.parquet", baseline="odd.json"), "odd.json", said)


def test_a_baseline_of_no_windows_does_not_fit(files: Path) -> None:
    record = json.loads((files / "baseline.json").read_bytes()) | {"windows": {}}
    (files / "windowless.json").write_text(json.dumps(record))
    done = check(files, "good.parquet", baseline="windowless.json")
    assert_refused(done, "windowless.json", "there is no profile to compare with; learn it again")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": 2}', b'{"format":2,"rows":1,"columns":{"x":1}}'])
def test_what_is_no_profile_is_refused(files: Path, content: bytes) -> None:
    (files / "odd-profile.json").write_bytes(content)
    assert_refused(check(files, "odd-profile.json"), "odd-profile.json", "is no profile for this baseline")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"id,day,length,kind,score\n1,2026-02-01,secret,a,.5\n", REASON),
        (b"id,day,kind,score\n1,2026-02-01,a,.5\n", "the columns length are missing"),
        (b"id,day,length,kind,score\n", "there are no rows"),
        (b"id,day,length,kind,score\n1,,1,a,.5\n", "the column day has no value in any row"),
    ],
)
def test_reference_data_that_teaches_nothing_is_refused(files: Path, data: bytes, said: str) -> None:
    (files / "bad.csv").write_bytes(data)
    assert_refused(check(files, "good.parquet", baseline="bad.csv"), "bad.csv", said)
    made = run("baseline", "--spec", "spec.yaml", "--data", "bad.csv", "--out", "none.json", of=files)
    assert_refused(made, "bad.csv", said)


def test_a_spec_with_an_unknown_key_is_refused_with_its_line_and_a_suggestion(files: Path) -> None:
    (files / "typo.yaml").write_text(SPEC.replace("windows: 5", "widnows: 5"))
    named = ("--spec", "typo.yaml", "--baseline", "baseline.json", "--batch", "good.parquet")
    said = "typo.yaml line 11: unknown key 'widnows', did you mean 'windows'?"
    assert_refused(run("check", *named, of=files), "typo.yaml", said)


def test_a_check_loads_none_of_the_heavy_libraries(files: Path) -> None:
    program = (
        "import sys\n"
        "from tidewatch.cli import app\n"
        "try:\n"
        "    app(['check', '--spec', sys.argv[1], '--baseline', sys.argv[2], '--batch', sys.argv[3]])\n"
        "except SystemExit as done:\n"
        "    assert done.code == 0, done.code\n"
        "heavy = {'pandas', 'scipy', 'sklearn', 'matplotlib', 'azure', 'slack_sdk', 'mlflow'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    named = [str(files / name) for name in ("spec.yaml", "baseline.json", "good.parquet")]
    subprocess.run([sys.executable, "-c", program, *named], check=True)  # noqa: S603 - our own program
