"""What people type, and what they are told."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidewatch.adapters.local.incident_log import LocalIncidentLog
from tidewatch.domain.events import Cause, Draft, chain

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tidewatch.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


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
