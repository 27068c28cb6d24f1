"""When estimates are out of order, and when it is too early to say."""

import pytest

from tests.domain.story import spec_with
from tidewatch.domain.checks.estimated import judge_estimates
from tidewatch.domain.estimation.cbpe import Estimate, Usual, WindowEstimates
from tidewatch.domain.incident.opening import headline
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec

SPEC = spec_with(estimation={"metrics": ["roc_auc"], "deviations": 4})
USUAL = {"roc_auc": Usual(0.72, Level(0.7, 0.01, 30), 0.02)}  # so at least .66 is usual


def window(value: float, half: float = 0.02, day: int = 1, rows: int = 500, name: str = "roc_auc") -> WindowEstimates:
    return WindowEstimates(f"2026-03-{day:02d}", rows, {name: Estimate(value, value - half, value + half)})


def test_an_estimate_as_usual_is_judged_and_says_nothing() -> None:
    assert judge_estimates(SPEC, USUAL, [window(0.67)]) == ([], True)


def test_a_better_estimate_says_nothing() -> None:
    assert judge_estimates(SPEC, USUAL, [window(0.9)]) == ([], True)


def test_an_estimate_below_what_is_usual_is_a_finding_with_its_numbers() -> None:
    (found,), judged = judge_estimates(SPEC, USUAL, [window(0.65)])
    assert judged
    assert (found.check, found.subject, found.family, found.severity) == (
        "estimated_performance", "roc_auc", "performance", "medium",
    )  # fmt: skip
    assert (found.value, found.window) == (0.65, "2026-03-01") and found.threshold == pytest.approx(0.66)
    assert found.sentence == (
        "labels are not in yet; from the scores alone, ROC AUC is estimated at 0.650 (95% interval 0.630 to 0.670), "
        "2026-03-01, where at least 0.660 is usual; in left-out windows such estimates were off by 0.020 on average"
    )
    assert found.evidence["method"] == "CBPE" and found.evidence["rows"] == 500
    assert found.evidence["interval"] == pytest.approx([0.63, 0.67])
    assert headline("Parcels", found) == "Parcels: its answers are probably worse than usual"


def test_twice_as_far_off_is_severe() -> None:
    assert judge_estimates(SPEC, USUAL, [window(0.615)])[0][0].severity == "high"


def test_so_few_rows_that_chance_could_have_brought_it_there_are_no_finding() -> None:
    assert judge_estimates(SPEC, USUAL, [window(0.6, half=0.11)])[0] == []


def test_a_handful_of_rows_is_not_judged() -> None:
    assert judge_estimates(SPEC, USUAL, [window(0.1, rows=29)]) == ([], False)


def test_a_departure_smaller_than_estimates_are_usually_off_is_no_finding() -> None:
    doubtful = {"roc_auc": Usual(0.72, Level(0.7, 0.001, 30), 0.05)}
    assert judge_estimates(SPEC, doubtful, [window(0.66)])[0] == []
    assert judge_estimates(SPEC, doubtful, [window(0.64)])[0] != []


def test_a_limit_of_the_builders_is_crossed_when_the_whole_interval_is_beyond_it() -> None:
    spec = spec_with(estimation={"metrics": ["roc_auc"]}, metrics=[{"name": "roc_auc", "limit": 0.68}])
    assert judge_estimates(spec, USUAL, [window(0.67)]) == ([], True)
    (found,), _ = judge_estimates(spec, USUAL, [window(0.65)])
    assert found.threshold == 0.68
    assert "where at least 0.68 is required" in found.sentence.replace("0.680", "0.68")
    assert found.evidence["limit_from"] == "spec"


def test_without_left_out_windows_the_reference_data_says_what_is_usual() -> None:
    alone = {"roc_auc": Usual(0.72, None, None)}  # an interval of .02 is a standard error of .01
    assert judge_estimates(SPEC, alone, [window(0.69)])[0] == []
    (found,), _ = judge_estimates(SPEC, alone, [window(0.67)])
    assert found.evidence["limit_from"] == "reference data"
    assert found.sentence.endswith("is usual")


def over_three() -> ModelSpec:
    return spec_with(estimation={"metrics": ["roc_auc"], "windows": 3})


def test_a_run_of_windows_is_judged_by_its_mean() -> None:
    low, usual = [window(0.64, day=day) for day in (1, 2)], window(0.7, day=3)
    assert judge_estimates(over_three(), USUAL, low) == ([], False)
    assert judge_estimates(over_three(), USUAL, [*low, usual]) == ([], True)
    (found,), _ = judge_estimates(over_three(), USUAL, [usual, *low, window(0.65, day=4)])
    assert "2026-03-01 to 2026-03-04" in found.sentence
    assert found.value == pytest.approx(0.643333)
    assert found.evidence["interval"] == pytest.approx([0.643333 - 0.02 / 3**0.5, 0.643333 + 0.02 / 3**0.5], abs=1e-5)


def test_a_metric_that_was_undefined_in_a_window_is_not_judged() -> None:
    undefined = WindowEstimates("2026-03-02", 500, {})
    assert judge_estimates(over_three(), USUAL, [window(0.1), undefined, window(0.1)]) == ([], False)
    assert judge_estimates(SPEC, {}, [window(0.1)]) == ([], False)


def test_what_should_be_low_is_bad_when_it_is_high() -> None:
    spec = spec_with(estimation={"metrics": ["log_loss"]})
    usual = {"log_loss": Usual(0.5, Level(0.5, 0.01, 30), 0.01)}
    assert judge_estimates(spec, usual, [window(0.4, name="log_loss")])[0] == []
    (found,), _ = judge_estimates(spec, usual, [window(0.57, name="log_loss")])
    assert "where up to 0.540 is usual" in found.sentence


def test_errors_of_a_regression_are_estimated_from_the_inputs_and_have_a_unit() -> None:
    columns = {name: column.model_dump() for name, column in SPEC.columns.items()}
    columns["late"]["unit"] = "minutes"
    spec = SPEC.model_copy(
        update={
            "task": "regression",
            "columns": ModelSpec.model_validate(SPEC.model_dump() | {"columns": columns}).columns,
            "estimation": SPEC.estimation.model_copy(update={"metrics": ["mae"]}),
        }
    )
    usual = {"mae": Usual(5.0, Level(5.0, 0.5, 30), 0.2)}
    (found,), _ = judge_estimates(spec, usual, [window(9.0, half=0.5, name="mae")])
    assert found.evidence["method"] == "DLE"
    assert found.sentence.startswith(
        "labels are not in yet; from the inputs alone, mean absolute error is estimated at 9 minutes (95% interval "
    )
