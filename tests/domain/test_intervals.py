"""How sure a metric is: as sure as windows differ, and never surer than its labels allow."""

import numpy as np
import pytest

from tests.domain.labelled import binary_day, class_day, number_day
from tidewatch.domain.model_spec import Costs
from tidewatch.domain.performance.intervals import CONFIDENCE, Measured, measure
from tidewatch.domain.performance.metrics import KINDS
from tidewatch.domain.performance.outcomes import DayOutcome

COSTS = Costs(false_positive=1, false_negative=5)
BINARY = ("accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier", "calibration_gap", "business_cost")


def days(windows: int, rows: int, wobble: float = 0.0, seed: int = 1) -> list[DayOutcome]:
    """Calibrated scores on average; on each day positives are likelier or rarer by up to `wobble`."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(windows):
        scores = random.uniform(0.2, 0.8, rows)
        labels = random.random(rows) < scores + random.uniform(-wobble, wobble)
        made.append(binary_day(scores, labels, f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}"))
    return made


def known(name: str, run: list[DayOutcome]) -> Measured:
    found = measure(name, run, COSTS)
    assert found is not None
    return found


def width(found: Measured) -> float:
    assert found.interval is not None
    return found.interval[1] - found.interval[0]


@pytest.mark.parametrize("windows", [1, 3, 7])
@pytest.mark.parametrize("name", BINARY)
def test_every_metric_has_an_interval_around_it(name: str, windows: int) -> None:
    found = known(name, days(windows, 200))
    assert found.interval is not None and found.interval[0] < found.value < found.interval[1]
    assert found.how == ("windows" if windows >= 5 else "rows")


@pytest.mark.parametrize("name", ["mae", "rmse", "r2", "calibration_gap"])
def test_so_have_those_of_numbers(name: str) -> None:
    random = np.random.default_rng(3)
    truth = random.normal(50, 9, (7, 80))
    run = [number_day(day + random.normal(0, 2, 80), day) for day in truth]
    found = known(name, run)
    assert found.interval is not None and found.interval[0] < found.value < found.interval[1]


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier"])
def test_so_have_those_of_many_classes(name: str) -> None:
    random = np.random.default_rng(3)
    names = np.array(["cat", "dog", "emu"], dtype=object)
    scores = random.dirichlet([1, 1, 1], 300)
    found = known(name, [class_day(scores, names[random.integers(0, 3, 300)], names[scores.argmax(axis=1)])])
    assert found.interval is not None and found.interval[0] < found.value < found.interval[1]


@pytest.mark.parametrize("name", BINARY)
def test_rows_that_are_independent_are_covered_as_often_as_promised(name: str) -> None:
    truth = known(name, days(1, 200_000, seed=99)).value
    inside = 0
    for seed in range(100):
        interval = known(name, days(1, 300, seed=seed)).interval
        assert interval is not None
        inside += interval[0] <= truth <= interval[1]
    assert 83 <= inside <= 97  # of 100 at 90 %


def test_days_that_differ_are_covered_by_windows_and_not_by_rows() -> None:
    by_windows = by_rows = 0
    for seed in range(150):
        found = known("calibration_gap", days(7, 900, wobble=0.2, seed=seed))
        assert found.interval is not None and found.by_rows is not None
        by_windows += found.interval[0] <= 0 <= found.interval[1]
        by_rows += found.by_rows[0] <= 0 <= found.by_rows[1]
    assert by_windows >= 0.86 * 150
    assert by_rows < 0.5 * 150


def test_days_that_happen_to_agree_do_not_make_it_surer_than_its_labels_allow() -> None:
    run = [binary_day([0.9, 0.1], [0, 0], f"2026-03-0{n}") for n in range(1, 8)]
    found = known("precision", run)  # each day the one alarm was false
    assert found.value == 0.0
    assert found.interval is not None and found.interval[1] > 0.1


def test_two_wrong_decisions_do_not_make_the_precision_certain() -> None:
    found = known("precision", [binary_day([0.9, 0.9] + [0.1] * 998, [0] * 1000)])
    assert found.value == 0.0 and found.interval is not None and found.interval[1] > 0.5


def test_more_labels_make_it_surer() -> None:
    assert width(known("accuracy", days(1, 100))) == pytest.approx(2 * width(known("accuracy", days(1, 400))), rel=0.2)


def test_a_higher_confidence_is_wider() -> None:
    run = days(7, 100)
    narrow, wide = measure("accuracy", run, COSTS), measure("accuracy", run, COSTS, 1 - (1 - CONFIDENCE) / 20)
    assert narrow is not None and wide is not None and width(wide) > 1.3 * width(narrow)


def test_the_same_windows_give_the_same_interval_whenever_it_is_computed() -> None:
    assert known("f1", days(7, 100)) == known("f1", days(7, 100))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_without_labels_there_is_no_value_and_no_crash(name: str) -> None:
    assert measure(name, [], COSTS) is None
    assert measure(name, [binary_day([0.5], [np.nan])], COSTS) is None


@pytest.mark.parametrize("name", sorted(KINDS))
def test_one_label_is_never_enough_and_never_nan(name: str) -> None:
    for run in (
        [binary_day([0.7], [1])],
        [number_day([1.0], [2.0])],
        [class_day(None, *np.full((2, 1), "cat", object))],
    ):
        found = measure(name, run, COSTS)
        if found is not None:
            assert np.isfinite(found.value) and not found.enough
            assert found.interval is None or not np.isnan(found.interval).any()


def test_what_was_kept_before_there_were_tallies_is_as_sure_as_its_labels_allow() -> None:
    old = [DayOutcome("2026-03-01", "1", 400, 400, 100.0, 60.0, 200.0)]
    found = known("calibration_gap", old)
    assert found.value == pytest.approx(0.1) and width(found) == pytest.approx(2 * 1.645 * 0.0217, rel=0.01)
    assert known("log_loss", old).interval is None
    assert measure("accuracy", old, COSTS) is None


def test_a_roc_auc_of_nine_positives_is_not_enough_to_judge_by() -> None:
    scores = np.linspace(0.01, 0.99, 500)
    few, ten = np.arange(500) >= 491, np.arange(500) >= 490
    assert not known("roc_auc", [binary_day(scores, few)]).enough
    assert known("roc_auc", [binary_day(scores, ten)]).enough
