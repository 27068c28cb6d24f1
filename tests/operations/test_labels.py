"""Labels as they really come: late, in pieces, twice, of other windows, with ids nobody knows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.operations.house import MODEL, SPEC, House, furnish
from tests.operations.stand_ins import FolderRegistry, RecordingChat
from tidewatch.domain.performance.outcomes import DayOutcome
from tidewatch.domain.table import Table
from tidewatch.operations.picture import draw
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_labels import take_labels

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

DAY, NEXT_DAY = "2026-02-01", "2026-02-02"


def labels(house: House, ids: list[str | None], late: list[float], days: list[str | None] | None = None) -> bytes:
    columns: dict[str, Any] = {"id": np.array(ids, dtype=object), "late": np.array(late, dtype=np.float64)}
    if days is not None:
        columns["day"] = np.array(days, dtype=object)
    return house.ports.tables.write(Table(columns, {name: "number" if name == "late" else "text" for name in columns}))


def send(house: House, data: bytes, window: str = DAY) -> None:
    take_labels(house.ports, house.land("labels", window, data))


def ids(first: int, last: int, day: str = DAY) -> list[str | None]:
    return [f"{day}/{row}" for row in range(first, last)]


def outcome(house: House, window: str = DAY) -> DayOutcome:
    kept = Shelf(house.ports, MODEL).outcome(window)
    assert kept is not None
    return kept


def test_a_later_file_of_a_window_completes_what_is_known(house: House) -> None:
    house.batch(DAY)
    send(house, labels(house, ids(0, 30), [1.0] * 30))
    assert (outcome(house).labelled, outcome(house).labels) == (30, 30.0)
    send(house, labels(house, ids(30, 60), [0.0] * 30))
    assert (outcome(house).labelled, outcome(house).labels) == (60, 30.0)


def test_the_last_value_of_a_label_wins_and_an_empty_one_takes_nothing_back(house: House) -> None:
    house.batch(DAY)
    send(house, labels(house, ids(0, 60), [1.0] * 60))
    send(house, labels(house, ids(0, 20), [0.0] * 10 + [np.nan] * 10))
    assert (outcome(house).labelled, outcome(house).labels) == (60, 50.0)


def test_labels_in_pieces_before_their_batch_are_all_there_when_it_lands(house: House) -> None:
    send(house, labels(house, ids(0, 30), [1.0] * 30))
    send(house, labels(house, ids(30, 60), [0.0] * 30))
    house.batch(DAY)
    assert outcome(house).labelled == 60


def test_a_file_may_carry_labels_of_several_windows(house: House) -> None:
    house.batch(DAY)
    house.batch(NEXT_DAY)
    both = ids(0, 30) + ids(0, 60, NEXT_DAY)
    send(house, labels(house, both, [1.0] * 90, [DAY] * 30 + [NEXT_DAY] * 60), "2026-02-05")
    assert (outcome(house).labelled, outcome(house, NEXT_DAY).labelled) == (30, 60)
    assert house.incidents() == []


def test_a_file_whose_rows_name_no_window_is_refused(house: House) -> None:
    house.batch(DAY)
    send(house, labels(house, ids(0, 2), [1.0, 1.0], [DAY, "../../elsewhere"]))
    assert "the column day holds '../../elsewhere', which names no window" in house.incident().finding.sentence
    assert Shelf(house.ports, MODEL).outcome(DAY) is None


def test_labels_and_predictions_without_an_id_do_not_meet(house: House) -> None:
    house.batch(DAY, id=np.array([*ids(0, 50), *[None] * 10], dtype=object))
    send(house, labels(house, [*ids(0, 50), None], [0.0] * 50 + [1.0]))
    assert (outcome(house).rows, outcome(house).labelled, outcome(house).labels) == (60, 50, 0.0)


def test_labels_for_unknown_ids_are_a_finding_with_their_number(house: House) -> None:
    house.batch(DAY)
    send(house, labels(house, [*ids(0, 20), *(f"other-{row}" for row in range(40))], [0.0] * 60))
    found = house.incident().finding
    assert (found.check, found.family, found.value, found.threshold) == ("labels_unmatched", "intake", 0.6667, 0.5)
    assert found.sentence.startswith(f"40 of 60 labels for {DAY} have an id that no prediction of {DAY} has")
    assert outcome(house).unmatched == 40 and outcome(house).labelled == 20


def test_labels_sent_again_with_the_right_ids_are_a_good_window(house: House) -> None:
    house.batch(DAY)
    send(house, labels(house, [f"X-{row}" for row in range(60)], [0.0] * 60))
    send(house, labels(house, ids(0, 60), [0.0] * 60))
    house.batch(NEXT_DAY)
    house.labels(NEXT_DAY)
    assert house.kinds() == ["opened", "window_passed", "window_passed", "recovered"]


def test_a_few_unknown_ids_disturb_nobody(house: House) -> None:
    house.batch(DAY)
    send(house, labels(house, [*ids(0, 60), "x", "y"], [0.0] * 62))
    assert house.incidents() == [] and outcome(house).unmatched == 2


def test_labels_that_a_binary_model_cannot_have_are_refused(house: House) -> None:
    house.batch(DAY)
    send(house, labels(house, ids(0, 60), [2.0] * 60))
    assert "the column late holds 2, where the label of a binary model is 0 or 1" in house.incident().finding.sentence


def test_ids_of_another_type_are_refused_with_both_types(house: House) -> None:
    house.batch(DAY)
    columns = {"id": np.arange(60.0), "late": np.zeros(60)}
    send(house, house.ports.tables.write(Table(columns, {"id": "number", "late": "number"})))
    assert "the column id holds number where the spec says text" in house.incident().finding.sentence


def test_rubbish_after_good_labels_takes_nothing_back(house: House) -> None:
    house.batch(DAY)
    house.labels(DAY)
    send(house, b"rubbish")
    house.batch(DAY, score=np.full(60, 0.3))
    assert outcome(house).labelled == 60


def test_labels_taken_by_processes_that_die_are_as_if_nobody_died(house: House, deaths: Deaths) -> None:
    house.late_days(1, 2)
    house.batch("2026-02-03")
    name = house.land("labels", "2026-02-03", labels(house, ids(0, 60, "2026-02-03"), [1.0] * 40 + [0.0] * 20))
    kept = []
    for mortal in deaths(house, lambda mortal: take_labels(mortal.ports, name)):
        take_labels(mortal.ports, name)
        assert [mortal.kinds(each) for each in mortal.incidents()] == [["opened"]], mortal.root.name
        kept.append(outcome(mortal, "2026-02-03").as_dict())
    assert len(kept) > 5 and all(each == kept[-1] for each in kept)


def test_a_window_that_turned_good_and_bad_again_is_told_each_time(house: House) -> None:
    house.late_days(1, 3)
    assert house.kinds() == ["opened"]
    house.labels("2026-02-03", late=0.6)
    assert house.kinds() == ["opened"]  # the same labels once more are no news
    for day in (1, 2, 3):
        house.labels(f"2026-02-0{day}", late=0.2)
    house.labels("2026-02-03", late=0.9)
    assert "window_passed" in house.kinds() or "recovered" in house.kinds()


def test_the_verdict_is_kept_with_the_window(house: House) -> None:
    house.late_days(1, 3)
    early, last = outcome(house).verdicts[0], outcome(house, "2026-02-03").verdicts[0]
    assert (early["state"], last["state"]) == ("few windows", "beyond")
    assert last["value"] == pytest.approx(0.4) and last["labelled"] == 180 and last["limit"] == 0.15


def test_inputs_of_the_windows_are_looked_up(house: House) -> None:
    house.late_days(1, 3)
    assert house.incident().finding.evidence["inputs"] == "steady"
    assert "the inputs were as usual" in house.incident().finding.sentence


def other_house(tmp_path: Path, metrics: str) -> House:
    given = "  - {name: calibration_gap, windows: 3, limit: 0.15}\n"
    assert given in SPEC
    house = furnish(tmp_path / "other", RecordingChat(), FolderRegistry(tmp_path / "registry"))
    house.hand_over(SPEC.replace(given, metrics))
    return house


def test_every_metric_of_the_spec_has_its_picture(tmp_path: Path) -> None:
    house = other_house(tmp_path, "  - {name: accuracy, windows: 2, limit: 0.7}\n")
    house.late_days(1, 2, late=0.1)
    house.late_days(3, 4)
    drawn = draw(house.ports, house.incident())
    assert drawn is not None
    svg, said = drawn
    assert said == "Accuracy is too low: on 2026-02-04 at least 70 %, measured 40 %; 2 of 3 days were beyond it."
    assert house.ports.pictures.rasterise(svg)


def test_a_metric_that_falls_within_its_limit_while_inputs_are_steady_is_concept_drift(tmp_path: Path) -> None:
    house = other_house(tmp_path, "  - {name: accuracy, windows: 1, limit: 0.15}\n")
    for number in range(1, 13):
        house.late_days(number, number, late=0.2 + 0.02 * (number % 2))
    assert house.incidents() == []
    house.late_days(13, 13, late=0.7)
    found = house.incident().finding
    assert (found.check, found.severity, found.evidence["inputs"]) == ("concept_drift", "medium", "steady")
    assert "where the same version had 78% on average over 12 runs of windows before" in found.sentence
