"""Columns that are hardly columns, in every format: `check --json` says something defined, in the promised shape."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from tests.commands.test_check import save
from tidewatch.cli import app

ROWS = 300
PROMISED = {"ks", "wasserstein", "psi", "jensen_shannon", "hellinger", "chi2", "p_value", "effect"}
OF_FINDING = {"check", "subject", "severity", "value", "threshold", "sentence"}
NAMES = {"Größe 長さ 📏": "number", 'mark", and comma': "text"}
SPEC = """\
model: acme/odd
title: Odd
columns:
  id: {type: text, role: id}
  day: {type: text, role: window}
  number: {type: number}
  text: {type: text}
  'Größe 長さ 📏': {type: number, role: score}
  'mark", and comma': {type: text}
  label: {type: number, role: label}
owners: {L1: [U1]}
drift: {windows: 5}
scoring: {command: [python, score.py]}
retraining: {command: [python, train.py]}
"""
FORMATS = ("parquet", "csv", "jsonl")


def day(of_month: int, rows: int = ROWS, **columns: Any) -> pa.Table:
    chance = np.random.default_rng(of_month)
    name = f"2026-01-{of_month:02d}"
    values = {
        "id": [f"{name}/{row}" for row in range(rows)],
        "day": [name] * rows,
        "number": chance.normal(10, 2, rows),
        "text": chance.choice(["a", "b", "c"], rows).tolist(),
        "Größe 長さ 📏": chance.uniform(size=rows),
        'mark", and comma': chance.choice(["ä", "é,", 'ü"', "名"], rows).tolist(),
    }
    return pa.table(values | columns)


ODD: dict[str, dict[str, Any]] = {
    "constant": {"number": [7.0] * ROWS, "text": ["a"] * ROWS},
    "all null": {"number": pa.nulls(ROWS, pa.float64()), "text": pa.nulls(ROWS, pa.string())},
    "all null of no type": {"number": pa.nulls(ROWS), "text": pa.nulls(ROWS)},
    "infinite": {"number": [float("inf"), float("-inf"), 1.0] * 100},
    "nothing but infinite": {"number": [float("inf")] * ROWS},
    "one way infinite": {"number": [float("-inf")] + [1.0] * (ROWS - 1)},
    "huge": {"number": [1e308, -1e308, 5e-324] * 100},
    "mixed types": {"text": ["1", "x", "2026-01-01"] * 100},
    "all different": {"text": [f"only {row}" for row in range(ROWS)]},
    "empty texts": {"text": [""] * ROWS},
    "nearly all null": {"number": [None] * (ROWS - 1) + [1.0], "text": [None] * (ROWS - 1) + ["a"]},
    "strange letters": {"text": ["\U0001f600", "\u202e", "é", "e\u0301"] * 75},
}
SHORT = {"one row": (1, {}), "one null row": (1, {"number": pa.nulls(1, pa.float64())}), "two rows": (2, {})}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    learn(folder, pa.concat_tables([day(number) for number in range(1, 21)]), "usual", "parquet")
    for name, columns in ODD.items():
        for ending in FORMATS:
            learn(folder, pa.concat_tables([day(n, **columns) for n in range(1, 9)]), f"{name} {ending}", ending)
    return folder


def learn(folder: Path, table: pa.Table, name: str, ending: str) -> None:
    put(table, folder / f"reference.{ending}")
    named = ["--spec", "spec.yaml", "--data", f"reference.{ending}", "--out", f"{name}.json"]
    done = CliRunner().invoke(app, ["baseline", *(str(folder / w) if "." in w else w for w in named)])
    assert done.exit_code == 0, done.output


def check(folder: Path, table: pa.Table, ending: str, baseline: str) -> dict[str, Any]:
    file = folder / f"batch.{ending}"
    put(table, file)
    named = ["--spec", folder / "spec.yaml", "--baseline", folder / f"{baseline}.json", "--batch", file, "--json"]
    done = CliRunner().invoke(app, ["check", *map(str, named)])
    assert done.exit_code in (0, 1), done.output
    result: dict[str, Any] = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert done.exit_code == bool(result["findings"])
    return result


def put(table: pa.Table, file: Path) -> None:
    if file.suffix == ".parquet":
        save(table, file)
    else:
        file.write_text(written(table, file.suffix), encoding="utf-8")


def written(table: pa.Table, ending: str) -> str:
    """As Python writes them; its JSON says Infinity."""
    if ending == ".csv":
        quoted = [['"' + str(v).replace('"', '""') + '"' if isinstance(v, str) else "" if v is None else str(v)
                   for v in row] for row in rows_of(table)]  # fmt: skip
        header = ['"' + name.replace('"', '""') + '"' for name in table.column_names]
        return "\n".join(",".join(row) for row in [header, *quoted]) + "\n"
    lines = [json.dumps(dict(zip(table.column_names, row, strict=True))) for row in rows_of(table)]
    return "\n".join(lines) + "\n"


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def assert_promised(result: dict[str, Any], rows: int) -> None:
    assert set(result) == {"rows", "columns", "findings"} and result["rows"] == rows
    assert set(result["columns"]) == {"number", "text", *NAMES}
    for column in result["columns"].values():
        assert set(column) >= PROMISED
        for statistic, value in column.items():
            if statistic not in ("limits", "strange"):
                assert value is None or isinstance(value, float)
    for finding in result["findings"]:
        assert set(finding) >= OF_FINDING and finding["severity"] in ("low", "medium", "high")
        assert "nan" not in finding["sentence"].lower().replace("finance", "") and "\n" not in finding["sentence"]


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", ODD)
def test_an_odd_batch_has_a_result(files: Path, ending: str, name: str) -> None:
    result = check(files, day(25, **ODD[name]), ending, "usual")
    assert_promised(result, ROWS)
    assert {finding["subject"] for finding in result["findings"]} <= {*ODD[name]}


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", ODD)
def test_what_was_odd_already_is_no_news(files: Path, ending: str, name: str) -> None:
    result = check(files, day(25, **ODD[name]), ending, f"{name} {ending}")
    assert_promised(result, ROWS)
    assert [finding["sentence"] for finding in result["findings"]] == []


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", ODD)
def test_a_usual_batch_has_a_result_beside_an_odd_baseline(files: Path, ending: str, name: str) -> None:
    result = check(files, day(25), ending, f"{name} {ending}")
    assert_promised(result, ROWS)
    assert {finding["subject"] for finding in result["findings"]} <= {*ODD[name]}


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", SHORT)
def test_a_short_batch_has_a_result(files: Path, ending: str, name: str) -> None:
    rows, columns = SHORT[name]
    assert_promised(check(files, day(25, rows, **columns), ending, "usual"), rows)


def test_a_million_categories_are_sketched_and_told_as_unseen(files: Path) -> None:
    """A tenth of a million here: what is beyond a thousand is sketched."""
    many = day(25, 100_000, text=[f"only {row}" for row in range(100_000)])
    result = check(files, many, "parquet", "usual")
    assert_promised(result, 100_000)
    assert ("unseen_category", "text") in {(f["check"], f["subject"]) for f in result["findings"]}
    assert len(json.dumps(result)) < 20_000
