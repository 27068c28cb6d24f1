"""When a model's results are out of order, and when it is too early to say."""

import pytest

from tests.domain.story import SPEC, spec_with
from tidewatch.domain.baseline import Baseline, Level
from tidewatch.domain.checks.performance import judge, limit
from tidewatch.domain.model_spec import Metric
from tidewatch.domain.outcomes import DayOutcome

USUAL = Baseline(
    {}, {}, {}, {"calibration_gap": Level(-0.02, 0.01, 30), "log_loss": Level(0.5, 0.02, 30)}
)  # so the gap may be .06 and the loss, at 4 deviations, .58
UNKNOWN = Baseline({}, {}, {}, {})


def day(number: int, late: float = 0.2, loss: float = 0.5, rows: int = 100) -> DayOutcome:
    """The model said .2 for every row."""
    return DayOutcome(f"2026-03-{number:02d}", "2", rows, rows, late * rows, 0.2 * rows, loss * rows)


def days(*late: float) -> list[DayOutcome]:
    return [day(number, share) for number, share in enumerate(late, 1)]


def waiting(number: int) -> DayOutcome:
    return DayOutcome(f"2026-03-{number:02d}", "2", 100, 0, 0.0, 0.0, 0.0)


def test_results_in_the_usual_range_are_judged_and_say_nothing() -> None:
    assert judge(SPEC, USUAL, days(0.25, 0.2, 0.3)) == ([], True)


@pytest.mark.parametrize(("late", "share"), [(0.4, "40%"), (0.05, "5%")], ids=["too many", "too few"])
def test_a_gap_to_either_side_is_a_finding_with_its_numbers(late: float, share: str) -> None:
    findings, judged = judge(SPEC, USUAL, days(late, late, late))
    assert judged
    (found,) = findings
    assert (found.check, found.subject, found.window, found.severity) == (
        "calibration_gap", "calibration_gap", "2026-03-03", "high",
    )  # fmt: skip
    assert found.value == pytest.approx(abs(late - 0.2)) and found.threshold == pytest.approx(0.06)
    assert found.sentence.startswith(
        f"the model said 20% late parcels where {share} were, 2026-03-01 to 2026-03-03: {abs(late - 0.2) * 100:.0f} "
    )
    assert found.evidence["windows"] == ["2026-03-01", "2026-03-03"]
    assert (found.evidence["rows"], found.evidence["version"]) == (300, "2")


def test_one_bad_day_among_good_ones_is_no_finding() -> None:
    assert judge(SPEC, USUAL, days(0.2, 0.37, 0.2))[0] == []


def test_the_same_badness_over_all_windows_is() -> None:
    assert judge(SPEC, USUAL, days(0.28, 0.28, 0.28))[0] != []


def test_only_the_latest_windows_count() -> None:
    assert judge(SPEC, USUAL, days(0.9, 0.9, 0.2, 0.2, 0.2))[0] == []


@pytest.mark.parametrize("many", [0, 1, 2])
def test_nothing_is_judged_before_there_are_enough_windows(many: int) -> None:
    assert judge(SPEC, USUAL, days(*[0.9] * many)) == ([], False)


def test_without_a_limit_and_without_training_windows_nothing_is_judged() -> None:
    assert judge(SPEC, UNKNOWN, days(0.9, 0.9, 0.9)) == ([], False)


def test_the_builders_limit_wins_over_what_was_learnt() -> None:
    own = spec_with(metrics=[{"name": "calibration_gap", "windows": 3, "limit": 0.25}])
    assert judge(own, USUAL, days(0.4, 0.4, 0.4)) == ([], True)
    (found,) = judge(own, USUAL, days(0.5, 0.5, 0.5))[0]
    assert found.threshold == 0.25


def test_the_builders_limit_needs_no_training_windows() -> None:
    own = spec_with(metrics=[{"name": "log_loss", "windows": 2, "limit": 0.6}])
    (found,) = judge(own, UNKNOWN, [day(1, loss=0.7), day(2, loss=0.7)])[0]
    assert found.check == "log_loss"
    assert found.sentence.startswith("log loss 0.700, 2026-03-01 to 2026-03-02, where up to 0.600 is usual")


def test_a_usual_bias_widens_the_gap_that_is_allowed_and_a_small_loss_is_never_wrong() -> None:
    assert limit(Metric(name="calibration_gap"), USUAL) == pytest.approx(0.06)
    assert limit(Metric(name="log_loss"), USUAL) == pytest.approx(0.58)
    assert limit(Metric(name="log_loss"), UNKNOWN) is None
    losses = spec_with(metrics=[{"name": "log_loss", "windows": 1}])
    assert judge(losses, USUAL, [day(1, loss=0.01)]) == ([], True)


def test_each_metric_is_judged_over_windows_of_its_own() -> None:
    both = spec_with(metrics=[{"name": "calibration_gap", "windows": 2}, {"name": "log_loss", "windows": 9}])
    findings, judged = judge(both, USUAL, [day(1, 0.5, loss=5), day(2, 0.5, loss=5)])
    assert judged and [found.check for found in findings] == ["calibration_gap"]


def test_windows_without_a_single_label_are_not_judged() -> None:
    assert judge(SPEC, USUAL, [waiting(1), waiting(2), waiting(3)]) == ([], False)
