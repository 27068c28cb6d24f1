"""The heartbeat port, against a real server on this machine."""

import pytest

from tests.ports.receivers import http_receiver
from tidewatch.adapters.heartbeat import HttpHeartbeat
from tidewatch.ports.heartbeat import NotHeard


def test_a_beat_is_one_get() -> None:
    with http_receiver() as receiver:
        receiver.status = 200
        HttpHeartbeat(receiver.url).beat()
        assert [got.body for got in receiver.got] == [b""]


def test_a_beat_that_is_not_taken_is_not_heard_and_the_address_stays_secret() -> None:
    with http_receiver() as receiver:
        receiver.status = 404
        with pytest.raises(NotHeard, match="HTTP 404"):
            HttpHeartbeat(receiver.url).beat()
    for nowhere in (receiver.url, "ftp://key-in-the-address", "http://[key-in-the-address"):
        with pytest.raises(NotHeard) as raised:
            HttpHeartbeat(nowhere).beat()
        assert "key-in-the-address" not in f"{raised.value!r} {raised.value.__cause__!r}"
