"""The beat after a sweep."""

from datetime import timedelta

import pytest

from tests.operations.house import House
from tests.ports.receivers import http_receiver
from tidewatch.adapters.heartbeat import HttpHeartbeat
from tidewatch.operations.beat import beat, since_last_sweep


def test_every_beat_is_heard_outside_and_remembered(house: House) -> None:
    assert since_last_sweep(house.ports) is None
    with http_receiver() as receiver:
        house.change(heartbeat=HttpHeartbeat(receiver.url))
        beat(house.ports)
        beat(house.ports)
        assert len(receiver.got) == 2
    house.later(minutes=3)
    assert since_last_sweep(house.ports) == timedelta(minutes=3)


def test_a_beat_nobody_hears_breaks_nothing_and_says_why(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.change(heartbeat=HttpHeartbeat("http://127.0.0.1:9/key-in-the-address"))
    beat(house.ports)
    assert "cannot be reached" in caplog.text and "key-in-the-address" not in caplog.text
