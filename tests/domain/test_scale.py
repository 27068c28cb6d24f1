"""Another unit is recognised by its grid; nothing else is accused of being one."""

import numpy as np
import pytest
from hypothesis import given

from tests.domain.columns import NASTY_COLUMN, number
from tidewatch.domain.checks.scale import PAIRS, SPELLINGS, Pair, ScaleChange, find_scale, snapped
from tidewatch.domain.profile.grid import Numbers

MILES = np.arange(80.0, 2600.0, 13)  # the routes of a network


def routes(seed: int, rows: int = 3000) -> Numbers:
    """Flights of a day: some routes are flown far more often than others."""
    popularity = 1 / np.random.default_rng(0).permutation(np.arange(1, len(MILES) + 1))
    return np.random.default_rng(seed).choice(MILES, rows, p=popularity / popularity.sum())


def found(now: Numbers, before: Numbers, unit: str = "") -> ScaleChange:
    change = find_scale(now, number(before), unit)
    assert change is not None
    return change


@pytest.mark.parametrize("factor", [1.609344, 1.609])
def test_kilometres_are_found_and_called_so(factor: float) -> None:
    change = found(routes(2) * factor, routes(1))
    assert change.pair == "miles → kilometres"
    assert change.told == f"multiplied by {change.factor:g} (miles → kilometres)"
    assert change.factor == pytest.approx(1.609344, rel=1e-3)
    assert change.restored >= 0.99 and change.off_grid > 0.9 and change.ks_after < 0.1
    assert change.now_median == pytest.approx(change.usual_median * factor, rel=0.1)


def test_the_way_back_has_a_name_too() -> None:
    kilometres = np.round(MILES * 1.6)
    random = np.random.default_rng(1)
    change = found(random.choice(kilometres, 3000) / 1.609344, random.choice(kilometres, 3000))
    assert change.pair == "kilometres → miles"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.first} to {pair.second}")
def test_every_known_pair_is_found_from_the_unit_that_the_spec_says(pair: Pair) -> None:
    before = np.random.default_rng(1).choice(np.arange(40.0, 140.0), 3000)
    change = found(before[:800] * pair.factor + pair.offset, before, SPELLINGS[pair.first].split()[0])
    assert (change.factor, change.offset) == (pytest.approx(pair.factor), pytest.approx(pair.offset))
    assert change.pair == f"{pair.first} → {pair.second}"


def test_degrees_are_told_with_their_offset() -> None:
    before = np.random.default_rng(1).choice(np.arange(40.0, 100.0), 3000)
    change = found((before[:800] - 32) / 1.8, before, "°F")
    assert change.told == "multiplied by 0.5556, -17.78 (°F → °C)"


def test_a_pair_that_does_not_start_from_the_spec_s_unit_is_not_named() -> None:
    assert found(routes(2) * 1.609344, routes(1), "mi").pair == "miles → kilometres"
    assert found(routes(2) * 1.609344, routes(1), "USD").pair == ""


@pytest.mark.parametrize("factor", [3.7, 0.85, 12.0])
def test_a_factor_of_no_known_pair_is_found_and_has_no_name(factor: float) -> None:
    whole_numbers = np.random.default_rng(1).integers(1, 40, 3000).astype(np.float64)
    change = found(whole_numbers[:500] * factor, whole_numbers)
    assert change.factor == pytest.approx(factor, rel=1e-3)
    assert (change.pair, change.told) == ("", f"multiplied by {change.factor:g}")


@pytest.mark.parametrize("factor", [10.0, 100.0, 0.001])
def test_a_moved_decimal_point_is_found(factor: float) -> None:
    assert found(routes(2) * factor, routes(1)).factor == pytest.approx(factor)


# Tenths of a degree, as weather stations send them: of the whole degrees Fahrenheit of a cold and of a warm month.
COLD, WARM = (((np.arange(*ends) - 32) / 1.8).round(1) for ends in ((5.0, 50.0), (55.0, 80.0)))


def drawn(celsius: Numbers, rows: int, seed: int) -> Numbers:
    return np.random.default_rng(seed).choice(celsius, rows)


@pytest.mark.parametrize("digits", [1, 2, 9])
def test_celsius_is_found_in_a_season_whose_values_were_never_seen(digits: int) -> None:
    change = find_scale(drawn(WARM, 900, 2).round(digits), number(drawn(COLD, 5000, 1) * 1.8 + 32), "°F")
    assert change is not None and change.pair == "°F → °C" and change.restored == 1


@pytest.mark.parametrize(("factor", "offset", "pair"), [(1.8, 32.0, "°C → °F"), (1.0, 273.15, "°C → kelvin")])
def test_so_are_units_that_celsius_was_turned_into(factor: float, offset: float, pair: str) -> None:
    change = find_scale(drawn(WARM, 900, 2) * factor + offset, number(drawn(COLD, 5000, 1)), "°C")
    assert change is not None and change.pair == pair


def test_a_change_in_two_steps_has_a_name() -> None:
    change = find_scale((drawn(WARM, 900, 2) + 273.15).round(2), number(drawn(COLD, 5000, 1) * 1.8 + 32), "°F")
    assert change is not None and change.pair == "°F → kelvin"


@pytest.mark.parametrize("step", [0.01, 1.0, 2.0], ids=["more digits", "fewer digits", "far fewer"])
def test_another_precision_in_another_season_is_no_other_unit(step: float) -> None:
    warm = drawn(WARM, 900, 2) * 1.8 + 32
    finer = warm + np.random.default_rng(3).uniform(-0.5, 0.5, len(warm))
    now = np.round((finer if step < 0.1 else warm) / step) * step
    assert find_scale(now, number(drawn(COLD, 5000, 1) * 1.8 + 32), "°F") is None


def test_minutes_with_seconds_are_no_hours() -> None:
    random = np.random.default_rng(1)
    minutes, now = random.integers(20, 300, 5000).astype(np.float64), random.integers(1200, 18000, 900) / 60
    assert find_scale(now, number(minutes), "minutes") is None


def test_a_few_infinities_and_nulls_do_not_hide_it() -> None:
    now = np.append(routes(2) * 1.609344, [np.inf, np.nan])
    assert found(now, routes(1)).pair == "miles → kilometres"


def test_the_usual_rows_are_in_the_usual_unit() -> None:
    assert find_scale(routes(2), number(routes(1))) is None


def test_longer_routes_are_no_other_unit() -> None:
    long = routes(2)
    assert find_scale(long[long > 1800], number(routes(1))) is None


def test_a_few_new_routes_are_no_other_unit() -> None:
    now = routes(2)
    now[: len(now) // 3] = 3333.0
    assert find_scale(now, number(routes(1))) is None


@pytest.mark.parametrize("change", ["as it was", "higher", "doubled"])
def test_a_continuous_column_is_not_accused(change: str) -> None:
    random = np.random.default_rng(1)
    now = random.normal(60, 8, 500)
    now = {"as it was": now, "higher": now + 30, "doubled": now * 2}[change]
    assert find_scale(now, number(random.normal(60, 8, 5000))) is None


def test_many_more_parcels_a_day_are_no_other_unit() -> None:
    random = np.random.default_rng(1)
    before = random.poisson(20, 5000).astype(np.float64)
    assert find_scale(random.poisson(60, 300).astype(np.float64), number(before)) is None


@pytest.mark.parametrize("now", [[], [np.nan, np.nan], [np.inf]], ids=["no rows", "nulls", "infinities"])
def test_without_values_there_is_nothing_to_say(now: list[float]) -> None:
    assert find_scale(np.array(now, dtype=np.float64), number(routes(1))) is None


def test_nothing_usual_explains_nothing() -> None:
    assert find_scale(routes(1), number(np.full(5, np.nan))) is None


@pytest.mark.parametrize(
    ("before", "now"),
    [([1, 2, 3], [4]), (range(1, 101), [101]), (range(1, 53), [53]), ([10, 20], [25])],
    ids=["April", "the 101st day", "the 53rd week", "a new fee"],
)
def test_a_calendar_or_price_that_goes_on_is_no_other_unit(before: list[int], now: list[int]) -> None:
    known = np.repeat(np.array(before, dtype=np.float64), 60)
    assert find_scale(np.repeat(np.array(now, dtype=np.float64), 60), number(known)) is None


def test_a_change_is_told_in_short_numbers() -> None:
    change = ScaleChange(1.609344, 0.0, "miles → kilometres", 1 / 3, 1.0, 0.0123456789, 7.0, 11.0)
    assert change.as_dict() == {
        "factor": 1.609344, "offset": 0.0, "pair": "miles → kilometres", "off_grid": 0.333333, "restored": 1.0,
        "ks_after": 0.012346, "usual_median": 7.0, "now_median": 11.0,
    }  # fmt: skip


@given(NASTY_COLUMN, NASTY_COLUMN)
def test_whatever_a_column_holds_the_search_for_a_unit_comes_to_an_end(now: Numbers, before: Numbers) -> None:
    change = find_scale(now, number(before))
    assert change is None or np.isfinite([change.factor, change.offset, change.restored, change.ks_after]).all()


def test_converted_values_become_the_usual_ones_and_others_stay() -> None:
    before = number(np.repeat(MILES, 10))
    there_and_back = np.round(MILES * 1.609, 2) / 1.609
    np.testing.assert_array_equal(snapped(there_and_back, before), MILES)
    strange = np.array([81.5, -7.0, np.inf, -np.inf, np.nan, 1e308])
    np.testing.assert_array_equal(snapped(strange, before), strange)
    np.testing.assert_array_equal(snapped(strange, number(np.array([]))), strange)
