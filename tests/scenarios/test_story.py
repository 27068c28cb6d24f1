"""The whole loop on real data: told without a browser, killed in the middle, and told to its end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

HALF_WAY = "INC-1002.jsonl"  # the second incident has been opened
LONGEST = 240.0  # seconds, on a busy machine


def tidewatch(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tidewatch.cli", *arguments]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the story was killed half way, without warning, and then told to its end."""
    folder = tmp_path_factory.mktemp("story")
    home, summary = folder / "home", folder / "story.json"
    command = tidewatch("demo", "--headless", "--home", str(home), "--json", str(summary))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDEWATCH_")}
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    deadline = time.monotonic() + LONGEST
    while not (home / "log" / HALF_WAY).exists():
        assert first.poll() is None, "the story ended before it was half told"
        assert time.monotonic() < deadline, "the story does not get on"
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)  # noqa: S603
    assert again.returncode == 0, again.stdout + again.stderr
    return folder


@pytest.fixture(scope="module")
def incidents(told: Path) -> list[dict[str, Any]]:
    summary: dict[str, Any] = json.loads((told / "story.json").read_text())
    return list(summary["incidents"])


def of_signal(incidents: list[dict[str, Any]], ending: str) -> list[dict[str, Any]]:
    return [incident for incident in incidents if incident["signal"].endswith(ending)]


def kinds(incident: dict[str, Any]) -> list[str]:
    return [event["kind"] for event in incident["events"]]


def test_the_kilometres_are_converted_verified_and_resolved_by_l1(incidents: list[dict[str, Any]]) -> None:
    [unit] = of_signal(incidents, "/input/distance")
    assert unit["status"] == "resolved"
    assert unit["tiers"] == ["L1"]
    assert [run["name"] for run in unit["runbooks"]] == ["convert-unit", "convert-unit"]
    assert {run["verdict"] for run in unit["runbooks"]} == {"passed"}
    opened = unit["events"][0]
    assert opened["at"].startswith("2013-05-15")  # the first faulty day, as soon as it landed
    assert opened["data"]["findings"][0]["evidence"]["scale"]["factor"] == pytest.approx(1.609, abs=0.001)


def test_the_second_day_reopens_the_same_incident(incidents: list[dict[str, Any]]) -> None:
    [unit] = of_signal(incidents, "/input/distance")
    assert unit["reopened"] == 1
    assert kinds(unit).count("opened") == 1


def test_what_the_runbook_cannot_fix_goes_to_l2_with_what_was_tried(incidents: list[dict[str, Any]]) -> None:
    june = of_signal(incidents, "/performance/performance")[-1]
    assert june["tiers"] == ["L1", "L2"]
    told = kinds(june)
    assert told.index("runbook_finished") < told.index("escalated") < told.index("retraining_requested")
    assert june["runbooks"][0]["verdict"] == "failed"


def test_a_challenger_is_approved_by_somebody_else_and_ends_the_incident(
    incidents: list[dict[str, Any]],
) -> None:
    june = of_signal(incidents, "/performance/performance")[-1]
    [approval] = june["approvals"]
    assert approval["decision"] == "approved"
    assert approval["requested_by"] != approval["decided_by"]
    evidence = next(event["data"]["evidence"] for event in june["events"] if event["kind"] == "approval_requested")
    assert evidence["comparison"]["low"] > 0
    assert evidence["comparison"]["first"] >= evidence["trained_until"]  # judged on days it never saw
    told = kinds(june)
    assert told.index("approval_voted") < told.index("promoted") < told.index("recovered")
    assert june["status"] == "resolved"


def test_april_recovers_by_itself_and_is_not_retrained(incidents: list[dict[str, Any]]) -> None:
    april = of_signal(incidents, "/performance/performance")[0]
    assert april["events"][0]["at"].startswith("2013-04")
    assert "recovered" in kinds(april)
    assert not april["approvals"]


def test_the_weather_does_not_alarm(incidents: list[dict[str, Any]]) -> None:
    assert {incident["signal"].rpartition("/")[2] for incident in incidents} == {"distance", "performance"}


def test_after_the_kill_nothing_is_missing_and_nothing_happened_twice(
    told: Path, incidents: list[dict[str, Any]]
) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        tidewatch("log", "verify", "--home", str(told / "home")), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    for incident in incidents:
        assert [event["seq"] for event in incident["events"]] == list(range(1, len(incident["events"]) + 1))
        windows = [event["data"]["window"] for event in incident["events"] if event["kind"] == "window_passed"]
        assert len(windows) == len(set(windows))
    # A batch and its labels for each of the 103 days to 12 July, each examined.
    batches = list((told / "home" / "blobs" / "windows").rglob("*.json"))
    outcomes = list((told / "home" / "blobs" / "metrics").rglob("*.json"))
    assert (len(batches), len(outcomes)) == (103, 103)
