"""On real flights: a fault comes in, its runbook is suggested, run, verified, and the incident resolved."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.operations.timely import tick
from tests.runbooks.flights import FIRST, FLIGHTS, Flights, handed_over, scorer_of, train, world
from tests.runbooks.running import contents, run, table
from tidewatch.domain.repair import same
from tidewatch.domain.table import Table
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.suggestion import suggestion
from tidewatch.operations.take_batch import take_batch

DAY = FIRST + timedelta(days=4)
WINDOW = DAY.isoformat()
WEATHER = ("temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib")


@pytest.fixture(scope="session")
def spring(tmp_path_factory: pytest.TempPathFactory) -> Flights:
    """Four good days of April with labels; for copies only."""
    root = tmp_path_factory.mktemp("flights")
    (root / "trained").mkdir()
    return handed_over(root / "house", train(root / "trained"))


@pytest.fixture
def flights(spring: Flights, tmp_path: Path) -> Flights:
    return spring.copy(tmp_path / "house")


def shelf(flights: Flights) -> Shelf:
    return Shelf(flights.house.ports, FLIGHTS)


def lies(flights: Flights, window: str = WINDOW) -> Table:
    """What everybody reads of the window now."""
    return table(flights.house, shelf(flights).batch(window))


def remedied(flights: Flights, runbook: str) -> None:
    """The suggested runbook ends the incident."""
    (incident,) = flights.house.incidents()
    suggested = suggestion(flights.house.ports, flights.house.incident(incident))
    assert suggested is not None and suggested.name == runbook
    done = run(flights.house)
    assert (done.runbook, done.verdict) == (runbook, "passed"), done.sentence
    assert flights.house.incident(incident).status == "resolved"


def test_lost_distances_are_found_by_their_routes(flights: Flights) -> None:
    flights.land(DAY, "nulls", "distance", 0.6)
    came = contents(flights.house, "batches")
    remedied(flights, "restore-column")
    good, now = flights.frame(DAY), lies(flights)
    assert np.array_equal(now.columns["distance"], good["distance"])
    assert now.columns["score"] == pytest.approx(good["score"].to_numpy())
    record = shelf(flights).window(WINDOW)
    assert record is not None and record.accepted
    assert contents(flights.house, "batches") == came


def test_an_empty_weather_feed_is_filled_from_the_same_hour_of_the_day_before(flights: Flights) -> None:
    flights.land(DAY, "feed_is_empty", "", 1.0)
    assert flights.house.incident().finding.subject == "weather feed"
    remedied(flights, "restore-column")
    now, before = lies(flights), world().rows(DAY - timedelta(days=1))
    same_hour = before.drop_duplicates(["origin", "sched_dep_time"], keep="last").set_index(
        ["origin", "sched_dep_time"]
    )
    rows = [(o, t) for o, t in zip(now.columns["origin"], now.columns["sched_dep_time"], strict=True)]
    known = [place for place, row in enumerate(rows) if row in same_hour.index]
    assert len(known) > 0.8 * len(rows)
    for name in WEATHER:
        expected = same_hour.loc[[rows[place] for place in known], name].to_numpy()
        assert (now.columns[name][known] == expected)[~np.isnan(expected)].all(), name


def test_sentinels_are_set_aside_and_the_model_answers_without_them(flights: Flights) -> None:
    flights.land(DAY, "sentinel", "temp", 0.1)
    remedied(flights, "quarantine-and-rescore")
    came, now = table(flights.house, shelf(flights).original(WINDOW)), lies(flights)
    sentinels = came.columns["temp"] == -9999
    assert sentinels.sum() > 50
    assert np.isnan(now.columns["temp"][sentinels]).all()
    assert same(now.columns["temp"][~sentinels], came.columns["temp"][~sentinels])
    frame = flights.frame(DAY)
    frame["temp"] = frame["temp"].where(~sentinels)
    assert now.columns["score"] == pytest.approx(scorer_of(flights.trained).score(frame))
    name = f"{FLIGHTS}/{WINDOW}.parquet"
    blobs = flights.house.ports.blobs
    assert blobs.get("quarantine", name) == blobs.get("batches", name)


def test_a_renamed_carrier_is_set_aside_too(flights: Flights) -> None:
    flights.land(DAY, "renamed", "carrier", 0)
    remedied(flights, "quarantine-and-rescore")


def test_a_missing_day_is_produced_scored_and_taken_in(flights: Flights) -> None:
    flights.land(DAY + timedelta(days=1))
    flights.at(DAY + timedelta(days=2), 4)
    tick(flights.house)
    assert flights.house.incident().finding.check == "missing_batch"
    remedied(flights, "rerun-batch")
    good, now = flights.frame(DAY), lies(flights)
    assert now.columns["id"].tolist() == good["id"].tolist()
    assert now.columns["score"] == pytest.approx(good["score"].to_numpy())
    record = shelf(flights).window(WINDOW)
    assert record is not None and record.accepted and record.version == "1"
    take_batch(flights.house.ports, f"{FLIGHTS}/{WINDOW}.parquet")  # its own event comes after
    assert len(flights.house.incidents()) == 1


def test_days_that_are_late_are_produced_one_after_the_other(flights: Flights) -> None:
    flights.at(DAY + timedelta(days=2), 5)
    tick(flights.house)
    assert flights.house.incident().finding.evidence["due_batches"] == 2
    remedied(flights, "rerun-batch")
    assert [shelf(flights).original((DAY + timedelta(days=n)).isoformat()) is None for n in (0, 1, 2)] == [
        False, False, True,
    ]  # fmt: skip


def test_labels_that_did_not_come_are_asked_for_and_joined(flights: Flights) -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    for day in days:
        flights.land(day)
    flights.at(date(2013, 4, 8), 6)
    tick(flights.house)
    assert flights.house.incident().finding.check == "stale_labels"
    remedied(flights, "rerequest-labels")
    due = [day.isoformat() for day in days[:2]]  # those of the last day are not due yet
    assert shelf(flights).label_windows()[-2:] == due
    for day in days[:2]:
        outcome = shelf(flights).outcome(day.isoformat())
        assert outcome is not None and outcome.labelled == len(world().labels(day))
