"""How much a statistic may vary is learnt from how it did."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from tests.domain.columns import LARGEST
from tidewatch.domain.levels import FEW, SHARES, Level, from_normal, t_quantile, t_tail, to_normal

STATISTICS = (*SHARES, "effect", "rows", "calibration_gap")
CHANCES = st.floats(1e-12, 0.5)
VALUES = st.lists(st.floats(0, 1), min_size=FEW, max_size=60)


@pytest.mark.parametrize("statistic", STATISTICS)
@given(value=st.floats(0.001, 0.99))
def test_the_scale_on_which_levels_are_kept_is_left_again_without_loss(statistic: str, value: float) -> None:
    assert from_normal(statistic, to_normal(statistic, value)) == pytest.approx(value)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_nothing_and_everything_have_a_place_on_the_scale(statistic: str) -> None:
    for value in (0.0, 1.0, 1e300):
        assert np.isfinite(to_normal(statistic, value))
        assert np.isfinite(from_normal(statistic, to_normal(statistic, value)))


@pytest.mark.parametrize("statistic", ["ks", "nulls"])
@given(mean=st.floats(-9, 9), sd=st.floats(0, 5))
def test_a_limit_of_a_share_is_a_share_and_grows_with_caution(statistic: str, mean: float, sd: float) -> None:
    level = Level(mean, sd, 20)
    limits = [level.limit(statistic, chance) for chance in (0.5, 0.01, 1e-4, 1e-9)]
    assert limits[0] > 0 and limits[-1] <= 1
    assert limits == sorted(limits)


@pytest.mark.parametrize("statistic", STATISTICS)
@given(values=VALUES, chance=CHANCES)
def test_what_lies_at_the_limit_is_as_unlikely_as_was_asked(statistic: str, values: list[float], chance: float) -> None:
    level = Level.of(statistic, values)
    assert level is not None
    limit = level.limit(statistic, chance)
    if level.sd > 1e-6 and 0.001 < limit < 0.999:
        assert level.p_value(statistic, limit) == pytest.approx(chance, rel=0.01)


@given(VALUES, st.floats(0, 1), st.floats(0, 1))
def test_the_farther_away_the_less_likely(values: list[float], one: float, other: float) -> None:
    level = Level.of("ks", values)
    assert level is not None
    near, far = sorted((one, other))
    assert 0 <= level.p_value("ks", far) <= level.p_value("ks", near) <= 1


@pytest.mark.parametrize("windows", [10, 20, 60])
def test_the_next_window_exceeds_its_limit_as_often_as_it_may(windows: int) -> None:
    random = np.random.default_rng(3)
    exceeded = 0
    for _ in range(3000):
        values = 1 / (1 + np.exp(-random.normal(-2, 0.7, windows + 1)))
        level = Level.of("ks", values[:-1].tolist())
        assert level is not None
        exceeded += values[-1] > level.limit("ks", 0.01)
    assert 12 <= exceeded <= 50


@pytest.mark.parametrize(("many", "known"), [(FEW, True), (FEW - 1, False), (0, False)])
def test_few_windows_teach_no_level(many: int, known: bool) -> None:
    assert (Level.of("ks", [0.1] * many) is not None) is known


def test_what_never_varied_may_stay_as_it_is_and_nothing_else() -> None:
    level = Level.of("ks", [0.25] * 12)
    assert level is not None
    assert (level.p_value("ks", 0.25), level.p_value("ks", 0.1), level.p_value("ks", 0.26)) == (1.0, 1.0, 0.0)
    assert level.limit("ks", 1e-6) == pytest.approx(0.25)


@pytest.mark.parametrize("chance", [1.0, 0.0, 1e-17, 1e-300])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_chance_at_the_end_of_what_can_be_counted_has_a_limit_too(statistic: str, chance: float) -> None:
    level = Level.of(statistic, [0.1, 0.5] * 6)
    assert level is not None and np.isfinite(level.limit(statistic, chance))


def test_windows_with_and_without_a_huge_sentinel_have_a_level() -> None:
    level = Level.of("effect", [0.01, 1e300, 0.02, 1e299] * 5)
    assert level is not None and np.isfinite(level.limit("effect", 1e-6))
    assert 0 <= level.p_value("effect", LARGEST) <= 1


@pytest.mark.parametrize("freedom", [9, 19, 100, 1000])
@pytest.mark.parametrize("t", [-3.0, 0.0, 0.5, 2.0, 4.0, 8.0])
def test_the_tail_of_students_t_is_good_to_a_few_hundredths_and_rather_too_long(t: float, freedom: int) -> None:
    exact = float(student.sf(t, freedom))
    assert 0.999 * exact <= t_tail(t, freedom) <= 1.09 * exact


@given(st.floats(1e-9, 0.5), st.integers(9, 500))
def test_the_quantile_is_where_the_tail_has_that_chance(chance: float, freedom: int) -> None:
    assert t_tail(t_quantile(chance, freedom), freedom) == pytest.approx(chance, rel=1e-6)
    assert t_quantile(1 - chance, freedom) == pytest.approx(-t_quantile(chance, freedom), rel=1e-3, abs=1e-6)
