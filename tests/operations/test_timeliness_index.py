"""The index of what is due: a tick reads nothing else, and no crash or race loses an entry."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from tests.operations.house import MODEL, House
from tests.operations.timely import DAILY, FIRST, SECOND, checks, entries, follow, known, tick
from tidewatch.operations.patrol import patrol
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.timeliness import ARRIVALS, INDEX, QUEUE, send_overdue, tell_overdue

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]


@pytest.fixture
def daily(house: House) -> House:
    return follow(house, DAILY)


def test_each_model_has_one_entry_however_often_it_changes(daily: House) -> None:
    for number in range(6):
        daily.batch((date(2026, 3, 1) + timedelta(days=number)).isoformat())
        assert len(entries(daily)) == 1
        daily.later(days=1, minutes=number)
    assert entries(daily) == ["2026-03-08T09:10Z_acme_demo"]


def test_an_entry_too_many_is_taken_away_when_it_is_due(daily: House) -> None:
    for name in ("2026-03-02T02:00Z_acme_demo", "2026-03-02T02:00Z_acme_unheard-of"):
        daily.ports.blobs.put(INDEX, name, b"")
    assert tick(daily) == 2
    assert entries(daily) == ["2026-03-03T09:00Z_acme_demo"] and daily.incidents() == []


def test_an_entry_that_was_written_again_is_not_taken_away(daily: House) -> None:
    name = "2026-03-02T02:00Z_acme_demo"
    old = daily.ports.blobs.put(INDEX, name, b"")
    daily.ports.blobs.put(INDEX, name, b"")
    tell_overdue(daily.ports, MODEL, name, old)
    assert name in entries(daily)


def test_nothing_is_sent_before_the_minute_is_over_in_which_it_is_due(daily: House) -> None:
    daily.later(seconds=30)
    daily.batch(FIRST)
    daily.later(hours=29, minutes=59, seconds=45)
    assert (send_overdue(daily.ports), entries(daily)) == (0, ["2026-03-03T09:01Z_acme_demo"])
    daily.later(seconds=15)
    assert tick(daily) == 0
    daily.later(seconds=30)
    assert tick(daily) == 1 and checks(daily) == ["late_batch"]


def test_a_batch_sent_again_under_a_name_that_is_no_time_is_no_new_one(daily: House) -> None:
    for name in ("batch-9", "batch-10", "batch-9"):
        data = daily.parquet(daily.day(FIRST, income=daily.day(SECOND).columns["income"]), without=("late",))
        take_batch(daily.ports, daily.land("batches", name, data))
        daily.later(hours=1)
    assert (known(daily).window, known(daily).came) == ("batch-10", daily.ports.clock.now() - timedelta(hours=2))


def test_what_is_due_first_is_sent_first_and_the_rest_with_the_next_tick(daily: House) -> None:
    for minute in (7, 3, 5):
        daily.ports.blobs.put(INDEX, f"2026-03-01T00:0{minute}Z_acme_model-{minute}", b"")
    assert send_overdue(daily.ports, most=2) == 2
    sent = [daily.ports.queue.receive(QUEUE, visibility=60) for _ in range(2)]
    assert [json.loads(message.body)["model"] for message in sent if message] == ["acme/model-3", "acme/model-5"]


class Listed:
    """Blobs that only say what there is: whatever a tick would read or write breaks it."""

    def __init__(self, house: House) -> None:
        self._list = house.ports.blobs.list

    def list(self, container: str, prefix: str = "") -> Iterator[object]:
        assert (container, prefix) == (INDEX, "")
        return self._list(container, prefix)


def test_a_tick_reads_nothing_of_models_that_are_in_time(daily: House) -> None:
    for number in range(200):
        daily.ports.blobs.put(INDEX, f"2026-03-05T00:00Z_acme_model-{number}", b"")
    blobs = daily.ports.blobs
    daily.change(blobs=Listed(daily))
    assert send_overdue(daily.ports) == 0
    daily.change(blobs=blobs)


def test_ticks_that_overlap_and_jobs_delivered_twice_tell_once(daily: House) -> None:
    daily.later(days=2)
    start = threading.Barrier(8)
    (entry,) = daily.ports.blobs.list(INDEX)

    def race() -> None:
        start.wait()
        tell_overdue(daily.ports, MODEL, entry.name, entry.etag)

    with ThreadPoolExecutor(8) as pool:
        for racer in [pool.submit(race) for _ in range(8)]:
            racer.result()
    assert daily.kinds() == ["opened"] and len(entries(daily)) == 1


def test_of_batches_that_come_at_once_the_newest_is_known_and_none_is_missing(daily: House) -> None:
    days = [(date(2026, 2, 1) + timedelta(days=number)).isoformat() for number in range(8)]
    names = [daily.land("batches", day, daily.parquet(daily.day(day), without=("late",))) for day in days]
    start = threading.Barrier(len(days))

    def race(name: str) -> None:
        start.wait()
        take_batch(daily.ports, name)

    with ThreadPoolExecutor(len(days)) as pool:
        for racer in [pool.submit(race, name) for name in names]:
            racer.result()
    assert known(daily).window == days[-1] and known(daily).troubles == ()
    record = json.loads(daily.ports.blobs.get(ARRIVALS, f"{MODEL}.json"))
    assert record["entry"] in entries(daily)


def test_a_job_that_dies_at_any_write_is_as_if_nobody_died(daily: House, deaths: Deaths) -> None:
    daily.later(days=2)

    def do(house: House) -> None:
        (entry, *_) = house.ports.blobs.list(INDEX)
        tell_overdue(house.ports, MODEL, entry.name, entry.etag)

    copies = 0
    for mortal in deaths(daily, do):
        for _ in range(3):
            tick(mortal)
        assert [mortal.kinds(name) for name in mortal.incidents()] == [["opened"]], mortal.root.name
        assert entries(mortal) == ["2026-03-04T09:00Z_acme_demo"] or entries(mortal) == ["2026-03-05T09:00Z_acme_demo"]
        copies += 1
    assert copies > 5


def test_a_batch_noted_by_processes_that_die_is_as_if_nobody_died(daily: House, deaths: Deaths) -> None:
    daily.batch(FIRST)
    daily.later(hours=31)
    tick(daily)
    name = daily.land("batches", SECOND, daily.parquet(daily.day(SECOND), without=("late",)))
    copies = 0
    for mortal in deaths(daily, lambda mortal: take_batch(mortal.ports, name)):
        take_batch(mortal.ports, name)
        assert mortal.kinds() == ["opened", "window_passed"], mortal.root.name
        assert known(mortal).window == SECOND
        record = json.loads(mortal.ports.blobs.get(ARRIVALS, f"{MODEL}.json"))
        assert record["entry"] == "2026-03-04T16:00Z_acme_demo" and record["entry"] in entries(mortal)
        mortal.later(hours=30)
        patrol(mortal.ports)  # a copied file has another etag, and so no receipt
        tick(mortal)
        assert mortal.kinds() == ["opened", "window_passed", "observed"], mortal.root.name
        assert len(entries(mortal)) == 1
        copies += 1
    assert copies > 8


def test_a_hand_over_that_dies_at_any_write_is_made_good_by_the_next(house: House, deaths: Deaths) -> None:
    for mortal in deaths(house, lambda mortal: follow(mortal, DAILY)):
        follow(mortal, DAILY)
        assert entries(mortal) == ["2026-03-03T09:00Z_acme_demo"]
