"""Findings become incidents: one for each signal, whoever comes first and whatever dies."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.operations.house import House
from tidewatch.domain.events import Event
from tidewatch.domain.finding import Signal
from tidewatch.domain.incident.quiet import ONE_BY_ONE
from tidewatch.operations.poison import take_poison
from tidewatch.operations.report import note_good_window, open_incidents, report
from tidewatch.operations.respond import acknowledge
from tidewatch.operations.sweep import sweep
from tidewatch.operations.verify_log import verify_log
from tidewatch.ports.incident_log import IncidentLog

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

MODEL = "acme/demo"
RACERS = 16


def seen(house: House, key: str, subject: str = "weight", value: float = 0.9) -> str:
    (incident,) = report(house.ports, [house.finding(subject, value=value)], key, "blob")
    return incident


def good(house: House, window: str, subject: str = "weight") -> None:
    note_good_window(house.ports, MODEL, window, [Signal(MODEL, "input", subject)], "blob")


def resolve_by_good_windows(house: House) -> None:
    good(house, "2026-02-10")
    good(house, "2026-02-11")
    assert house.incident().status == "resolved"


def test_a_later_finding_of_the_signal_is_seen_again_not_opened_again(house: House) -> None:
    assert seen(house, "monday") == seen(house, "tuesday", value=0.5) == "INC-1001"
    assert house.kinds() == ["opened", "observed"]
    assert house.incident().finding.value == 0.5


def test_the_same_finding_delivered_twice_changes_nothing(house: House) -> None:
    seen(house, "monday")
    seen(house, "monday")
    assert house.kinds() == ["opened"]


def test_findings_of_two_signals_are_two_incidents(house: House) -> None:
    findings = [house.finding("weight"), house.finding("income")]
    assert sorted(report(house.ports, findings, "monday", "blob")) == ["INC-1001", "INC-1002"]


def test_racing_findings_of_one_signal_become_one_incident_with_one_card(house: House) -> None:
    start = threading.Barrier(RACERS)

    def race(number: int) -> str:
        start.wait()
        return seen(house, f"racer {number}")

    with ThreadPoolExecutor(RACERS) as pool:
        assert set(pool.map(race, range(RACERS))) == set(house.incidents())
    assert len(house.incidents()) == 1
    assert house.kinds() == ["opened"] + ["observed"] * ONE_BY_ONE
    with ThreadPoolExecutor(4) as pool:
        for deliverer in [pool.submit(house.run_jobs) for _ in range(4)]:
            deliverer.result()
    house.run_jobs()
    assert house.chat.posted == ["1:card"]
    assert verify_log(house.ports.log).faults == []


def test_inside_the_reopen_window_the_same_incident_comes_back_to_l1(house: House) -> None:
    seen(house, "monday")
    acknowledge(house.ports, "INC-1001", house.by("U0ANA"))
    resolve_by_good_windows(house)
    house.later(days=2, hours=23)
    sweep(house.ports)
    assert seen(house, "thursday") == "INC-1001"
    incident = house.incident()
    assert (incident.status, incident.tier, incident.owner, incident.reopened) == ("open", "L1", "", 1)
    house.run_jobs()
    assert [post for post in house.chat.posted if post.endswith(":card")] == ["1:card", "6:card"]
    assert "came back" in house.chat.said["1.000000"].message.text


def test_outside_the_reopen_window_it_is_a_new_incident(house: House) -> None:
    seen(house, "monday")
    resolve_by_good_windows(house)
    house.later(days=3, minutes=1)
    assert seen(house, "friday") == "INC-1002"
    assert house.incident("INC-1001").status == "resolved"


def test_the_sweep_forgets_the_signal_of_an_incident_that_is_over(house: House) -> None:
    seen(house, "monday")
    resolve_by_good_windows(house)
    sweep(house.ports)
    assert list(house.ports.blobs.list("markers"))
    house.later(days=3, minutes=1)
    sweep(house.ports)
    assert not list(house.ports.blobs.list("markers"))
    assert seen(house, "friday") == "INC-1002"


def test_racing_findings_after_the_reopen_window_share_one_new_incident(house: House) -> None:
    seen(house, "monday")
    resolve_by_good_windows(house)
    house.later(days=4)
    start = threading.Barrier(RACERS)

    def race(number: int) -> str:
        start.wait()
        return seen(house, f"racer {number}")

    with ThreadPoolExecutor(RACERS) as pool:
        (chosen,) = set(pool.map(race, range(RACERS)))
    assert house.incidents() == ["INC-1001", chosen]
    assert house.kinds("INC-1001").count("reopened") == 0


def test_an_incident_that_came_back_three_times_is_flapping(house: House) -> None:
    seen(house, "0")
    for time in range(1, 4):
        resolve_by_good_windows(house)
        assert not house.incident().flapping
        seen(house, str(time))
    assert house.incident().flapping


def test_two_good_windows_in_a_row_end_it_and_one_does_not(house: House) -> None:
    seen(house, "monday")
    good(house, "2026-02-10")
    seen(house, "tuesday")
    good(house, "2026-02-11")
    assert house.incident().status == "open"
    good(house, "2026-02-11")  # delivered twice
    assert house.incident().status == "open"
    good(house, "2026-02-12")
    assert house.incident().status == "resolved" and house.incident().recovered


def test_a_good_window_of_one_column_says_nothing_about_another(house: House) -> None:
    seen(house, "monday")
    good(house, "2026-02-10", subject="income")
    assert house.kinds() == ["opened"]


def test_a_marker_whose_writer_died_is_filled_by_the_next_finding(house: House, deaths: Deaths) -> None:
    dead = deaths(house, lambda mortal: seen(mortal, "monday"))
    next(dead)  # it took a number and died
    next(dead)  # it said where the next one is to be looked for and died
    house = next(dead)  # it wrote the marker and died
    assert list(house.ports.blobs.list("markers")) and house.incidents() == []
    sweep(house.ports)
    assert open_incidents(house.ports) == []
    assert seen(house, "tuesday") == "INC-1001"
    assert house.kinds() == ["opened"]


def test_a_finding_whose_process_died_anywhere_is_reported_whole_by_the_next_delivery(
    house: House, deaths: Deaths
) -> None:
    copies = []
    for mortal in deaths(house, lambda mortal: seen(mortal, "monday")):
        seen(mortal, "monday")
        sweep(mortal.ports)
        mortal.run_jobs()
        assert mortal.kinds() == ["opened", "paged"], mortal.root.name
        assert mortal.chat.posted == ["1:card", "2"], mortal.root.name
        copies.append(mortal)
    assert len(copies) == 7  # number, where the next one is, marker, what may become a storm, event, job, the survivor


def test_work_that_kept_failing_becomes_an_incident_once(house: House) -> None:
    take_poison(house.ports, "jobs", '{"do": "dance"}')
    take_poison(house.ports, "jobs", '{"do": "dance"}')
    incident = house.incident()
    assert house.kinds() == ["opened"]
    assert incident.model == "tidewatch/operations" and '{"do": "dance"}' in incident.finding.sentence
    house.run_jobs()
    assert "keeps failing" in house.chat.card.text


def test_a_log_is_whole_until_a_bit_of_it_flips(house: House) -> None:
    seen(house, "monday")
    seen(house, "tuesday")
    assert verify_log(house.ports.log).faults == []
    assert (verify_log(house.ports.log).incidents, verify_log(house.ports.log).events) == (1, 2)
    stream = house.root / "log" / "INC-1001.jsonl"
    stream.write_bytes(stream.read_bytes().replace(b'"value":0.9', b'"value":0.1', 1))
    (fault,) = verify_log(house.ports.log).faults
    assert fault == "INC-1001 event 1: was changed after it was written"


class Reads:
    """A log that notes which streams are read."""

    def __init__(self, inner: IncidentLog) -> None:
        self._inner, self.read_streams = inner, list[str]()

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def read(self, incident: str) -> tuple[Event, ...]:
        self.read_streams.append(incident)
        return self._inner.read(incident)


def test_listing_what_is_open_reads_no_stream_that_is_closed(house: House) -> None:
    for number in range(12):
        seen(house, "monday", f"column {number}")
        if number % 4:
            for window in ("2026-02-10", "2026-02-11"):
                good(house, window, f"column {number}")
    house.later(days=3, minutes=1)
    sweep(house.ports)  # the reopen window is over
    log = Reads(house.ports.log)
    house.change(log=log)
    opened = sorted(incident.id for incident in open_incidents(house.ports))
    assert opened == ["INC-1001", "INC-1005", "INC-1009"]
    assert sorted(log.read_streams) == opened
