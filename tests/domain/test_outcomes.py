"""How predictions turned out: joined by id, summed by window."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from tests.domain.labelled import binary_day, class_day, number_day, spec_of, table_of
from tests.domain.story import SPEC, rows
from tidewatch.domain.model_spec import Costs
from tidewatch.domain.performance.outcomes import DayOutcome, join, labelled, metric_values, outcomes_by_window, rolling
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


def known_of(spec: Any, ids: Any, labels: Any) -> Table:
    return table_of(**{spec.only("id"): np.array(ids, dtype=object), spec.only("label"): labels})


def test_an_outcome_kept_before_there_were_tallies_can_still_be_read() -> None:
    old = {
        "window": "2026-03-01", "version": "1", "rows": 10, "labelled": 10, "labels": 5.0, "scores": 2.0,
        "log_loss": 6.0,
    }  # fmt: skip
    day = DayOutcome.from_dict(old)
    assert day == DayOutcome("2026-03-01", "1", 10, 10, 5.0, 2.0, 6.0)
    assert set(metric_values([day])) == {"calibration_gap", "log_loss", "observed", "predicted"}


def test_beside_an_old_outcome_a_new_one_says_what_both_know() -> None:
    old, new = DayOutcome("2026-03-01", "2", 10, 10, 5.0, 2.0, 6.0), binary_day([0.2, 0.7], [0, 1], "2026-03-02")
    assert set(metric_values([old, new])) == {"calibration_gap", "log_loss", "observed", "predicted"}


def test_an_outcome_of_a_later_format_is_refused_in_a_sentence() -> None:
    later = binary_day([0.2], [0]).as_dict() | {"format": 3}
    with pytest.raises(ValueError, match="an outcome of format 3, and this Tidewatch reads up to 2: update it"):
        DayOutcome.from_dict(later)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_outcomes_of_every_task_survive_json(task: str) -> None:
    random = np.random.default_rng(4)
    animals = np.array(["cat", "dog", "emu"], dtype=object)[random.integers(0, 3, (2, 90))]
    day = {
        "binary": lambda: binary_day(random.random(90), random.integers(0, 2, 90)),
        "multiclass": lambda: class_day(random.dirichlet([1] * 3, 90), *animals),
        "regression": lambda: number_day(*random.normal(0, 1, (2, 90))),
    }[task]()
    assert DayOutcome.from_dict(json.loads(json.dumps(day.as_dict()))) == day


def test_a_window_of_a_million_rows_is_kept_in_a_few_kilobytes() -> None:
    random = np.random.default_rng(5)
    scores = random.beta(0.4, 2, 1_000_000)
    day = binary_day(scores, random.random(1_000_000) < scores)
    assert len(json.dumps(day.as_dict())) < 8_000


@pytest.mark.parametrize("shape", [(0.4, 2.0), (5.0, 5.0), (0.05, 3.0)])
def test_over_windows_the_roc_auc_is_that_of_all_rows_within_a_thousandth(shape: tuple[float, float]) -> None:
    random = np.random.default_rng(6)
    scores = [random.beta(*shape, 900) for _ in range(7)]
    labels = [(random.random(900) < score).astype(np.float64) for score in scores]
    days = [
        binary_day(score, label, f"2026-03-0{n}")
        for n, (score, label) in enumerate(zip(scores, labels, strict=True), 1)
    ]
    exact = sklearn_metrics.roc_auc_score(np.concatenate(labels), np.concatenate(scores))
    assert metric_values(days)["roc_auc"] == pytest.approx(exact, abs=1e-3)


def test_over_equally_large_windows_every_metric_is_that_of_all_rows() -> None:
    random = np.random.default_rng(7)
    said, labels = random.normal(100, 5, (6, 50)), random.normal(100, 5, (6, 50)) + np.arange(6)[:, None]
    days = [number_day(a, b, f"2026-03-0{n}") for n, (a, b) in enumerate(zip(said, labels, strict=True), 1)]
    values = metric_values(days)
    assert values["r2"] == pytest.approx(sklearn_metrics.r2_score(labels.ravel(), said.ravel()), abs=1e-9)
    assert values["rmse"] == pytest.approx(
        sklearn_metrics.root_mean_squared_error(labels.ravel(), said.ravel()), abs=1e-9
    )


def test_a_window_with_a_handful_of_labels_does_not_count_as_a_whole_day() -> None:
    full, hardly = binary_day([0.2] * 100, [0] * 100), binary_day([0.2], [1], "2026-03-02")
    assert metric_values([full, hardly])["accuracy"] == pytest.approx(1 / 1.1)


def test_ids_that_are_null_match_nothing_not_even_each_other() -> None:
    spec = spec_of("binary")
    predicted = table_of(id=np.array(["a", None, None], dtype=object), score=np.full(3, 0.5))
    day = join(spec, "d", "1", predicted, known_of(spec, [None, "a", None], np.array([1.0, 0.0, 1.0])))
    assert (day.rows, day.labelled, day.labels, day.unmatched) == (3, 1, 0.0, 0)


def test_ids_that_are_numbers_and_nan_match_nothing_either() -> None:
    spec = spec_of("binary", {"id": {"type": "number", "role": "id"}})
    predicted = table_of(id=np.array([1.0, np.nan]), score=np.full(2, 0.5))
    known = table_of(id=np.array([np.nan, 1.0]), late=np.array([1.0, 0.0]))
    assert join(spec, "d", "1", predicted, known).labels == 0.0


def test_of_a_row_that_was_predicted_twice_the_last_prediction_counts() -> None:
    spec = spec_of("binary")
    predicted = table_of(id=np.array(["a", "b", "a"], dtype=object), score=np.array([0.9, 0.5, 0.1]))
    day = join(spec, "d", "1", predicted, known_of(spec, ["a", "b"], np.array([0.0, 1.0])))
    assert (day.rows, day.labelled, day.scores) == (2, 2, pytest.approx(0.6))


def test_labels_without_a_prediction_are_counted() -> None:
    spec = spec_of("binary")
    predicted = table_of(id=np.array(["a"], dtype=object), score=np.array([0.5]))
    assert join(spec, "d", "1", predicted, known_of(spec, ["a", "x", "y", "x"], np.zeros(4))).unmatched == 2


def test_a_later_empty_label_takes_nothing_back() -> None:
    spec = spec_of("binary")
    predicted = table_of(id=np.array(["a"], dtype=object), score=np.array([0.5]))
    assert join(spec, "d", "1", predicted, known_of(spec, ["a", "a"], np.array([1.0, np.nan]))).labels == 1.0


def test_the_decision_is_the_prediction_where_it_was_delivered_else_the_threshold() -> None:
    spec = spec_of("binary", {"yes": {"type": "number", "role": "prediction"}}, threshold=0.3)
    labels, scores = np.ones(3), np.array([0.9, 0.4, 0.2])
    assert metric_values([binary_day(scores, labels, spec=spec)])["recall"] == pytest.approx(2 / 3)
    delivered = binary_day(scores, labels, spec=spec, yes=np.array([0.0, np.nan, 1.0]))
    assert metric_values([delivered])["recall"] == pytest.approx(2 / 3)
    assert delivered.tally is not None and delivered.tally.confusion == ((1, 0, 1), (1, 1, 2))


def test_classes_that_are_numbers_are_their_names() -> None:
    spec = spec_of("multiclass", {
        "said": {"type": "number", "role": "prediction"}, "animal": {"type": "number", "role": "label"},
        "p_1": {"type": "number", "role": "score"}, "p_2": {"type": "number", "role": "score"},
    })  # fmt: skip
    table = table_of(
        id=np.array(["a", "b"], dtype=object), said=np.array([1.0, 2.0]), p_1=np.array([0.8, 0.3]),
        p_2=np.array([0.2, 0.7]),
    )  # fmt: skip
    day = join(spec, "d", "1", table, known_of(spec, ["a", "b"], np.array([1.0, 1.0])))
    assert (day.labelled, day.labels, day.scores) == (2, 1.0, pytest.approx(1.5))
    assert day.log_loss == pytest.approx(-np.log(0.8) - np.log(0.3))


def test_one_score_of_many_classes_is_that_of_the_decision() -> None:
    spec = spec_of("multiclass", {"confidence": {"type": "number", "role": "score"}})
    animals = np.array(["cat", "dog"], dtype=object)
    table = table_of(id=np.array(["a", "b"], dtype=object), said=animals, confidence=np.array([0.9, 0.7]))
    values = metric_values(
        [join(spec, "d", "1", table, known_of(spec, ["a", "b"], np.array(["cat", "cat"], dtype=object)))]
    )
    assert values["calibration_gap"] == pytest.approx(0.5 - 0.8)
    assert "log_loss" not in values and "roc_auc" not in values


def test_the_largest_segments_are_followed_one_by_one_and_nulls_are_none() -> None:
    spec = spec_of("binary", {"carrier": {"type": "text", "role": "segment"}}, segments={"most": 2})
    carriers = np.array(["AA"] * 5 + ["UA"] * 3 + ["YV"] + [None] * 4, dtype=object)
    day = binary_day([0.2] * 13, [1.0] * 5 + [0.0] * 8, spec=spec, carrier=carriers)
    assert {value: (of.rows, of.labels) for value, of in day.segments["carrier"].items()} == {
        "AA": (5, 5.0),
        "UA": (3, 0.0),
    }
    assert DayOutcome.from_dict(day.as_dict()) == day


def test_what_is_no_label_and_no_score_is_not_counted() -> None:
    day = binary_day([0.5, np.inf, -np.inf, 0.5], [2.0, 1.0, 0.0, np.inf])
    assert (day.rows, day.labelled) == (4, 0)
    assert number_day([1.0, np.inf], [np.nan, 2.0]).labelled == 0
    assert metric_values([day]) == {}


def test_numbers_too_large_to_square_leave_the_metric_unknown() -> None:
    values = metric_values([number_day([1e200, 0.0], [-1e200, 1.0])])
    assert "rmse" not in values and all(np.isfinite(list(values.values())))


def test_rows_that_carry_no_answers_have_no_outcomes() -> None:
    table = table_of(day=np.array(["d"], dtype=object), late=np.array([1.0]))
    assert outcomes_by_window(table, spec_of("binary"), "1") == []


def test_the_metric_of_every_run_of_windows_at_once_is_that_of_each_run() -> None:
    random = np.random.default_rng(8)
    days = [binary_day(random.random(50), random.integers(0, 2, 50), f"2026-03-{n:02d}") for n in range(1, 13)]
    days[4] = binary_day([0.5], [np.nan], "2026-03-05")
    for name in ("accuracy", "calibration_gap", "log_loss", "roc_auc"):
        each = [metric_values(days[start : start + 3])[name] for start in range(10)]
        assert rolling(name, days, 3, Costs()) == pytest.approx(each, abs=1e-9 if name != "roc_auc" else 1e-3)
    assert len(rolling("accuracy", days[:2], 3, Costs())) == 0
    assert np.isnan(rolling("accuracy", days[4:5], 1, Costs())).all()
    assert np.isnan(rolling("mae", days, 3, Costs())).all()


def test_training_data_gets_its_labels_as_a_column_of_their_type() -> None:
    spec = spec_of("multiclass")
    predicted = table_of(id=np.array(["a", "b"], dtype=object), said=np.array(["cat", "cat"], dtype=object))
    table = labelled(spec, predicted, known_of(spec, ["b"], np.array(["dog"], dtype=object)))
    assert table.columns["animal"].tolist() == [None, "dog"] and table.kinds["animal"] == "text"
    day = rows("2026-03-01", np.ones(2))
    numbers = labelled(SPEC, day, known(["2026-03-01/1"], [1.0]))
    assert numbers.columns["late"].tolist() == pytest.approx([np.nan, 1.0], nan_ok=True)


def test_the_loss_of_a_window_is_what_its_task_trains_on() -> None:
    assert binary_day([0.5, 0.5], [0, 1]).loss == pytest.approx(np.log(2))
    assert number_day([1.0, 2.0], [1.0, 5.0]).loss == pytest.approx(4.5)
    animals = np.array(["cat", "dog"], dtype=object)
    assert class_day(None, animals, animals[::-1]).loss == 1.0
