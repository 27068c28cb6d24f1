"""Performance is estimated when a batch was taken, before its labels are in."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.operations.house import ACME, FIRST_TRAINING_DAY, MODEL, SPEC, TRAINING_DAYS, House, furnish
from tests.operations.stand_ins import Dots, FolderRegistry, RecordingChat
from tidewatch.domain.checks.estimated import CHECK
from tidewatch.domain.table import Table
from tidewatch.operations import estimation, row_checks
from tidewatch.operations.hand_over import hand_over
from tidewatch.operations.row_checks import RowCheck, carry_out
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.take_labels import take_labels

DAY, NEXT_DAY = "2026-02-01", "2026-02-02"
ROWS = 200
ASKED = SPEC + "estimation: {metrics: [roc_auc, accuracy]}\n"
ALONE = ASKED.replace("metrics:\n  - {name: calibration_gap, windows: 3, limit: 0.15}\n", "")
NUMBERS = (
    SPEC.replace("title: Demo", "title: Demo\ntask: regression")
    .replace("  score: {type: number, role: score}\n", "")
    .replace("  - {name: calibration_gap, windows: 3, limit: 0.15}", "  - {name: mae, windows: 3}")
    + "estimation: {metrics: [mae]}\n"
)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    check = RowCheck(lambda spec: bool(spec.estimation.metrics), estimation.learn_usual, estimation.look)
    monkeypatch.setattr(row_checks, "ROW_CHECKS", {CHECK: check})


def answered(house: House, day: str, *, unsure: bool = False) -> Table:
    """A day on which the model told late parcels well, or, `unsure`, hardly at all; its decisions follow its scores."""
    random = np.random.default_rng(int(day.replace("-", "")))
    chance = random.beta(8, 8, ROWS) if unsure else random.beta(0.5, 0.5, ROWS)
    usual = house.day(day, rows=ROWS, score=np.round(chance, 3), prediction=(chance >= 0.5).astype(np.float64))
    return Table(dict(usual.columns) | {"late": (random.uniform(size=ROWS) < chance).astype(np.float64)}, usual.kinds)


def guessed(house: House, day: str, *, heavy: bool = False) -> Table:
    """A day of a model that foretells minutes; it is off by a tenth of what a parcel weighs."""
    usual, random = house.day(day, rows=ROWS), np.random.default_rng(int(day.replace("-", "")))
    weight = usual.columns["weight"] if not heavy else random.integers(35, 40, ROWS).astype(np.float64)
    said = random.uniform(20, 40, ROWS)
    columns = {name: values for name, values in usual.columns.items() if name != "score"}
    columns |= {"weight": weight, "prediction": said, "late": said + weight * random.normal(size=ROWS) / 10}
    return Table(columns, usual.kinds)


def handed_over(root: Path, spec: str, of: object = answered) -> House:
    house = furnish(root, RecordingChat(), FolderRegistry(root / "registry"))
    house.change(pictures=Dots())
    days = [(FIRST_TRAINING_DAY + timedelta(days=n)).isoformat() for n in range(TRAINING_DAYS)]
    training = house.parquet(Table.stack([of(house, day) for day in days]))  # type: ignore[operator]
    with house.ports.scripts.workspace() as work:
        (work / "rate").write_text("0.2000")
        hand_over(house.ports, spec, "spec.yaml", ACME, training, work)
    return house


@pytest.fixture
def estimating(tmp_path: Path) -> Iterator[House]:
    yield handed_over(tmp_path, ASKED)


def land(house: House, table: Table, day: str) -> None:
    take_batch(house.ports, house.land("batches", day, house.parquet(table, without=("late",))))
    house.run_row_checks()


def result(house: House, day: str) -> dict[str, float]:
    kept = Shelf(house.ports, MODEL).row_result(CHECK, day)
    assert kept is not None
    return {name: metric["value"] for name, metric in kept.values.get("metrics", {}).items()}


def test_a_usual_day_is_estimated_and_nobody_is_called(estimating: House) -> None:
    land(estimating, answered(estimating, DAY), DAY)
    estimated = result(estimating, DAY)
    assert 0.8 < estimated["accuracy"] < 0.9 < estimated["roc_auc"] < 0.95
    assert CHECK not in {estimating.incident(name).finding.check for name in estimating.incidents()}


def test_scores_that_became_unsure_open_a_performance_incident_before_a_label_is_in(estimating: House) -> None:
    land(estimating, answered(estimating, DAY, unsure=True), DAY)
    (incident,) = [i for name in estimating.incidents() if (i := estimating.incident(name)).finding.check == CHECK]
    assert incident.signal.family == "performance"
    assert incident.title == "Demo: its answers are probably worse than usual"
    assert incident.finding.sentence.startswith("labels are not in yet; from the scores alone, ")


def test_where_labels_were_faster_nothing_is_expected_any_more(estimating: House) -> None:
    day = answered(estimating, DAY, unsure=True)
    labels = Table({name: day.columns[name] for name in ("id", "late")}, day.kinds)
    take_batch(estimating.ports, estimating.land("batches", DAY, estimating.parquet(day, without=("late",))))
    take_labels(estimating.ports, estimating.land("labels", DAY, estimating.ports.tables.write(labels)))
    estimating.run_row_checks()
    kept = Shelf(estimating.ports, MODEL).row_result(CHECK, DAY)
    assert kept is not None and kept.values and not kept.findings


def test_good_estimates_do_not_close_what_labels_may_have_opened(estimating: House, tmp_path: Path) -> None:
    without_labels = handed_over(tmp_path / "alone", ALONE)
    for house, good in ((estimating, []), (without_labels, [["performance", "performance"]])):
        land(house, answered(house, DAY), DAY)
        kept = Shelf(house.ports, MODEL).row_result(CHECK, DAY)
        assert kept is not None and kept.good == good


def test_a_window_looked_at_twice_changes_nothing(estimating: House) -> None:
    land(estimating, answered(estimating, DAY, unsure=True), DAY)
    before = {name: estimating.kinds(name) for name in estimating.incidents()}
    carry_out(estimating.ports, json.dumps({"do": CHECK, "model": MODEL, "window": DAY}))
    assert {name: estimating.kinds(name) for name in estimating.incidents()} == before


def test_a_version_nobody_learnt_from_is_not_estimated_until_its_left_out_scores_come(estimating: House) -> None:
    shelf, spec = Shelf(estimating.ports, MODEL), Shelf(estimating.ports, MODEL).spec()
    table = answered(estimating, DAY)
    kept = Table({name: v for name, v in table.columns.items() if name != "late"}, table.kinds)
    data = estimating.ports.tables.write(kept, {"model_version": "2"})
    take_batch(estimating.ports, estimating.land("batches", DAY, data))
    estimating.run_row_checks()
    assert result(estimating, DAY) == {}
    estimation.learn_version(shelf, spec, "2", Table.stack([answered(estimating, f"2026-01-{n:02d}") for n in (1, 2)]))
    assert 0.8 < estimation.look(shelf, spec, DAY, data).values["metrics"]["accuracy"]["value"] < 0.9


@pytest.mark.parametrize("column", ["late", "score"])
def test_left_out_rows_without_labels_or_scores_teach_nothing(estimating: House, column: str) -> None:
    shelf, table = Shelf(estimating.ports, MODEL), answered(estimating, DAY)
    lacking = Table({name: v for name, v in table.columns.items() if name != column}, table.kinds)
    empty = Table(dict(table.columns) | {column: np.full(ROWS, np.nan)}, table.kinds)
    for rows in (lacking, empty):
        estimation.learn_version(shelf, shelf.spec(), "3", rows)
        record = shelf.learnt(f"{CHECK}/3")
        assert record is not None and record["learnt"] == {}


def test_the_error_of_a_regression_is_estimated_from_its_inputs(tmp_path: Path) -> None:
    house = handed_over(tmp_path, NUMBERS, guessed)
    for day, heavy in ((DAY, False), (NEXT_DAY, True)):
        land(house, guessed(house, day, heavy=heavy), day)
    assert result(house, NEXT_DAY)["mae"] > 1.5 * result(house, DAY)["mae"] > 1.5
    (incident,) = [i for name in house.incidents() if (i := house.incident(name)).finding.check == CHECK]
    assert "from the inputs alone, mean absolute error is estimated at" in incident.finding.sentence
    assert incident.finding.window == NEXT_DAY
