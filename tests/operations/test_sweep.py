"""Deadlines: read from the log every minute, carried out once, however late."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.operations.house import House
from tidewatch.domain.events import BrokenRecord
from tidewatch.domain.people import Refused
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.respond import acknowledge, escalate, unacknowledge, watch, write_findings
from tidewatch.operations.runbooks import start_run
from tidewatch.operations.sweep import sweep

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

INC = "INC-1001"


@pytest.fixture
def opened(house: House) -> House:
    report(house.ports, [house.finding()], "monday", "blob")
    return house


def paged(house: House) -> list[str]:
    return [event.data["person"] for event in house.events(INC) if event.kind == "paged"]


def test_the_first_sweep_calls_the_owner_by_name_and_only_once(opened: House) -> None:
    sweep(opened.ports)
    sweep(opened.ports)
    assert paged(opened) == ["U0ANA"]
    opened.run_jobs()
    assert "<@U0ANA>" in opened.chat.thread[0]


def test_nobody_is_called_for_what_somebody_has_already(opened: House) -> None:
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    sweep(opened.ports)
    assert paged(opened) == []


def test_an_incident_nobody_takes_goes_to_l2_after_the_deadline_and_not_before(opened: House) -> None:
    opened.later(minutes=15)
    sweep(opened.ports)
    assert opened.incident().tier == "L1"
    opened.later(seconds=1)
    sweep(opened.ports)
    assert opened.incident().tier == "L2"
    sweep(opened.ports)
    assert paged(opened) == ["U0ANA", "U0BEN"]
    assert opened.kinds().count("escalated") == 1


def test_an_acknowledged_incident_is_not_escalated_at_the_acknowledge_deadline(opened: House) -> None:
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    opened.later(hours=3, minutes=59)
    sweep(opened.ports)
    assert opened.incident().tier == "L1"


def test_an_acknowledgement_does_not_stop_the_clock_for_resolving(opened: House) -> None:
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    opened.later(hours=4, minutes=1)
    sweep(opened.ports)
    assert opened.incident().tier == "L2" and opened.incident().owner == ""
    opened.run_jobs()
    assert "nobody of L1 could resolve it by" in "".join(opened.chat.thread)


def test_giving_it_back_starts_the_wait_again(opened: House) -> None:
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    opened.later(minutes=14)
    unacknowledge(opened.ports, INC, opened.by("U0ANA"))
    opened.later(minutes=14)
    sweep(opened.ports)
    assert opened.incident().tier == "L1"
    opened.later(minutes=2)
    sweep(opened.ports)
    assert opened.incident().tier == "L2"


def test_l3_is_not_called_without_l2s_findings_but_its_first_is_woken(opened: House) -> None:
    escalate(opened.ports, INC, "no idea", opened.by("U0ANA"))
    with pytest.raises(Refused, match="only with L2's findings"):
        escalate(opened.ports, INC, "no idea", opened.by("U0BEN"))
    sweep(opened.ports)
    opened.later(hours=1)
    sweep(opened.ports)
    assert opened.incident().tier == "L2"
    assert paged(opened) == ["U0BEN", "U0CARA"]


def test_with_l2s_findings_a_missed_deadline_calls_l3(opened: House) -> None:
    escalate(opened.ports, INC, "no idea", opened.by("U0ANA"))
    write_findings(opened.ports, INC, "weights; the scale is broken; weighed again", opened.by("U0BEN"))
    opened.later(hours=1)
    sweep(opened.ports)
    assert opened.incident().tier == "L3"


def test_nothing_is_done_about_an_incident_that_is_resolved(opened: House) -> None:
    for window in ("2026-02-10", "2026-02-11"):
        note_good_window(opened.ports, "acme/demo", window, [opened.incident().signal], "blob")
    before = opened.kinds()
    opened.later(hours=12)
    sweep(opened.ports)
    assert opened.kinds() == before


def test_a_watched_incident_rests_until_its_time_is_over(opened: House) -> None:
    escalate(opened.ports, INC, "stormy", opened.by("U0ANA"))
    watch(opened.ports, INC, timedelta(days=14), "one stormy week", opened.by("U0BEN"))
    opened.later(days=13)
    sweep(opened.ports)
    assert opened.incident().status == "observing"
    opened.later(days=2)
    sweep(opened.ports)
    assert opened.incident().status == "open"
    opened.run_jobs()
    assert any("still bad" in line for line in opened.chat.thread)


def test_a_run_whose_worker_died_is_called_interrupted_and_can_be_started_again(opened: House) -> None:
    report(opened.ports, [opened.finding("income")], "other", "blob")
    opened.batch("2026-02-01", times=1.609344)
    start_run(opened.ports, INC, "convert-unit", opened.by("U0ANA"))
    opened.forget_jobs()
    opened.later(minutes=3, seconds=1)
    sweep(opened.ports)
    assert opened.incident(INC).runs[0].verdict == "interrupted"
    start_run(opened.ports, INC, "convert-unit", opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.incident(INC).status == "resolved"


def test_sweeps_that_overlap_do_everything_once(opened: House) -> None:
    opened.later(minutes=16)
    start = threading.Barrier(8)

    def race() -> None:
        start.wait()
        sweep(opened.ports)

    with ThreadPoolExecutor(8) as pool:
        for racer in [pool.submit(race) for _ in range(8)]:
            racer.result()
    assert opened.kinds().count("escalated") == 1
    assert len(paged(opened)) == len(set(paged(opened)))


def test_a_sweep_that_died_anywhere_is_finished_by_the_next(opened: House, deaths: Deaths) -> None:
    opened.later(minutes=16)
    copies = []
    for mortal in deaths(opened, lambda mortal: sweep(mortal.ports)):
        sweep(mortal.ports)
        sweep(mortal.ports)
        mortal.run_jobs()
        assert mortal.kinds() == ["opened", "paged", "escalated", "paged"], mortal.root.name
        assert mortal.chat.posted == ["1:card", "2", "3", "4"], mortal.root.name
        copies.append(mortal)
    assert len(copies) > 3


def test_a_broken_stream_does_not_keep_the_sweep_from_the_others(opened: House) -> None:
    report(opened.ports, [opened.finding("colour")], "other", "blob")
    broken = opened.root / "log" / f"{INC}.jsonl"
    broken.write_bytes(broken.read_bytes().replace(b'{"actor"', b'{"axtor"', 1))
    opened.later(minutes=16)
    with pytest.raises(BrokenRecord):
        sweep(opened.ports)
    assert opened.incident("INC-1002").tier == "L2"
