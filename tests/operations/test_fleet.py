"""Doubtful findings wait for the fleet: at most a minute, and nothing is lost or doubled."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.operations.house import MODEL, House
from tidewatch.domain.fleet import Arrival, Pool
from tidewatch.operations.fleet import ARRIVED, FLEET, HELD, RECORD, decide, held_back
from tidewatch.operations.take_batch import examine_again, take_batch

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

DAY = "2026-02-01"


def teal(house: House, day: str = DAY) -> dict[str, Any]:
    """A departure that is no doubt of the model's, and one that chance brings to one of many models."""
    usual = house.day(day).columns["colour"]
    return {"colour": np.where(usual == "blue", "red", usual).astype(object)}


def others(house: House, models: int, part: float = 2.0) -> None:
    """Windows of other models that an earlier minute has counted; those with a departure were told."""
    pool, now = known(house), house.ports.clock.now()
    first = pool.windows
    arrivals = [Arrival(f"acme/other-{first + n}/{DAY}/abc", part, 1 / 30) for n in range(models)]
    data = json.dumps(pool.after(arrivals, now).as_dict()).encode()
    house.ports.blobs.put(FLEET, RECORD, data)


def quiet(house: House, models: int) -> None:
    """Windows of other models that were judged in this minute."""
    for number in range(models):
        house.ports.blobs.put(FLEET, f"{ARRIVED}acme/quiet-{number}/{DAY}/abc_2_0.0333", b"")


def known(house: House) -> Pool:
    there = house.ports.blobs.stat(FLEET, RECORD)
    return Pool.from_dict(json.loads(house.ports.blobs.get(FLEET, RECORD))) if there else Pool()


def left(house: House, prefix: str) -> list[str]:
    return [blob.name for blob in house.ports.blobs.list(FLEET, prefix)]


def test_a_small_fleet_is_told_with_the_next_minute(house: House) -> None:
    house.batch(DAY, **teal(house))
    assert house.incidents() == []
    decide(house.ports)
    assert [house.kinds(name) for name in house.incidents()] == [["opened"]]
    assert house.incident().finding.subject == "colour"
    assert left(house, ARRIVED) == left(house, HELD) == []


def test_what_is_certain_waits_for_nobody(house: House) -> None:
    house.batch(DAY, times=1.609344)
    assert house.incident().finding.check == "scale"


def test_in_a_large_fleet_it_is_held_back_and_can_be_read(house: House) -> None:
    house.batch(DAY, **teal(house))
    others(house, 3000)
    decide(house.ports)
    assert house.incidents() == []
    (held,) = held_back(house.ports)
    assert (held.model, held.window, held.windows) == (MODEL, DAY, 3001)
    assert 0.1 < held.q <= 1 and "colour is distributed differently" in held.sentences[0]
    decide(house.ports)
    assert len(left(house, HELD)) == 1


def test_what_was_held_back_is_told_once_others_confirm_it(house: House) -> None:
    house.batch(DAY, **teal(house))
    others(house, 3000)
    decide(house.ports)
    others(house, 600, part=1e-6)
    decide(house.ports)
    assert [house.kinds(name) for name in house.incidents()] == [["opened"]]
    assert held_back(house.ports) == [] and left(house, HELD) == []


def test_what_stays_is_told_whatever_the_fleet_looks_like(house: House) -> None:
    for number in (1, 2, 3):
        assert house.incidents() == []
        house.batch(f"2026-02-0{number}", **teal(house, f"2026-02-0{number}"))
        others(house, 3000)
        decide(house.ports)
    assert house.kinds() == ["opened"]
    assert house.incident().finding.evidence["strange_windows"] == 3


def test_an_open_incident_is_told_all_of_its_signal(house: House) -> None:
    house.batch(DAY, **teal(house))
    decide(house.ports)
    others(house, 3000)
    house.batch("2026-02-02", **teal(house, "2026-02-02"))
    assert house.kinds() == ["opened", "observed"]


def test_a_batch_taken_twice_counts_once_and_is_told_once(house: House) -> None:
    house.batch(DAY, **teal(house))
    for _ in range(2):
        for receipt in list(house.ports.blobs.list("receipts")):
            house.ports.blobs.delete("receipts", receipt.name)
        take_batch(house.ports, f"{MODEL}/{DAY}.parquet")
        decide(house.ports)
        decide(house.ports)
    assert [house.kinds(name) for name in house.incidents()] == [["opened"]]
    assert len(known(house).candidates) == 1


@pytest.mark.parametrize("models", [0, 3000], ids=["told", "held back"])
def test_a_minute_that_dies_is_made_good_by_the_next(house: House, deaths: Deaths, models: int) -> None:
    house.batch(DAY, **teal(house))
    quiet(house, 5)
    others(house, models)
    for mortal in deaths(house, lambda mortal: decide(mortal.ports)):
        decide(mortal.ports)
        expected = [] if models else [["opened"]]
        assert [mortal.kinds(name) for name in mortal.incidents()] == expected, mortal.root.name
        assert len(held_back(mortal.ports)) == (1 if models else 0), mortal.root.name
        assert left(mortal, ARRIVED) == [], mortal.root.name
        assert known(mortal).windows == models + 6, mortal.root.name


def test_a_batch_that_dies_half_way_is_made_good_by_its_next_delivery(house: House, deaths: Deaths) -> None:
    name = house.land("batches", DAY, house.parquet(house.day(DAY, **teal(house)), without=("late",)))
    for mortal in deaths(house, lambda mortal: take_batch(mortal.ports, name)):
        take_batch(mortal.ports, name)
        decide(mortal.ports)
        assert [mortal.kinds(each) for each in mortal.incidents()] == [["opened"]], mortal.root.name


def test_a_minute_costs_one_listing_whatever_the_size_of_the_fleet(house: House) -> None:
    """Beside that: two reads, one write, and the taking away of what arrived."""
    others(house, 18_000)
    quiet(house, 13)
    calls, blobs = Counter[str](), house.ports.blobs

    class Counting:
        def __getattr__(self, name: str) -> Any:
            calls[name] += 1
            return getattr(blobs, name)

    house.change(blobs=Counting())
    decide(house.ports)
    assert calls == {"list": 1, "stat": 1, "get": 1, "put": 1, "delete": 13}
    decide(house.ports)
    assert calls == {"list": 2, "stat": 2, "get": 2, "put": 1, "delete": 13}


def test_what_was_corrected_while_it_waited_calls_nobody(house: House) -> None:
    house.batch(DAY, **teal(house))
    house.ports.blobs.put("corrected", f"{MODEL}/{DAY}.parquet", house.parquet(house.day(DAY), without=("late",)))
    examine_again(house.ports, MODEL, DAY)
    decide(house.ports)
    assert house.incidents() == []
    assert left(house, ARRIVED) == left(house, HELD) == []
