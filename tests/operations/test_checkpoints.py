"""Checkpoints: when they are taken, what they cost, and who is told."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.operations.house import House
from tidewatch.adapters.local.seal import Ed25519Seal
from tidewatch.domain.checkpoint import Checkpoint, read_chain
from tidewatch.operations.checkpoints import INCIDENTS, is_genuine, stored_checkpoints, take_checkpoint
from tidewatch.operations.report import report
from tidewatch.operations.tell_checkpoint import tell_checkpoint
from tidewatch.operations.verify_log import verify_log
from tidewatch.ports.chat import ChatUnavailable
from tidewatch.ports.seal import NoKey

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]


def taken(house: House) -> Checkpoint:
    checkpoint = take_checkpoint(house.ports)
    assert checkpoint is not None
    return checkpoint


def seen(house: House, subject: str = "weight", key: str = "monday") -> None:
    report(house.ports, [house.finding(subject)], key, "blob")


def faults(house: House) -> list[str]:
    stored = stored_checkpoints(house.ports.blobs)
    return verify_log(house.ports.log, read_chain(stored, lambda found: is_genuine(house.ports, found))).faults


def numbers(house: House) -> list[int]:
    return [number for number, _ in stored_checkpoints(house.ports.blobs)]


def test_a_checkpoint_names_what_changed_and_counts_everything(house: House) -> None:
    seen(house, "weight")
    seen(house, "income")
    first = taken(house)
    assert (first.number, first.streams) == (1, 2)
    assert {incident: mark.seq for incident, mark in first.changed.items()} == {"INC-1001": 1, "INC-1002": 1}
    house.later(hours=1)
    seen(house, "weight", "tuesday")
    second = taken(house)
    assert (second.number, second.streams, second.previous) == (2, 2, first.hash)
    assert [*second.changed] == ["INC-1001"]
    assert faults(house) == []


def test_a_doubled_timer_takes_one_checkpoint_and_a_missed_one_is_made_up_for(house: House) -> None:
    seen(house)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: take_checkpoint(house.ports), range(4)))
    house.later(minutes=40)
    taken(house)
    assert numbers(house) == [1]
    house.later(hours=7)
    taken(house)
    taken(house)
    assert numbers(house) == [1, 2]
    assert faults(house) == []


class Counted:
    def __init__(self, inner: Any) -> None:
        self._inner, self.calls = inner, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._inner, name)


def test_only_streams_that_changed_are_read_again(house: House) -> None:
    for number in range(5):
        seen(house, f"column {number}")
    taken(house)
    house.later(hours=1)
    seen(house, "column 3", "tuesday")
    log, blobs = Counted(house.ports.log), Counted(house.ports.blobs)
    house.change(log=log, blobs=blobs)
    assert [*taken(house).changed] == ["INC-1004"]
    assert log.calls == {"stamps": 1, "read": 1}
    assert blobs.calls == {"get": 3, "put": 2}, "the copy, the newest, the one that is not there yet; checkpoint, copy"


@pytest.mark.parametrize("copy", [None, b"rubbish", b"{}", b'{"number": 1, "heads": {"INC-1001": [9, "0", "x"]}}'])
def test_without_a_copy_that_fits_the_checkpoints_themselves_are_added_up(house: House, copy: bytes | None) -> None:
    seen(house)
    for _ in range(2):
        taken(house)
        house.later(hours=1)
    house.ports.blobs.delete("witness", "heads.json")
    if copy is not None:
        house.ports.blobs.put("witness", "heads.json", copy)
    third = taken(house)
    assert (third.number, third.streams, dict(third.changed)) == (3, 1, {})
    assert faults(house) == []


def test_a_process_that_died_anywhere_leaves_nothing_that_the_next_cannot_continue(
    house: House, deaths: Deaths
) -> None:  # fmt: skip
    seen(house)
    house.forget_jobs()
    for mortal in deaths(house, lambda mortal: tell_checkpoint(mortal.ports, taken(mortal))):
        mortal.later(hours=1)
        tell_checkpoint(mortal.ports, taken(mortal))
        mortal.later(hours=1)
        tell_checkpoint(mortal.ports, taken(mortal))
        assert faults(mortal) == [], mortal.root.name
        assert len(mortal.chat.said) == 1, mortal.root.name


def test_a_forged_checkpoint_in_the_next_place_stops_nothing_and_is_reported(house: House) -> None:
    seen(house)
    taken(house)
    house.ports.blobs.put(INCIDENTS, "checkpoints/00000002.json", b"mine")
    house.later(hours=1)
    assert taken(house).number == 3
    assert "checkpoint 2: is forged, or was changed" in house.incident().finding.sentence
    assert faults(house) == ["checkpoint 2: cannot be read"]


def test_a_newest_checkpoint_that_disappeared_is_reported(house: House) -> None:
    seen(house)
    taken(house)
    house.ports.blobs.delete(INCIDENTS, "checkpoints/00000001.json")
    house.later(hours=1)
    taken(house)
    assert "checkpoint 1: has disappeared" in house.incident().finding.sentence


def test_a_new_key_goes_on_where_the_old_one_stopped(house: House) -> None:
    seen(house)
    first = taken(house)
    old = house.ports.seal.public_key()
    house.change(seal=Ed25519Seal("", house.root / "new-key.pem", [old]))
    house.later(hours=1)
    assert taken(house).previous == first.hash
    assert faults(house) == []
    assert house.incidents() == ["INC-1001"]


def test_without_a_key_there_is_no_checkpoint_and_a_sentence_says_why(house: House) -> None:
    house.change(seal=Ed25519Seal(""))
    with pytest.raises(NoKey, match="set TIDEWATCH_CHECKPOINT_KEY to an Ed25519 key in PEM"):
        take_checkpoint(house.ports)
    assert numbers(house) == []


# The daily message --------------------------------------------------------------------------------------------------


def test_the_channel_is_told_the_hash_once_a_day(house: House) -> None:
    seen(house)
    house.forget_jobs()
    first = taken(house)
    assert [tell_checkpoint(house.ports, first) for _ in range(3)] == [True, False, False]
    (said,) = house.chat.said.values()
    assert said.metadata == {"post": "checkpoint", "day": "2026-03-02"}
    assert f"tidewatch log verify --against {first.hash}" in json.dumps(list(said.message.blocks))
    house.later(hours=1)
    seen(house, key="tuesday")
    assert not tell_checkpoint(house.ports, taken(house)), "it was told today"
    house.later(days=1)
    assert tell_checkpoint(house.ports, taken(house))


def test_a_log_that_has_not_changed_is_not_told_again(house: House) -> None:
    seen(house)
    tell_checkpoint(house.ports, taken(house))
    house.later(days=3)
    assert not tell_checkpoint(house.ports, taken(house))


def test_a_chat_that_is_down_is_told_later_and_once(house: House) -> None:
    seen(house)
    house.chat.down = True
    with pytest.raises(ChatUnavailable):
        tell_checkpoint(house.ports, taken(house))
    house.chat.down = False
    assert not tell_checkpoint(house.ports, taken(house)), "somebody may still be at it"
    house.later(minutes=10)
    house.chat.lose_answers = 1
    with pytest.raises(ChatUnavailable):
        tell_checkpoint(house.ports, taken(house))
    house.later(minutes=10)
    assert tell_checkpoint(house.ports, taken(house))
    assert len(house.chat.said) == 1


def test_of_two_timers_one_tells(house: House) -> None:
    seen(house)
    checkpoint = taken(house)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: tell_checkpoint(house.ports, checkpoint), range(4)))
    assert sum(told) == 1 and len(house.chat.said) == 1


def test_a_checkpoint_is_at_least_hourly_with_a_timer_every_ten_minutes(house: House) -> None:
    for _ in range(24 * 6):
        taken(house)
        house.later(minutes=10)
    times = [Checkpoint.from_bytes(data).at for _, data in stored_checkpoints(house.ports.blobs)]
    gaps = {later - earlier for earlier, later in zip(times, times[1:], strict=False)}
    assert max(gaps) <= timedelta(hours=1)
    assert len(times) <= 30
