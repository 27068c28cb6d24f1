"""One cause upstream: one incident that calls people, and the models it takes in."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.operations.house import House
from tidewatch.domain.finding import Signal
from tidewatch.domain.people import Refused
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.respond import acknowledge
from tidewatch.operations.storms import split
from tidewatch.operations.sweep import sweep
from tidewatch.operations.verify_log import verify_log

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]


def model(number: int) -> str:
    return f"acme/model-{number}"


def drifts(house: House, number: int, key: str = "monday") -> str:
    (incident,) = report(house.ports, [house.finding("temp", model=model(number))], key, "blob")
    return incident


def good(house: House, number: int, *windows: str) -> None:
    for window in windows:
        note_good_window(house.ports, model(number), window, [Signal(model(number), "input", "temp")], "blob")


def storm(house: House) -> str:
    (found,) = [name for name in house.incidents() if house.incident(name).signal.family == "storm"]
    return found


def cards(house: House) -> list[str]:
    return [said.message.text for said in house.chat.said.values() if said.metadata["post"].endswith(":card")]


@pytest.fixture
def stormy(house: House) -> House:
    """Twelve models drift in one column."""
    for number in range(12):
        drifts(house, number)
    sweep(house.ports)
    house.run_jobs()
    return house


def test_four_models_of_one_column_are_four_incidents(house: House) -> None:
    for number in range(4):
        drifts(house, number)
    sweep(house.ports)
    assert [house.incident(name).storm for name in house.incidents()] == [""] * 4


def test_the_fifth_model_opens_one_storm_and_the_first_four_join_it(house: House) -> None:
    for number in range(5):
        drifts(house, number)
    parent = storm(house)
    children = [house.incident(name) for name in house.incidents() if name != parent]
    assert [child.storm for child in children] == [parent] * 5
    assert [child.in_channel for child in children] == [True] * 4 + [False]


def test_a_storm_posts_four_cards_and_its_own_however_many_models_come(stormy: House) -> None:
    assert len(cards(stormy)) == 5
    assert [text for text in cards(stormy) if text.startswith("🌊")] == [
        f"🌊 {stormy.incident(name).title} ({name}, storm)" for name in stormy.incidents()[:4]
    ]
    (card,) = [text for text in cards(stormy) if text.startswith("🔴")]
    assert "Shared change: temp" in card


def test_the_card_of_a_storm_says_how_many_and_names_the_worst(stormy: House) -> None:
    said = str(next(said.message.blocks for said in stormy.chat.said.values() if said.message.text.startswith("🔴")))
    assert "12 models" in said and "*12 of 12 are still bad*" in said and "and 10 more" in said
    assert "Take all" in said and "Not one cause" in said and "Escalate to L2" in said


def test_only_the_storm_calls_people(stormy: House) -> None:
    stormy.later(hours=1)
    sweep(stormy.ports)
    parent = storm(stormy)
    assert [name for name in stormy.incidents() if {"paged", "escalated"} & {*stormy.kinds(name)}] == [parent]


def test_whoever_takes_the_storm_quiets_all_of_it(stormy: House) -> None:
    acknowledge(stormy.ports, storm(stormy), stormy.by("U0ANA"))
    stormy.later(minutes=20)
    sweep(stormy.ports)
    assert stormy.incident(storm(stormy)).tier == "L1"
    assert all("escalated" not in stormy.kinds(name) for name in stormy.incidents())


def test_a_sweep_tells_the_storm_of_all_its_new_models_in_one_event(house: House) -> None:
    for number in range(40):
        drifts(house, number)
    sweep(house.ports)
    sweep(house.ports)
    assert house.kinds(storm(house)).count("storm_grew") == 1
    parent = house.incident(storm(house))
    assert (len(parent.members), parent.finding.value) == (40, 40.0)


def test_the_storm_knows_who_is_good_again_and_ends_with_the_last(stormy: House) -> None:
    for number in range(11):
        good(stormy, number, "2026-02-02", "2026-02-03")
    sweep(stormy.ports)
    parent = stormy.incident(storm(stormy))
    assert set(parent.members) - parent.over == {stormy.incidents()[-1]}
    assert "1 of them still bad" in parent.finding.sentence
    good(stormy, 11, "2026-02-02", "2026-02-03")
    sweep(stormy.ports)
    assert stormy.incident(storm(stormy)).status == "resolved"


def test_a_model_that_comes_back_brings_its_storm_back(stormy: House) -> None:
    for number in range(12):
        good(stormy, number, "2026-02-02", "2026-02-03")
    sweep(stormy.ports)
    for number in range(5):
        drifts(stormy, number, "tuesday")
    sweep(stormy.ports)
    assert stormy.incident(storm(stormy)).status == "open"
    assert len(stormy.incident(storm(stormy)).members) - len(stormy.incident(storm(stormy)).over) == 5


def test_what_is_split_off_calls_on_its_own_and_has_a_card(stormy: House) -> None:
    child = stormy.incidents()[-1]
    assert stormy.incident(child).model == model(11)
    split(stormy.ports, child, "its own sensor broke", stormy.by("U0ANA"))
    sweep(stormy.ports)
    stormy.run_jobs()
    assert stormy.kinds(child) == ["opened", "left_storm", "paged"]
    assert len(cards(stormy)) == 6
    assert child not in stormy.incident(storm(stormy)).members
    with pytest.raises(Refused, match="part of no storm"):
        split(stormy.ports, child, "again", stormy.by("U0ANA"))


def test_what_was_split_off_does_not_join_again(stormy: House) -> None:
    child = stormy.incidents()[-1]
    split(stormy.ports, child, "its own sensor broke", stormy.by("U0ANA"))
    good(stormy, 11, "2026-02-02", "2026-02-03")
    drifts(stormy, 11, "tuesday")
    assert stormy.incident(child).storm == ""


def test_models_that_drift_far_apart_in_time_are_no_storm(house: House) -> None:
    for number in range(8):
        drifts(house, number)
        house.later(minutes=31)
        sweep(house.ports)
    assert len(house.incidents()) == 8


def test_a_storm_in_which_nothing_changed_for_a_day_takes_in_nobody_silently(stormy: House) -> None:
    stormy.later(hours=25)
    sweep(stormy.ports)
    late = [drifts(stormy, number) for number in range(20, 24)]
    assert [stormy.incident(name).storm for name in late] == [""] * 4
    late.append(drifts(stormy, 24))
    sweep(stormy.ports)
    assert {stormy.incident(name).storm for name in late} == {storm(stormy)}
    assert len(stormy.incident(storm(stormy)).members) == 17


def test_racing_models_open_one_storm_and_at_most_four_cards_of_their_own(house: House) -> None:
    racers = 24
    start = threading.Barrier(racers)

    def race(number: int) -> str:
        start.wait()
        return drifts(house, number)

    with ThreadPoolExecutor(racers) as pool:
        assert len(set(pool.map(race, range(racers)))) == racers
    sweep(house.ports)
    parent = house.incident(storm(house))
    assert len(parent.members) == racers
    assert sum(house.incident(name).in_channel for name in parent.members) <= 4
    assert verify_log(house.ports.log).faults == []


def test_whatever_dies_while_a_storm_opens_is_made_good(house: House, deaths: Deaths) -> None:
    for number in range(4):
        drifts(house, number)
    house.forget_jobs()
    for mortal in deaths(house, lambda house: drifts(house, 4)):
        drifts(mortal, 4)  # delivered again
        drifts(mortal, 5)
        sweep(mortal.ports)
        sweep(mortal.ports)
        parent = mortal.incident(storm(mortal))
        assert len(parent.members) == 6, mortal.root.name
        assert [mortal.incident(name).storm for name in parent.members] == [parent.id] * 6, mortal.root.name


class Counting:
    """A port that counts what is asked of it."""

    def __init__(self, inner: Any, calls: Counter[str], place: str) -> None:
        self._inner, self._calls, self._place = inner, calls, place

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)

        def counted(*given: Any, **named: Any) -> Any:
            self._calls[f"{self._place}.{name}"] += 1
            return inner(*given, **named)

        return counted


def test_412_models_cost_the_store_no_more_each_than_the_first_hundred_did(house: House) -> None:
    calls = Counter[str]()
    house.change(**{place: Counting(getattr(house.ports, place), calls, place) for place in ("blobs", "log", "queue")})
    for number in range(5):
        drifts(house, number)
    calls.clear()
    drifts(house, 5)
    one = Counter(calls)
    assert one["log.append"] == 1 and one["queue.send"] == 0
    assert sum(one.values()) <= 20
    for number in range(6, 412):
        calls.clear()
        drifts(house, number)
        assert sum(calls.values()) <= sum(one.values()), calls - one
    sweep(house.ports)
    house.run_jobs()
    assert len(house.incident(storm(house)).members) == 412
    assert len(cards(house)) == 5
