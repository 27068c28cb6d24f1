import json
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tidewatch.adapters.local.clock import FileClock, SystemClock
from tidewatch.ports.clock import Clock

THREE_AM = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture(params=["system", "unset file", "set file"])
def clock(request: pytest.FixtureRequest, tmp_path: Path) -> Clock:
    if request.param == "system":
        return SystemClock()
    clock = FileClock(tmp_path / "clock.json")
    if request.param == "set file":
        clock.set(THREE_AM, rate=1)
    return clock


def test_the_time_is_utc_and_knows_it(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


def test_time_does_not_run_backwards(clock: Clock) -> None:
    times = [clock.now() for _ in range(100)]
    assert times == sorted(times)


@pytest.mark.parametrize("name", ["system", "unset"])
def test_real_time_is_the_computers_time(name: str, tmp_path: Path) -> None:
    clock = SystemClock() if name == "system" else FileClock(tmp_path / "clock.json")
    assert abs(clock.now().timestamp() - time.time()) < 5


def test_a_clock_that_was_set_stands_still(tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "new folder/clock.json")
    clock.set(THREE_AM)
    assert {clock.now() for _ in range(50)} == {THREE_AM}


def test_a_clock_with_a_rate_goes_on_at_that_rate(tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "clock.json")
    before = time.time()
    clock.set(THREE_AM, rate=3600)
    time.sleep(0.05)
    simulated = (clock.now() - THREE_AM).total_seconds() / 3600
    assert 0.05 <= simulated <= time.time() - before


def test_clocks_on_the_same_file_agree_however_often_it_is_set(tmp_path: Path) -> None:
    one, other = FileClock(tmp_path / "clock.json"), FileClock(tmp_path / "clock.json")
    for hours in range(50):
        one.set(THREE_AM + timedelta(hours=hours))
        assert other.now() == THREE_AM + timedelta(hours=hours)


def test_another_time_zone_is_understood(tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "clock.json")
    clock.set(THREE_AM.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert clock.now() == THREE_AM
    assert clock.now().tzinfo is UTC


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2026-03-02T03:00:00 has no time zone"):
        FileClock(tmp_path / "clock.json").set(THREE_AM.replace(tzinfo=None))


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "null", '{"at": "soon", "set": 0, "rate": 1}', '{"at": "2026-03-02", "set": "x", "rate": 1}'],
)
def test_a_file_that_is_no_clock_says_what_to_do(tmp_path: Path, content: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="is not a clock: delete it to go back to real time"):
        FileClock(path).now()


def test_the_file_holds_what_other_programs_need(tmp_path: Path) -> None:
    FileClock(tmp_path / "clock.json").set(THREE_AM, rate=60)
    state = json.loads((tmp_path / "clock.json").read_text())
    assert (state["at"], state["rate"]) == ("2026-03-02T03:00:00+00:00", 60)
    assert abs(state["set"] - time.time()) < 5
    assert [path.name for path in tmp_path.iterdir()] == ["clock.json"]
