"""Drift: beyond a column's own variation, several times, and by an amount that matters."""

import numpy as np
import pytest

from tests.domain.story import SPEC, rows, spec_with
from tidewatch.domain.baseline import Baseline, learn, profile_table, reference
from tidewatch.domain.checks.drift import ColumnResult, compare, findings
from tidewatch.domain.checks.scale import ScaleChange
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile import Numbers
from tidewatch.domain.table import Table

KILOGRAMS = ScaleChange(0.453592, "pounds → kilograms", 0.97, 1.0, 0.02, 20.0, 9.07)
STRANGE = ColumnResult("weight", {"ks": 0.4, "shift": 1.2}, {"ks": 0.2, "shift": 0.5}, None)


def weights(seed: int, many: int = 100) -> Numbers:
    return np.random.default_rng(seed).normal(20, 5, many)


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    table = Table.stack([rows(f"2026-01-{day:02d}", weights(day)) for day in range(1, 31)])
    return learn(table, SPEC)


def results(baseline: Baseline, table: Table, spec: ModelSpec = SPEC) -> dict[str, ColumnResult]:
    usual = reference(spec, list(baseline.windows.values()))
    profile = profile_table(table, spec, baseline.scales)
    return {result.column: result for result in compare(spec, baseline, usual, profile, table)}


def alarms(spec: ModelSpec, *history: str) -> list[Finding]:
    """Findings about a window in which weight is strange, after windows with these strange columns."""
    return findings(spec, "2026-03-01", [STRANGE], [set(columns.split()) for columns in history])


def test_a_usual_day_has_no_strange_column(baseline: Baseline) -> None:
    found = results(baseline, rows("2026-03-01", weights(99)))
    assert list(found) == ["weight", "colour", "score"]
    assert not any(result.strange or result.scale for result in found.values())


def test_a_column_that_moved_is_strange_and_the_others_are_not(baseline: Baseline) -> None:
    found = results(baseline, rows("2026-03-01", weights(99) + 12))
    assert [name for name, result in found.items() if result.strange] == ["weight"]
    assert found["weight"].statistics["ks"] > 0.7 and found["weight"].statistics["shift"] > 1


def test_new_categories_are_strange(baseline: Baseline) -> None:
    table = rows("2026-03-01", weights(99))
    green = Table({**table.columns, "colour": np.full(table.rows, "green", dtype=object)}, table.kinds)
    result = results(baseline, green)["colour"]
    assert result.strange and result.statistics == {"total_variation": 1.0}


def test_a_distance_below_the_floor_is_never_strange(baseline: Baseline) -> None:
    table = rows("2026-03-01", weights(99) + 12)
    deaf = spec_with(drift={"floor": 0.95})
    assert not results(baseline, table, deaf)["weight"].strange


def test_every_statistic_has_to_be_beyond_its_limit() -> None:
    assert STRANGE.strange
    assert not ColumnResult("weight", {"ks": 0.4, "shift": 0.4}, {"ks": 0.2, "shift": 0.5}, None).strange
    assert not ColumnResult("weight", {"ks": 0.2, "shift": 1.2}, {"ks": 0.2, "shift": 0.5}, None).strange


def test_a_column_without_values_is_not_compared(baseline: Baseline) -> None:
    assert "weight" not in results(baseline, rows("2026-03-01", np.full(50, np.nan)))


@pytest.mark.parametrize(("rows_now", "strange"), [(8, False), (200, True)])
def test_where_variation_is_unknown_few_rows_prove_nothing(rows_now: int, strange: bool) -> None:
    one = learn(rows("2026-01-01", weights(1, 500)), SPEC)
    assert one.levels == {}
    assert results(one, rows("2026-03-01", weights(2, rows_now) + 3))["weight"].strange is strange


@pytest.mark.parametrize(
    ("alarm_after", "out_of", "history", "alarmed"),
    [
        (1, 1, [], True),
        (1, 1, ["weight", "weight"], True),
        (2, 3, [], False),
        (2, 3, ["weight"], True),
        (2, 3, ["weight", ""], True),
        (2, 3, ["weight", "", ""], False),
        (2, 3, ["colour", "score"], False),
        (3, 3, ["weight", "weight"], True),
        (3, 3, ["", "weight", ""], False),
        (2, 2, ["weight", ""], False),
        (3, 4, ["weight", "weight"], True),
        (4, 6, ["weight", "weight", "weight"], True),
        (4, 6, ["weight", "", "", "", "weight", "weight"], False),
    ],
)
def test_drift_alarms_when_it_was_strange_in_k_of_the_last_n_windows(
    alarm_after: int, out_of: int, history: list[str], alarmed: bool
) -> None:
    patient = spec_with(drift={"alarm_after": alarm_after, "out_of": out_of})
    assert bool(alarms(patient, *history)) is alarmed


def test_a_drift_finding_says_what_and_how_far() -> None:
    (found,) = alarms(SPEC, "weight")
    assert (found.check, found.subject, found.statistic, found.value, found.threshold, found.severity) == (
        "drift", "weight", "ks", 0.4, 0.2, "high",
    )  # fmt: skip
    assert found.sentence == (
        "weight is distributed differently: Kolmogorov-Smirnov distance 0.40 from the windows before, "
        "where up to 0.20 is usual"
    )
    assert found.evidence == {"statistics": {"ks": 0.4, "shift": 1.2}, "limits": {"ks": 0.2, "shift": 0.5}}


def test_another_unit_alarms_at_once_and_only_as_another_unit() -> None:
    result = ColumnResult("weight", {"ks": 0.9, "shift": 2.0}, {"ks": 0.2, "shift": 0.5}, KILOGRAMS)
    (found,) = findings(SPEC, "2026-03-01", [result], [])
    assert (found.check, found.statistic, found.value, found.threshold) == (
        "scale",
        "share of unknown values",
        0.97,
        0.5,
    )
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
    found = results(learn(table, SPEC), rows("2026-03-01", random.integers(1, 40, 100) * 0.45359237))["weight"]
    assert found.scale is not None and found.scale.pair == "pounds → kilograms"


def test_a_spec_that_could_never_alarm_is_refused() -> None:
    with pytest.raises(ValueError, match="alarm_after"):
        spec_with(drift={"alarm_after": 4, "out_of": 3})
