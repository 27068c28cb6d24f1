"""What the alarm policy will do is said before it does it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from tests.domain.columns import learnt
from tests.domain.watched import LIGHT, ROWS, days, parcels, table, today
from tests.domain.watched import judged as judged_day
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.simulation import DRAWN, Simulation, simulate
from tidewatch.domain.table import Table


def with_budget(budget: float, spec: ModelSpec = LIGHT, **drift: Any) -> ModelSpec:
    record = spec.model_dump()
    return ModelSpec.model_validate(record | {"alarms": {"budget": budget}, "drift": record["drift"] | drift})


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learnt(days(), LIGHT)


@pytest.fixture(scope="module")
def agreed(baseline: Baseline) -> Simulation:
    return simulate(LIGHT, baseline)


def smallest(result: Simulation) -> dict[str, float | None]:
    return {row.column: row.amount for row in result.smallest}


def test_the_budget_is_shared_by_the_windows_of_a_month(agreed: Simulation) -> None:
    assert (agreed.budget, agreed.windows_a_month) == (1.0, 30.0)
    assert agreed.level == pytest.approx(1 / 30)


def test_usual_windows_replayed_keep_to_the_budget(agreed: Simulation) -> None:
    assert agreed.replay is not None and agreed.replay.windows == 42 - 20
    assert agreed.replay.a_month <= 1


def test_windows_drawn_from_the_reference_keep_to_the_budget(agreed: Simulation) -> None:
    assert agreed.drawn.windows == DRAWN and agreed.drawn.a_month <= 1


def test_a_rate_is_told_with_what_it_may_be_at_most(agreed: Simulation) -> None:
    for rate in (agreed.replay, agreed.drawn):
        assert rate is not None
        exact = chi2.ppf(0.95, 2 * (rate.alarms + 1)) / 2 / rate.windows * 30
        assert rate.at_most == pytest.approx(exact, rel=0.03) and rate.at_most > rate.a_month


def test_a_fault_in_the_reference_data_shows_in_the_replay() -> None:
    rows = [parcels(number) for number in range(1, 43)]
    rows[36]["weight"] = np.full(ROWS, 20.0)
    replay = simulate(LIGHT, learnt(Table.stack([table(columns) for columns in rows]), LIGHT)).replay
    assert replay is not None and replay.alarms >= 1


@pytest.mark.parametrize("many", [1, 3, 5])
def test_too_few_windows_are_not_replayed(many: int) -> None:
    short = simulate(LIGHT, learnt(days(1, many), LIGHT))
    assert short.replay is None and short.drawn.windows == DRAWN


def test_compared_with_training_every_window_is_replayed(baseline: Baseline) -> None:
    training = with_budget(1.0, compare_with="training")
    replay = simulate(training, learnt(days(), training)).replay
    assert replay is not None and replay.windows == 42


def test_a_smaller_budget_needs_a_larger_drift(baseline: Baseline) -> None:
    loud, quiet = (smallest(simulate(with_budget(budget), baseline)) for budget in (6.0, 0.01))
    assert loud.keys() == quiet.keys() == set(LIGHT.watched)
    for name in ("weight", "length", "colour", "score"):
        before, after = loud[name], quiet[name]
        assert before is not None and (after is None or after > before)


def test_a_larger_floor_needs_a_larger_drift(baseline: Baseline, agreed: Simulation) -> None:
    high = smallest(simulate(with_budget(1.0, floor=0.9), baseline))
    for name in ("weight", "length"):
        before, after = smallest(agreed)[name], high[name]
        assert before is not None and after is not None and after > before


def test_a_drift_of_twice_the_smallest_alarms_and_of_a_fifth_does_not(baseline: Baseline, agreed: Simulation) -> None:
    amount = smallest(agreed)["length"]
    assert amount is not None
    for times, alarms in ((2.0, ["length"]), (0.2, [])):
        moved = today(length=today()["length"] + times * amount)
        assert [found.subject for found in judged_day(baseline, moved, LIGHT, earlier=[["length"]])] == alarms


def test_the_smallest_drift_is_told_in_the_unit_and_in_spreads(baseline: Baseline, agreed: Simulation) -> None:
    row = next(row for row in agreed.smallest if row.column == "weight")
    assert row.amount is not None and row.spreads is not None
    assert row.amount == pytest.approx(row.spreads * baseline.grids["weight"].spread)
    colour = next(row for row in agreed.smallest if row.column == "colour")
    assert colour.amount is not None and 0 < colour.amount <= 1 and colour.spreads is None


def test_a_column_whose_windows_vary_too_much_is_never_seen(baseline: Baseline) -> None:
    wild = {"ks": Level(0.0, 50.0, 20), "effect": Level(0.0, 500.0, 20)}
    restless = replace(baseline, levels={**baseline.levels, "length": wild})
    assert smallest(simulate(LIGHT, restless))["length"] is None


def test_values_outside_of_the_range_alarm_in_the_draw_as_often_as_they_are_drawn() -> None:
    rows = [parcels(number) for number in range(1, 43)]
    rows[5]["weight"][0] = 500.0
    record = LIGHT.model_dump()
    record["columns"]["weight"] |= {"range": (0, 100)}
    spec = ModelSpec.model_validate(record)
    drawn = simulate(spec, learnt(Table.stack([table(columns) for columns in rows]), spec)).drawn
    assert drawn.alarms < DRAWN * 0.1  # one row in 42 windows


def test_a_column_without_values_has_no_smallest_drift() -> None:
    empty = days()
    empty.columns["length"][:] = np.nan
    result = simulate(LIGHT, learnt(empty, LIGHT))
    assert smallest(result)["length"] is None and result.drawn.a_month <= 1


def test_the_same_seed_draws_the_same_windows(baseline: Baseline, agreed: Simulation) -> None:
    assert simulate(LIGHT, baseline) == agreed
