"""What is usual is learnt from windows that were left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.story import SPEC, rows, spec_with
from tidewatch.domain.baseline import (
    FEW,
    Baseline,
    Level,
    from_normal,
    learn,
    metric_levels,
    profile_table,
    reference,
    to_normal,
)
from tidewatch.domain.distance import distances
from tidewatch.domain.outcomes import DayOutcome
from tidewatch.domain.profile import NumberProfile, Profile, Scale, TextProfile
from tidewatch.domain.table import Table

STATISTICS = ("ks", "total_variation", "shift", "calibration_gap")


def days(many: int, wobble: float = 0.0) -> Table:
    """Days of 80 parcels; a day's weights lie up to `wobble` pounds off the others'."""
    random = np.random.default_rng(5)
    return Table.stack(
        [
            rows(f"2026-01-{number:02d}", random.normal(20, 5, 80) + random.uniform(-1, 1) * wobble)
            for number in range(1, many + 1)
        ]
    )


@pytest.mark.parametrize("statistic", STATISTICS)
@given(value=st.floats(0.001, 0.99))
def test_the_scale_on_which_levels_are_kept_is_left_again_without_loss(statistic: str, value: float) -> None:
    assert from_normal(statistic, to_normal(statistic, value)) == pytest.approx(value)


@pytest.mark.parametrize("statistic", ["ks", "total_variation"])
@given(mean=st.floats(-9, 9), sd=st.floats(0, 5))
def test_a_limit_of_a_distance_is_a_distance_and_grows_with_caution(statistic: str, mean: float, sd: float) -> None:
    level = Level(mean, sd, 20)
    limits = [level.limit(statistic, deviations) for deviations in (0.0, 2.0, 4.0)]
    assert 0 < limits[0] <= limits[1] <= limits[2] <= 1


def test_a_distance_of_nothing_has_a_level_too() -> None:
    for statistic in STATISTICS:
        assert np.isfinite(to_normal(statistic, 0.0)) and np.isfinite(to_normal(statistic, 1.0))


def test_every_watched_column_of_every_window_is_counted() -> None:
    baseline = learn(days(12), SPEC)
    assert list(baseline.windows) == [f"2026-01-{number:02d}" for number in range(1, 13)]
    for profile in baseline.windows.values():
        assert set(profile.columns) == {"weight", "colour", "score"} and profile.rows == 80
    assert set(baseline.scales) == {"weight", "score"}


def test_levels_are_learnt_from_windows_left_out() -> None:
    baseline = learn(days(30), SPEC)
    level = baseline.levels["weight"]["ks"]
    assert level.windows == 20  # the first ten only serve as what the others are compared with
    names = list(baseline.windows)
    usual = reference(SPEC, [baseline.windows[name] for name in names[19:29]])
    last = distances(baseline.windows[names[29]].columns["weight"], usual.columns["weight"])["ks"]
    assert last < level.limit("ks", 3.5)


def test_a_column_that_varies_from_day_to_day_may_do_so() -> None:
    calm, stormy = (learn(days(30, wobble), SPEC).levels["weight"]["ks"] for wobble in (0.0, 10.0))
    assert calm.limit("ks", 3.5) < 0.4 < stormy.limit("ks", 3.5)


@pytest.mark.parametrize(("many", "known"), [(2 * FEW, True), (2 * FEW - 1, True), (2 * FEW - 2, False), (2, False)])
def test_few_windows_teach_no_level(many: int, known: bool) -> None:
    assert ("weight" in learn(days(many), SPEC).levels) is known


def test_compared_with_training_every_window_is_left_out_once() -> None:
    training = spec_with(drift={"compare_with": "training"})
    assert learn(days(12), training).levels["weight"]["ks"].windows == 12
    assert learn(days(1), training).levels == {}


def test_without_a_window_column_all_rows_are_one_window_and_nothing_is_known_of_its_variation() -> None:
    table = days(30)
    baseline = learn(Table({n: v for n, v in table.columns.items() if n != "day"}, table.kinds), SPEC)
    assert list(baseline.windows) == ["all"] and baseline.windows["all"].rows == 2400
    assert (baseline.levels, baseline.metrics) == ({}, {})


def test_without_labels_nothing_is_known_of_the_metrics() -> None:
    table = days(30)
    baseline = learn(Table({n: v for n, v in table.columns.items() if n != "late"}, table.kinds), SPEC)
    assert baseline.metrics == {} and baseline.levels != {}


def test_a_constant_column_has_a_level_of_its_own() -> None:
    table = days(30)
    constant = Table({**table.columns, "weight": np.full(table.rows, 7.0)}, table.kinds)
    limits = learn(constant, SPEC).levels["weight"]
    assert limits["ks"].limit("ks", 3.5) < 0.001
    assert limits["shift"].limit("shift", 3.5) == pytest.approx(0, abs=1e-9)


def test_windows_in_which_a_column_is_empty_are_not_its_example() -> None:
    table = days(30)
    weight = table.columns["weight"].copy()
    weight[: 80 * 25] = np.nan
    baseline = learn(Table({**table.columns, "weight": weight}, table.kinds), SPEC)
    assert "weight" not in baseline.levels and "colour" in baseline.levels


def test_a_baseline_survives_being_stored() -> None:
    baseline = learn(days(30, 3.0), SPEC)
    read = Baseline.from_bytes(baseline.to_bytes())
    assert read.to_bytes() == baseline.to_bytes()
    assert (read.scales, read.levels, read.metrics) == (baseline.scales, baseline.levels, baseline.metrics)


def test_another_versions_metrics_leave_the_columns_as_they_are() -> None:
    baseline = learn(days(30), SPEC)
    other = baseline.with_metrics({"log_loss": Level(0.4, 0.1, 12)})
    assert (other.scales, other.levels, other.windows) == (baseline.scales, baseline.levels, baseline.windows)
    assert set(other.metrics) == {"log_loss"}


def test_metrics_vary_over_runs_of_windows_not_over_single_windows() -> None:
    outcomes = [
        DayOutcome(f"2026-01-{number:02d}", "1", 100, 100, 20.0 + 10 * (number % 3), 30.0, 50.0)
        for number in range(1, 31)
    ]
    single = spec_with(metrics=[{"name": "calibration_gap", "windows": 1}])
    over_three = metric_levels(SPEC, outcomes)["calibration_gap"]
    assert over_three.windows == 28
    assert over_three.sd == pytest.approx(0, abs=1e-9) and over_three.mean == pytest.approx(0)
    assert metric_levels(single, outcomes)["calibration_gap"].sd > 0.05


def test_too_few_runs_teach_no_metric() -> None:
    outcomes = [DayOutcome(f"2026-01-{number:02d}", "1", 10, 10, 2.0, 3.0, 5.0) for number in range(1, 12)]
    assert metric_levels(SPEC, outcomes) == {}
    assert metric_levels(SPEC, [*outcomes, *outcomes[:1]])["calibration_gap"].windows == FEW


def test_training_windows_without_labels_are_passed_over() -> None:
    waiting = [DayOutcome(f"2026-01-{number:02d}", "1", 10, 0, 0.0, 0.0, 0.0) for number in range(1, 4)]
    labelled = [DayOutcome(f"2026-01-{number:02d}", "1", 10, 10, 2.0, 3.0, 5.0) for number in range(4, 24)]
    assert metric_levels(SPEC, waiting + labelled)["calibration_gap"].windows >= FEW


def test_the_reference_is_the_trailing_windows_or_all_as_the_spec_says() -> None:
    windows = list(learn(days(12), SPEC).windows.values())
    assert reference(SPEC, windows).rows == 10 * 80
    assert reference(spec_with(drift={"compare_with": "training"}), windows).rows == 12 * 80


def test_a_column_that_came_without_a_value_came_without_a_type_and_is_counted_as_nulls() -> None:
    table = rows("2026-03-01", np.ones(4))
    empty = np.full(4, None, dtype=object)
    nothing = Table({**table.columns, "weight": empty, "colour": np.full(4, np.nan)}, table.kinds)
    profile: Profile = profile_table(nothing, SPEC, {"weight": Scale(0.0, 1.0), "score": Scale(0.0, 1.0)})
    weight, colour = profile.columns["weight"], profile.columns["colour"]
    assert isinstance(weight, NumberProfile) and (weight.rows, weight.nulls) == (0, 4)
    assert colour == TextProfile({}, 4)
