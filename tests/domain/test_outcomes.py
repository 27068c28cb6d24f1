"""How predictions turned out: joined by id, summed by window."""

import numpy as np
import pytest

from tests.domain.story import SPEC, rows
from tidewatch.domain.outcomes import DayOutcome, join, metric_values, outcomes_by_window
from tidewatch.domain.table import Table

NAN = np.nan


def outcome(scores: list[float], labels: list[float]) -> DayOutcome:
    return DayOutcome.of("2026-03-01", "1", np.array(scores), np.array(labels))


def known(ids: list[str], late: list[float | None]) -> Table:
    columns = {"id": np.array(ids, dtype=object), "late": np.array(late, dtype=np.float64)}
    return Table(columns, {"id": "text", "late": "number"})


def test_a_window_is_kept_as_sums_over_its_labelled_rows() -> None:
    day = outcome([0.25, 0.5, 0.9], [0.0, 1.0, NAN])
    assert (day.rows, day.labelled, day.labels, day.scores) == (3, 2, 1.0, 0.75)
    assert day.log_loss == pytest.approx(-np.log(0.75) - np.log(0.5))


def test_a_row_without_a_score_is_no_labelled_row() -> None:
    day = outcome([NAN, 0.5], [1.0, 1.0])
    assert (day.rows, day.labelled, day.scores) == (2, 1, 0.5)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_model_that_is_certain_and_wrong_loses_much_and_not_everything(score: float) -> None:
    assert 10 < outcome([score], [1 - score]).log_loss < 20


def test_a_window_without_rows_has_an_outcome() -> None:
    assert outcome([], []) == DayOutcome("2026-03-01", "1", 0, 0, 0.0, 0.0, 0.0)


def test_an_outcome_survives_being_stored() -> None:
    day = outcome([0.25, 0.5], [0.0, 1.0])
    assert DayOutcome.from_dict(day.as_dict()) == day


def test_predictions_meet_their_labels_by_id_in_whatever_order() -> None:
    batch = rows("2026-03-01", np.ones(3), said=0.5)
    day = join(SPEC, "2026-03-01", "2", batch, known(["2026-03-01/2", "elsewhere", "2026-03-01/0"], [1.0, 1.0, 0.0]))
    assert (day.window, day.version, day.rows, day.labelled, day.labels) == ("2026-03-01", "2", 3, 2, 1.0)


def test_a_label_that_came_twice_counts_as_it_came_last() -> None:
    batch = rows("2026-03-01", np.ones(1))
    assert join(SPEC, "d", "1", batch, known(["2026-03-01/0"] * 2, [0.0, 1.0])).labels == 1.0


def test_an_empty_label_waits() -> None:
    batch = rows("2026-03-01", np.ones(2))
    assert join(SPEC, "d", "1", batch, known(["2026-03-01/0", "2026-03-01/1"], [None, 1.0])).labelled == 1


def test_rows_of_several_windows_become_one_outcome_each_in_order() -> None:
    days = [rows("2026-03-02", np.ones(4), late=0.5), rows("2026-03-01", np.ones(2), late=0.0)]
    outcomes = outcomes_by_window(Table.stack(days), SPEC, "3")
    assert [(day.window, day.version, day.rows, day.labels) for day in outcomes] == [
        ("2026-03-01", "3", 2, 0.0),
        ("2026-03-02", "3", 4, 2.0),
    ]


def test_every_window_counts_once_however_many_rows_it_has() -> None:
    small = DayOutcome("a", "1", 10, 10, labels=5.0, scores=2.0, log_loss=6.0)
    large = DayOutcome("b", "1", 1000, 1000, labels=100.0, scores=200.0, log_loss=400.0)
    assert metric_values([small, large]) == pytest.approx(
        {"calibration_gap": 0.1, "log_loss": 0.5, "observed": 0.3, "predicted": 0.2}
    )


def test_windows_without_labels_are_left_out_of_the_means() -> None:
    labelled = DayOutcome("a", "1", 10, 10, labels=5.0, scores=2.0, log_loss=6.0)
    waiting = DayOutcome("b", "1", 10, 0, 0.0, 0.0, 0.0)
    assert metric_values([labelled, waiting]) == metric_values([labelled])
    assert metric_values([waiting]) == metric_values([]) == {}
