"""Drift: beyond a column's own variation, and by an amount that matters."""

import numpy as np
import pytest

from tests.domain.columns import counted, learnt
from tests.domain.story import SPEC, SPEC_TEXT, rows, spec_with
from tidewatch.domain.baseline import Baseline, reference
from tidewatch.domain.checks.drift import ColumnResult, compare, findings, is_strange
from tidewatch.domain.checks.scale import ScaleChange
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.grid import Numbers
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table

KILOGRAMS = ScaleChange(0.453592, 0.0, "pounds → kilograms", 0.97, 1.0, 0.02, 20.0, 9.07)
STRANGE = ColumnResult(
    "weight", {"ks": 0.4, "effect": 1.2}, {"ks": 0.2, "effect": 0.5}, 1e-6, True, None, adjusted=2e-5, level=0.03
)


def weights(seed: int, many: int = 100) -> Numbers:
    return np.random.default_rng(seed).normal(20, 5, many)


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    table = Table.stack([rows(f"2026-01-{day:02d}", weights(day)) for day in range(1, 31)])
    return learnt(table, SPEC)


def results(baseline: Baseline, table: Table, spec: ModelSpec = SPEC) -> dict[str, ColumnResult]:
    usual = reference(spec, list(baseline.windows.values()))
    now = counted(table, spec, baseline)
    return {result.column: result for result in compare(spec, baseline, usual, now.profile, now.samples)}


def test_a_usual_day_has_no_strange_column(baseline: Baseline) -> None:
    found = results(baseline, rows("2026-03-01", weights(99)))
    assert list(found) == ["weight", "colour", "score"]
    assert not any(result.strange or result.scale for result in found.values())


def test_a_column_that_moved_is_strange_and_the_others_are_not(baseline: Baseline) -> None:
    found = results(baseline, rows("2026-03-01", weights(99) + 12))
    assert [name for name, result in found.items() if result.strange] == ["weight"]
    assert found["weight"].statistics["ks"] > 0.7 and found["weight"].statistics["effect"] > 1
    assert found["weight"].chance < 0.01 < found["colour"].chance


def test_new_categories_are_strange(baseline: Baseline) -> None:
    table = rows("2026-03-01", weights(99))
    green = Table({**table.columns, "colour": np.full(table.rows, "green", dtype=object)}, table.kinds)
    result = results(baseline, green)["colour"]
    assert result.strange and result.statistics["total_variation"] == 1.0


def test_a_distance_below_the_floor_is_never_strange(baseline: Baseline) -> None:
    table = rows("2026-03-01", weights(99) + 12)
    deaf = spec_with(drift={"floor": 0.95})
    assert not results(baseline, table, deaf)["weight"].strange


def test_a_smaller_budget_takes_more_to_be_strange(baseline: Baseline) -> None:
    table = rows("2026-03-01", weights(99) + 2)
    chances = {budget: spec_with(alarms={"budget": budget}) for budget in (1000.0, 1e-12)}
    assert results(baseline, table, chances[1000.0])["weight"].strange
    assert not results(baseline, table, chances[1e-12])["weight"].strange


def test_every_statistic_has_to_be_beyond_its_usual_variation(baseline: Baseline) -> None:
    usual = {"ks": 0.05, "effect": 0.05, "p_value": 0.0}
    for values, strange in (({"ks": 0.9, "effect": 2.0}, True), ({"ks": 0.9}, False), ({"effect": 0.3}, False)):
        assert is_strange(SPEC, baseline, "weight", usual | values, 1e-3) is strange


def test_a_column_without_values_is_not_compared(baseline: Baseline) -> None:
    assert "weight" not in results(baseline, rows("2026-03-01", np.full(50, np.nan)))


@pytest.mark.parametrize(("rows_now", "strange"), [(8, False), (200, True)])
def test_where_variation_is_unknown_few_rows_prove_nothing(rows_now: int, strange: bool) -> None:
    one = learnt(rows("2026-01-01", weights(1, 500)), SPEC)
    assert one.levels == {name: {} for name in one.levels}
    assert results(one, rows("2026-03-01", weights(2, rows_now) + 3))["weight"].strange is strange


def test_what_is_certain_is_told_from_what_may_pass() -> None:
    unit = ColumnResult("weight", {"ks": 0.9}, {"ks": 0.2}, 0.0, True, KILOGRAMS)
    calm = ColumnResult("score", {"ks": 0.1}, {"ks": 0.2}, 0.4, False, None)
    certain, passing = findings(SPEC, "2026-03-01", [unit, STRANGE, calm])
    assert [found.check for found in certain] == ["scale"] and [found.check for found in passing] == ["drift"]


def test_a_drift_finding_says_what_and_how_far() -> None:
    _, (found,) = findings(SPEC, "2026-03-01", [STRANGE])
    assert (found.check, found.subject, found.statistic, found.value, found.threshold, found.severity) == (
        "drift", "weight", "ks", 0.4, 0.2, "high",
    )  # fmt: skip
    assert found.sentence == (
        "weight is distributed differently: Kolmogorov-Smirnov distance 0.40 from what is usual, "
        "where up to 0.20 happens by itself"
    )
    statistics = {"statistics": {"ks": 0.4, "effect": 1.2}, "limits": {"ks": 0.2, "effect": 0.5}}
    assert found.evidence == statistics | {"chance": 2e-5, "level": 0.03}


def test_a_score_that_moved_is_drift_of_the_output() -> None:
    score = ColumnResult("score", {"ks": 0.4}, {"ks": 0.2}, 1e-6, True, None)
    _, (found,) = findings(SPEC, "2026-03-01", [score])
    assert found.check == "output_drift"


def test_a_drift_finding_says_where_the_middle_went_unless_the_column_is_sensitive(baseline: Baseline) -> None:
    secret = parse_spec(SPEC_TEXT.replace("unit: pounds", "unit: pounds, sensitive: true"), "spec.yaml")
    told = {}
    for name, spec in (("open", SPEC), ("secret", secret)):
        moved = results(baseline, rows("2026-03-01", np.full(100, 41.75) + np.arange(100) % 3), spec)["weight"]
        _, (found,) = findings(spec, "2026-03-01", [moved])
        told[name] = found.sentence + str(found.evidence)
    assert "median 42.7" in told["open"] and "pounds is usual" in told["open"]
    assert "42.7" not in told["secret"] and "median" not in told["secret"]


def test_another_unit_alarms_at_once_and_only_as_another_unit() -> None:
    result = ColumnResult("weight", {"ks": 0.9, "effect": 2.0}, {"ks": 0.2, "effect": 0.5}, 0.0, True, KILOGRAMS)
    (found,), passing = findings(SPEC, "2026-03-01", [result])
    assert passing == []
    assert (found.check, found.statistic, found.value, found.threshold) == (
        "scale", "share of unknown values", 0.97, 0.5,
    )  # fmt: skip
    assert found.sentence == (
        "weight arrives multiplied by 0.453592 (pounds → kilograms): median 9.07 where 20 pounds is usual; "
        "divided by 0.453592, 100% of the rows have usual values again"
    )
    assert found.evidence["scale"]["factor"] == 0.453592


def test_kilograms_are_found_in_the_rows_of_a_batch() -> None:
    random = np.random.default_rng(3)
    table = Table.stack(
        [rows(f"2026-01-{day:02d}", random.integers(1, 40, 100).astype(np.float64)) for day in range(1, 31)]
    )
    found = results(learnt(table, SPEC), rows("2026-03-01", random.integers(1, 40, 100) * 0.45359237))["weight"]
    assert found.scale is not None and found.scale.pair == "pounds → kilograms"


def test_times_are_never_compared() -> None:
    dated = parse_spec(SPEC_TEXT.replace("  colour:", "  packed: {type: time}\n  colour:"), "spec.yaml")
    tables = []
    for day in range(1, 13):
        table = rows(f"2026-01-{day:02d}", weights(day))
        packed = 1.7e9 + 86_400.0 * day + np.arange(table.rows)
        tables.append(Table({**table.columns, "packed": packed}, {**table.kinds, "packed": "time"}))
    baseline = learnt(Table.stack(tables[:-1]), dated)
    found = results(baseline, tables[-1], dated)
    assert "packed" not in found
    assert counted(tables[-1], dated, baseline).profile.columns["packed"].rows == 100
