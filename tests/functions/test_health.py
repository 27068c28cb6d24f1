"""What an uptime service is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import azure.functions as func
import pytest

from functions.health import health
from functions.timers import sweep
from tidewatch.compose import house, settle, simulated_clock
from tidewatch.domain.events import BrokenRecord
from tidewatch.operations.beat import beat, since_last_sweep
from tidewatch.operations.take_batch import take_batch
from tidewatch.settings import Settings

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Settings]:
    settings = Settings(home=tmp_path)
    simulated_clock(settings).set(NOW)
    settle(settings)
    yield settings
    settle(Settings())


def asked() -> tuple[int, str]:
    answer = health.build(func.AuthLevel.ANONYMOUS).get_user_function()(func.HttpRequest("GET", "/", body=b""))
    return answer.status_code, answer.get_body().decode()


def test_it_says_how_long_ago_the_last_sweep_was_and_is_unwell_when_they_stop(home: Settings) -> None:
    assert asked() == (200, "ok, no sweep yet")
    beat(house())
    simulated_clock(home).set(NOW + timedelta(seconds=61))
    assert asked() == (200, "ok, last sweep 61 s ago")
    simulated_clock(home).set(NOW + timedelta(minutes=6))
    assert asked() == (503, "late, last sweep 360 s ago")


def test_a_sweep_that_could_not_do_its_work_does_not_beat(home: Settings) -> None:
    ports = house()
    ports.blobs.put("batches", "acme/unknown/2026-01-01.parquet", b"rubbish")
    take_batch(ports, "acme/unknown/2026-01-01.parquet")
    run_sweep = sweep.build(func.AuthLevel.ANONYMOUS).get_user_function()
    log = home.home / "log" / "INC-1001.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole.replace(b'{"actor"', b'{"axtor"', 1))
    with pytest.raises(BrokenRecord):
        run_sweep(None)
    assert since_last_sweep(ports) is None
    log.write_bytes(whole)
    run_sweep(None)
    assert since_last_sweep(ports) == timedelta(0)
