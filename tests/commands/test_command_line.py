"""What people type, and what they are told."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidewatch.adapters.local.incident_log import LocalIncidentLog
from tidewatch.domain.events import Cause, Draft, chain

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
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


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tidewatch.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


def rows(days: list[str], factor: float = 1.0, seed: int = 1) -> pa.Table:
    chance, count = np.random.default_rng(seed), 200
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


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "spec.yaml").write_text(SPEC)
    pq.write_table(rows([f"2026-01-{day:02d}" for day in range(1, 31)]), folder / "reference.parquet")
    pq.write_table(rows(["2026-02-01"], seed=2), folder / "good.parquet")
    pq.write_table(rows(["2026-02-02"], factor=1.609, seed=3), folder / "kilometres.parquet")
    made = run(
        "baseline",
        *("--spec", folder / "spec.yaml"),
        *("--data", folder / "reference.parquet"),
        *("--out", folder / "baseline.json"),
    )
    assert made.returncode == 0, made.stderr
    assert "30 windows" in made.stdout
    return folder


def check(files: Path, batch: str, *more: str, spec: str = "spec.yaml") -> "subprocess.CompletedProcess[str]":
    return run(
        "check",
        *("--spec", files / spec),
        *("--baseline", files / "baseline.json"),
        *("--batch", files / batch),
        *more,
    )


def test_a_usual_batch_is_clean(files: Path) -> None:
    done = check(files, "good.parquet")
    assert (done.returncode, done.stdout) == (0, "Nothing unusual.\n")


def test_a_batch_in_another_unit_is_found_named_and_measured(files: Path) -> None:
    done = check(files, "kilometres.parquet", "--json")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["rows"] == 200
    [finding] = result["findings"]
    assert (finding["check"], finding["subject"]) == ("scale", "length")
    assert "miles → kilometres" in finding["sentence"]
    assert result["columns"]["length"]["strange"] is True
    assert result["columns"]["kind"]["strange"] is False


@pytest.mark.parametrize(
    ("batch", "content", "said"),
    [
        ("cut.parquet", None, "the file ends in the middle"),
        ("empty.parquet", b"", "empty.parquet"),
        ("missing.parquet", "absent", "cannot be read"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_two(
    files: Path, batch: str, content: bytes | str | None, said: str
) -> None:
    if content is None:
        (files / batch).write_bytes((files / "good.parquet").read_bytes()[:2000])
    elif isinstance(content, bytes):
        (files / batch).write_bytes(content)
    done = check(files, batch)
    assert done.returncode == 2
    assert said in done.stderr
    assert batch in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_a_batch_with_other_columns_is_refused_by_name(files: Path) -> None:
    pq.write_table(
        rows(["2026-02-03"]).rename_columns(["id", "day", "laenge", "kind", "score"]), files / "other.parquet"
    )
    done = check(files, "other.parquet")
    assert done.returncode == 2
    assert "the columns length are missing" in done.stderr
    assert "laenge" in done.stderr


def test_a_spec_with_an_unknown_key_is_refused_with_its_line_and_a_suggestion(files: Path) -> None:
    (files / "typo.yaml").write_text(SPEC.replace("windows: 5", "widnows: 5"))
    done = check(files, "good.parquet", spec="typo.yaml")
    assert done.returncode == 2
    assert "typo.yaml line 11: unknown key 'widnows', did you mean 'windows'?" in done.stderr


def test_an_unknown_incident_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = run("incidents", "show", "INC-9", "--home", tmp_path)
    assert done.returncode == 2
    assert "There is no incident INC-9" in done.stderr


def test_an_empty_home_has_no_incidents_and_a_log_that_holds(tmp_path: Path) -> None:
    assert json.loads(run("incidents", "list", "--json", "--home", tmp_path).stdout) == []
    verified = run("log", "verify", "--home", tmp_path)
    assert verified.returncode == 0
    assert "0 incidents, 0 events" in verified.stdout
    assert "UNANCHORED" in verified.stdout


def test_a_changed_record_makes_verify_fail_and_names_the_event(tmp_path: Path) -> None:
    log = LocalIncidentLog(tmp_path / "log")
    events = chain(
        "INC-1001", [Draft("noted", {"n": 1}), Draft("noted", {"n": 2})], None, Cause("U1", "cli", "k"), NOON
    )
    log.append("INC-1001", events)
    [stream] = (tmp_path / "log").glob("*.jsonl")
    stream.write_text(stream.read_text().replace('"n":2', '"n":3'))
    done = run("log", "verify", "--home", tmp_path)
    assert done.returncode == 1
    assert "INC-1001 event 2: was changed after it was written" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fault-date", "yesterday"), "--fault-date is a day such as 2013-05-14"),
        (("--fault-date", "2012-01-01"), "must be 2013-04-01 or later"),
        (("--fault-factor", "1"), "changes nothing"),
        (("--speed", "9"), "--speed is one of"),
    ],
)
def test_a_demo_that_cannot_be_is_refused_before_anything_is_loaded(
    tmp_path: Path, arguments: tuple[str, str], said: str
) -> None:
    done = run("demo", "--headless", "--home", tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
