"""Rows are looked at on a queue of their own, once a batch was taken."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.domain.classifying import NearestMean
from tests.operations.house import (
    ACME,
    FIRST_TRAINING_DAY,
    MODEL,
    SPEC,
    TRAINING_DAYS,
    House,
    furnish,
)
from tests.operations.stand_ins import Dots, FolderRegistry, RecordingChat
from tidewatch.domain.checks.multivariate import SUBJECT
from tidewatch.domain.table import Table
from tidewatch.operations.hand_over import hand_over
from tidewatch.operations.poison import take_poison
from tidewatch.operations.respond import checked_again
from tidewatch.operations.row_checks import QUEUE, NoRowCheck, carry_out
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_batch import examine_again, take_batch

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

DAY, NEXT_DAY, THIRD_DAY = "2026-02-01", "2026-02-02", "2026-02-03"
ASKED = SPEC + "multivariate: {methods: [pca], sample: 1000}\n"


def linked(house: House, day: str, *, broken: bool = False) -> Table:
    """A day whose heavier parcels come from richer people, or, `broken`, from poorer ones: each column is usual."""
    usual, random = house.day(day), np.random.default_rng(int(day.replace("-", "")))
    weight = usual.columns["weight"]
    return house.day(day, income=20 + (40 - weight if broken else weight) + random.normal(size=usual.rows))


def hand_over_linked(house: House, spec: str = ASKED, days: int = TRAINING_DAYS) -> None:
    named = [(FIRST_TRAINING_DAY + timedelta(days=n)).isoformat() for n in range(days)]
    training = house.parquet(Table.stack([linked(house, day) for day in named]))
    with house.ports.scripts.workspace() as work:
        (work / "rate").write_text("0.2000")
        hand_over(house.ports, spec, "spec.yaml", ACME, training, work)


def land(house: House, day: str, *, broken: bool = False) -> None:
    data = house.parquet(linked(house, day, broken=broken), without=("late",))
    take_batch(house.ports, house.land("batches", day, data))


def shelf(house: House) -> Shelf:
    return Shelf(house.ports, MODEL)


def sample(house: House, name: str) -> Table | None:
    """The rows that are kept of a window."""
    learnt = shelf(house).learnt("multivariate")
    assert learnt is not None
    return shelf(house).sample(f"{learnt['for']}/{name}")


def kept(house: House) -> dict[str, bytes]:
    containers = ("rows", "samples", "windows", "profiles", "markers", "models")
    return {
        f"{container}/{blob.name}": house.ports.blobs.get(container, blob.name)
        for container in containers
        for blob in house.ports.blobs.list(container)
    }


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> House:
    root = tmp_path_factory.mktemp("linked")
    house = furnish(root, RecordingChat(), FolderRegistry(root / "registry"))
    house.change(pictures=Dots())
    hand_over_linked(house)
    return house


@pytest.fixture
def rows_house(furnished: House, tmp_path: Path) -> House:
    return furnished.copy(tmp_path / "house")


def messages(house: House) -> list[Any]:
    bodies = []
    while message := house.ports.queue.receive(QUEUE, visibility=600):
        bodies.append(json.loads(message.body))
    return bodies


# --- who is asked -------------------------------------------------------------------------------------------------


def test_a_batch_that_was_taken_leads_to_one_message_of_ids(rows_house: House) -> None:
    land(rows_house, DAY)
    assert messages(rows_house) == [{"do": "multivariate", "model": MODEL, "window": DAY}]


def test_a_refused_batch_leads_to_none(rows_house: House) -> None:
    take_batch(rows_house.ports, rows_house.land("batches", DAY, b"rubbish"))
    assert messages(rows_house) == []


def test_a_model_that_asks_for_no_row_check_gets_none_and_learns_nothing(house: House) -> None:
    house.batch(DAY)
    assert messages(house) == []
    assert list(house.ports.blobs.list("samples")) == []


# --- what comes of it ---------------------------------------------------------------------------------------------


def test_a_usual_window_is_remembered_with_its_values_and_nobody_is_called(rows_house: House) -> None:
    land(rows_house, DAY)
    assert rows_house.run_row_checks() == ["multivariate"]
    result = shelf(rows_house).row_result("multivariate", DAY)
    assert result is not None and result.strange == [] and result.findings == []
    assert result.values["pca"]["low"] < result.values["pca"]["value"] < result.values["pca"]["high"]
    assert rows_house.incidents() == []


def test_a_broken_relation_that_no_column_shows_opens_one_incident_and_closes_it_again(rows_house: House) -> None:
    for day in (DAY, NEXT_DAY):
        land(rows_house, day, broken=True)
        rows_house.run_row_checks()
    assert shelf(rows_house).window(DAY).findings == []  # type: ignore[union-attr]
    assert rows_house.kinds() == ["opened", "observed"]
    incident = rows_house.incident()
    assert incident.title == "Demo: the columns no longer hang together as usual"
    assert (incident.signal.family, incident.signal.group) == ("input", SUBJECT)
    assert "most of all" in incident.finding.sentence and "income" in incident.finding.sentence
    for day in (THIRD_DAY, "2026-02-04"):
        land(rows_house, day)
        rows_house.run_row_checks()
    assert rows_house.kinds()[2:] == ["window_passed", "window_passed", "recovered"]


def test_the_incident_reaches_the_chat_without_a_picture(rows_house: House) -> None:
    land(rows_house, DAY, broken=True)
    rows_house.run_row_checks()
    rows_house.run_jobs()
    assert "hang together" in rows_house.chat.card.text
    assert rows_house.chat.uploads == []


def test_one_strange_window_waits_for_a_second_where_the_spec_says_so(tmp_path: Path) -> None:
    house = furnish(tmp_path, RecordingChat(), FolderRegistry(tmp_path / "registry"))
    hand_over_linked(house, ASKED.replace("alarm_after: 1, out_of: 1", "alarm_after: 2, out_of: 3"))
    for day, opened in ((DAY, 0), (NEXT_DAY, 0), (THIRD_DAY, 1)):
        land(house, day, broken=day != NEXT_DAY)
        house.run_row_checks()
        assert len(house.incidents()) == opened


def test_rows_looked_at_twice_change_nothing(rows_house: House) -> None:
    land(rows_house, DAY, broken=True)
    rows_house.run_row_checks()
    land(rows_house, NEXT_DAY)
    rows_house.run_row_checks()
    before = kept(rows_house), rows_house.ports.log.lines("INC-1001")
    for day in (DAY, NEXT_DAY):
        carry_out(rows_house.ports, json.dumps({"do": "multivariate", "model": MODEL, "window": day}))
    assert (kept(rows_house), rows_house.ports.log.lines("INC-1001")) == before


def test_rows_looked_at_by_processes_that_die_are_as_if_nobody_died(rows_house: House, deaths: Deaths) -> None:
    land(rows_house, DAY, broken=True)
    (body,) = (json.dumps(message) for message in messages(rows_house))
    ends = []
    for mortal in deaths(rows_house, lambda mortal: carry_out(mortal.ports, body)):
        carry_out(mortal.ports, body)
        assert [mortal.kinds(name) for name in mortal.incidents()] == [["opened"]], mortal.root.name
        ends.append(kept(mortal).keys())
    assert len(ends) > 3 and all(names == ends[-1] for names in ends)


# --- what windows are compared with -------------------------------------------------------------------------------


def test_rows_of_good_windows_are_kept_for_later_ones_and_those_of_bad_ones_are_not(rows_house: House) -> None:
    land(rows_house, DAY)
    land(rows_house, NEXT_DAY, broken=True)
    rows_house.run_row_checks()
    rows = sample(rows_house, DAY)
    assert rows is not None and set(rows.columns) == {"weight", "colour", "income"} and rows.rows == 60
    assert sample(rows_house, NEXT_DAY) is None
    assert sample(rows_house, "training/2026-01-31") is not None
    assert sample(rows_house, "training/2026-01-21") is None  # 10 windows are looked back on


def test_what_is_usual_moves_with_the_accepted_windows(rows_house: House) -> None:
    land(rows_house, DAY)
    rows_house.run_row_checks()
    first = shelf(rows_house).row_result("multivariate", DAY)
    land(rows_house, NEXT_DAY)
    rows_house.run_row_checks()
    second = shelf(rows_house).row_result("multivariate", NEXT_DAY)
    assert first and second and first.values["pca"]["own"] != second.values["pca"]["own"]


def test_what_was_not_learnt_at_hand_over_is_learnt_when_first_needed(rows_house: House) -> None:
    before = shelf(rows_house).learnt("multivariate")
    for name in [blob.name for blob in rows_house.ports.blobs.list("samples")]:
        rows_house.ports.blobs.delete("samples", name)
    rows_house.ports.blobs.delete("models", f"{MODEL}/learnt/multivariate.json")
    land(rows_house, DAY, broken=True)
    rows_house.run_row_checks()
    assert shelf(rows_house).learnt("multivariate") == before
    assert len(rows_house.incidents()) == 1


def test_another_spec_is_learnt_anew(rows_house: House) -> None:
    before = shelf(rows_house).learnt("multivariate")
    changed = ASKED.replace("windows: 10", "windows: 5")
    rows_house.ports.blobs.put("models", f"{MODEL}/spec.yaml", changed.encode())
    land(rows_house, DAY)
    rows_house.run_row_checks()
    after = shelf(rows_house).learnt("multivariate")
    assert before and after and after["for"] != before["for"] and len(after["windows"]) == 5


def test_a_column_that_is_watched_from_now_on_does_not_meet_rows_without_it(rows_house: House) -> None:
    land(rows_house, DAY)
    rows_house.run_row_checks()
    changed = ASKED.replace("  colour: {type: text}\n", "").replace(
        "prediction: {type: number, role: prediction}", "prediction: {type: number}"
    )
    rows_house.ports.blobs.put("models", f"{MODEL}/spec.yaml", changed.encode())
    carry_out(rows_house.ports, json.dumps({"do": "multivariate", "model": MODEL, "window": DAY}))
    without = rows_house.parquet(linked(rows_house, NEXT_DAY), without=("late", "colour"))
    rows_house.land("batches", NEXT_DAY, without)
    carry_out(rows_house.ports, json.dumps({"do": "multivariate", "model": MODEL, "window": NEXT_DAY}))
    rows = sample(rows_house, NEXT_DAY)
    assert rows is not None and set(rows.columns) == {"weight", "income", "prediction"}


def test_without_windows_in_the_training_data_a_broken_relation_is_still_found(tmp_path: Path) -> None:
    house = furnish(tmp_path, RecordingChat(), FolderRegistry(tmp_path / "registry"))
    hand_over_linked(house, days=5)
    for day in (DAY, NEXT_DAY):
        land(house, day, broken=day == NEXT_DAY)
        house.run_row_checks()
    assert [shelf(house).row_result("multivariate", day).strange for day in (DAY, NEXT_DAY)] == [  # type: ignore[union-attr]
        [],
        ["pca"],
    ]


# --- corrections --------------------------------------------------------------------------------------------------


def test_resolving_asks_the_rows_again_and_a_correction_is_looked_at(rows_house: House) -> None:
    land(rows_house, DAY, broken=True)
    rows_house.run_row_checks()
    incident = rows_house.incident()
    assert checked_again(rows_house.ports, incident) == ""
    corrected = rows_house.parquet(linked(rows_house, DAY), without=("late",))
    rows_house.ports.blobs.put("corrected", f"{MODEL}/{DAY}.parquet", corrected)
    assert checked_again(rows_house.ports, incident) == "all columns together are as usual again"
    examine_again(rows_house.ports, MODEL, DAY)
    assert rows_house.run_row_checks() == ["multivariate"]
    assert sample(rows_house, DAY) is not None
    assert rows_house.kinds()[-1] == "window_passed"


# --- what goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["rubbish", "[]", '{"do": "dance", "model": "a/b", "window": "x"}', '{"do": []}'])
def test_what_is_no_row_check_is_refused_and_told(rows_house: House, body: str) -> None:
    with pytest.raises(NoRowCheck, match="not a row check"):
        carry_out(rows_house.ports, body)
    take_poison(rows_house.ports, QUEUE, body)
    assert "a message in row-checks failed every time" in rows_house.incident().finding.sentence


def test_a_batch_that_is_gone_or_a_check_nobody_asks_for_any_more_is_no_trouble(rows_house: House) -> None:
    body = json.dumps({"do": "multivariate", "model": MODEL, "window": DAY})
    carry_out(rows_house.ports, body)
    land(rows_house, DAY)
    rows_house.ports.blobs.put("models", f"{MODEL}/spec.yaml", SPEC.encode())
    carry_out(rows_house.ports, body)
    assert shelf(rows_house).row_result("multivariate", DAY) is None


def test_a_batch_of_few_rows_or_of_nulls_says_nothing_about_the_whole(rows_house: House) -> None:
    few = linked(rows_house, DAY).where(np.arange(60) < 5)
    nulls = rows_house.day(NEXT_DAY, weight=np.full(60, np.nan), income=np.full(60, np.nan))
    for day, table in ((DAY, few), (NEXT_DAY, nulls)):
        take_batch(
            rows_house.ports, rows_house.land("batches", day, rows_house.parquet(table, without=("late",)))
        )  # fmt: skip
    rows_house.run_row_checks()
    result = shelf(rows_house).row_result("multivariate", DAY)
    assert result is not None and result.values == {} and result.good == []
    assert shelf(rows_house).row_result("multivariate", NEXT_DAY) is not None


# --- the classifier -----------------------------------------------------------------------------------------------


def with_classifier(tmp_path: Path, days: int = TRAINING_DAYS, **ports: Any) -> House:
    house = furnish(tmp_path, RecordingChat(), FolderRegistry(tmp_path / "registry"))
    house.change(**ports)
    hand_over_linked(house, ASKED.replace("[pca]", "[pca, classifier]"), days)
    return house


def test_two_methods_that_find_the_same_are_one_incident(tmp_path: Path) -> None:
    house = with_classifier(tmp_path, learning=NearestMean())
    for day in (DAY, NEXT_DAY):
        land(house, day, broken=day == NEXT_DAY)
        house.run_row_checks()
    usual, broken = (shelf(house).row_result("multivariate", day) for day in (DAY, NEXT_DAY))
    assert usual and broken and usual.strange == [] and broken.strange == ["pca", "classifier"]
    (name,) = house.incidents()
    assert len(house.incident(name).findings) == 2


def test_a_trained_classifier_tells_rows_whose_relation_broke(tmp_path: Path) -> None:
    house = with_classifier(tmp_path, days=4)
    land(house, DAY, broken=True)
    house.run_row_checks()
    result = shelf(house).row_result("multivariate", DAY)
    assert result and result.values["classifier"]["value"] > result.values["classifier"]["high"] > 0.5
