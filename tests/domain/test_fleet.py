"""Which departures of thousands of models are worth calling somebody for."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from tests.domain.story import finding
from tidewatch.domain.fleet import BEYOND_DOUBT, FALSE_SHARE, OUT_OF, STAYS, Arrival, Pool, chance_of, part_of, waits

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
LEVEL = 1 / 30  # one false alarm a month of daily windows
QUIET = 2.0


def judged(parts: Sequence[float], first: int = 0) -> list[Arrival]:
    return [
        Arrival(f"acme/m{number}/2026-03-01/c", part, LEVEL, waits=part <= 1)
        for number, part in enumerate(parts, first)
    ]


def passed(pool: Pool) -> list[str]:
    return [candidate.key.split("/")[1] for candidate in pool.passing()]


@pytest.mark.parametrize("models", [1, 10, 30])
def test_in_a_small_fleet_everything_passes_that_its_models_find(models: int) -> None:
    pool = Pool().after(judged([1.0, *[QUIET] * (models - 1)]), NOW)
    assert passed(pool) == ["m0"]


def test_in_a_large_fleet_what_one_false_alarm_a_day_explains_passes_and_more_is_held_back() -> None:
    parts = [1 / 700, 1 / 300, *[0.9] * 50, *[QUIET] * 17_948]
    pool = Pool().after(judged(parts), NOW)
    assert (pool.windows, pool.expected) == (18_000, pytest.approx(600))
    assert passed(pool) == ["m0"]
    assert pool.q(1 / 300) == pytest.approx(600 / 300 / 2)


def test_many_true_departures_make_room_for_more() -> None:
    alone = Pool().after(judged([0.005, *[QUIET] * 17_999]), NOW)
    among = Pool().after(judged([0.005, *[1e-5] * 40, *[QUIET] * 17_959]), NOW)
    assert passed(alone) == []
    assert "m0" in passed(among) and among.q(0.005) == pytest.approx(600 * 0.005 / 41)


@given(st.lists(st.floats(0, 1), min_size=40, max_size=200), st.integers(0, 1000))
def test_q_is_the_adjusted_chance_of_benjamini_and_hochberg(parts: list[float], quiet: int) -> None:
    """With equal levels, when the level times the part is the chance."""
    pool = Pool().after(judged([*parts, *[QUIET] * quiet]), NOW)
    exact = false_discovery_control([*(LEVEL * part for part in parts), *[1.0] * quiet])
    for part, q in zip(parts, exact, strict=False):
        assert pool.q(part) == pytest.approx(min(q, LEVEL * (len(parts) + quiet) / len(parts)), rel=1e-9, abs=1e-300)


def test_a_model_with_a_larger_budget_keeps_its_share_of_the_alarms() -> None:
    """Its chance counts against its own level."""
    careless = Arrival("acme/careless/w/c", 0.001 / 0.2, 0.2, waits=True)
    careful = Arrival("acme/careful/w/c", 0.001 / 0.001, 0.001, waits=True)
    pool = Pool().after([careless, careful, *judged([QUIET] * 3_000)], NOW)
    assert passed(pool) == ["careless"]


def test_what_is_held_back_passes_once_others_confirm_it_within_the_day() -> None:
    pool = Pool().after(judged([0.005, *[QUIET] * 17_999]), NOW)
    later = pool.after(judged([1e-5] * 40, first=20_000), NOW + timedelta(hours=3))
    assert passed(pool) == []
    assert "m0" in passed(later)


def test_after_a_day_a_window_counts_no_more() -> None:
    pool = Pool().after(judged([0.5, *[QUIET] * 99]), NOW)
    next_day = pool.after(judged([0.5], first=500), NOW + timedelta(days=1, hours=1))
    assert (next_day.windows, [c.key for c in next_day.waiting]) == (1, ["acme/m500/2026-03-01/c"])


def test_the_same_arrivals_again_change_nothing() -> None:
    arrivals = judged([0.5, QUIET, QUIET])
    pool = Pool().after(arrivals, NOW)
    assert pool.after(arrivals, NOW) == pool


def test_what_was_told_is_not_told_again_and_counts_as_found() -> None:
    pool = Pool().after(judged([1e-5] * 40), NOW)
    told = pool.told(pool.passing())
    assert told.passing() == [] and len(told.candidates) == 40


def test_a_pool_is_the_same_after_it_was_kept() -> None:
    pool = Pool().after(judged([0.5, 0.1, QUIET]), NOW)
    pool = pool.told(pool.passing())
    assert Pool.from_dict(json.loads(json.dumps(pool.as_dict()))) == pool


def test_a_pool_of_quiet_windows_does_not_grow_with_the_fleet() -> None:
    pool = Pool().after(judged([QUIET] * 18_000), NOW).after([], NOW)
    assert len(json.dumps(pool.as_dict())) < 200


@pytest.mark.parametrize(
    ("chance", "strange_windows", "wait"),
    [
        (0.01, 1, True),
        (0.01, STAYS - 1, True),
        (0.01, STAYS, False),
        (BEYOND_DOUBT, 1, False),
        (0.0, 1, False),
        (None, 1, False),
    ],
    ids=["doubtful", "doubtful again", "it stays", "beyond doubt", "impossible", "certain"],
)
def test_only_what_chance_can_explain_waits(chance: float | None, strange_windows: int, wait: bool) -> None:
    evidence = {} if chance is None else chance_of(chance, LEVEL)
    assert waits(replace(finding(), evidence={**evidence, "strange_windows": strange_windows})) is wait


def test_the_part_of_a_window_is_that_of_its_least_likely_departure() -> None:
    two = [replace(finding(), evidence=chance_of(chance, 0.04)) for chance in (0.02, 0.01)]
    assert part_of([*two, finding()]) == pytest.approx(0.25)
    assert part_of([finding()]) == part_of([]) == QUIET


def test_a_fleet_without_a_fault_has_about_one_false_alarm_a_day_however_its_batches_come() -> None:
    """And with 200 faults at most about a tenth of what is told is false."""
    random = np.random.default_rng(7)
    false, wrong, told = 0, 0, 0
    for faults in (0, 200):
        pool = Pool()
        for day in range(4):
            parts = random.random(18_000) / LEVEL
            parts[:faults] = 10.0 ** random.uniform(-8, -3, faults)
            minutes = np.sort(random.integers(0, 96, 18_000))
            order = random.permutation(18_000)
            for minute in range(96):
                mine = order[minutes == minute]
                arrivals = [Arrival(f"{day}/{n}", parts[n], LEVEL, waits=True) for n in mine]
                pool = pool.after(arrivals, NOW + timedelta(days=day, minutes=15 * minute))
                passing = pool.passing()
                pool = pool.told(passing)
                numbers = [int(candidate.key.split("/")[1]) for candidate in passing]
                if day and faults:
                    wrong, told = wrong + sum(n >= faults for n in numbers), told + len(numbers)
                elif day:
                    false += len(numbers)
    assert false / 3 < 4
    assert told > 0 and wrong / told < FALSE_SHARE * 1.3
    assert STAYS <= OUT_OF
