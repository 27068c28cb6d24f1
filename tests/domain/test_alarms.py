"""So many false alarms a model and month, and no more."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from tests.domain.story import SPEC, finding, spec_with
from tidewatch.domain.alarms import HIGHEST, adjusted, lasting, window_level, windows_a_month
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.profile.profile import Profile


def named(*windows: str, **fields: object) -> Baseline:
    return Baseline({}, {}, {name: Profile(1, {}) for name in windows}, **fields)


def days(first: str, many: int, step: int = 1) -> list[str]:
    return [(date.fromisoformat(first) + timedelta(days=step * number)).isoformat() for number in range(many)]


@pytest.mark.parametrize(
    ("windows", "a_month"),
    [
        (days("2026-01-01", 40), 30.0),
        (days("2026-01-05", 9, 7), 30 / 7),
        (["all"], 30.0),
        (["2026-01-01"], 30.0),
        ([], 30.0),
        (["spring", "summer"], 30.0),
    ],
    ids=["daily", "weekly", "one window", "one day", "none", "seasons"],
)
def test_how_many_windows_a_month_has_is_seen_from_their_names(windows: list[str], a_month: float) -> None:
    assert windows_a_month(SPEC, named(*windows)) == pytest.approx(a_month)


def test_a_schedule_says_it_better() -> None:
    hourly = spec_with(schedules={"batches_every": timedelta(hours=1)})
    assert windows_a_month(hourly, named(*days("2026-01-01", 40))) == 720


@pytest.mark.parametrize(("budget", "level"), [(1.0, 1 / 30), (0.1, 0.1 / 30), (3.0, 0.1), (1000.0, HIGHEST)])
def test_the_budget_of_a_month_is_shared_by_its_windows(budget: float, level: float) -> None:
    assert window_level(spec_with(alarms={"budget": budget}), named()) == pytest.approx(level)


def test_segments_share_half_of_the_budget() -> None:
    followed = named(followed={"carrier": ("UA", "B6"), "origin": ("JFK",)})
    alone = window_level(SPEC, named())
    assert window_level(SPEC, followed) == pytest.approx(alone / 2)
    assert window_level(SPEC, followed.of_segment("carrier=UA")) == pytest.approx(alone / 2 / 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_chances_are_adjusted_as_benjamini_and_hochberg_do(chances: list[float]) -> None:
    given = adjusted(dict(enumerate(chances)))
    assert [given[number] for number in range(len(chances))] == pytest.approx(false_discovery_control(chances))


def test_one_clear_case_makes_room_for_a_second() -> None:
    assert adjusted({"a": 1e-9, "b": 0.04}) == pytest.approx({"a": 2e-9, "b": 0.04})
    assert adjusted({"a": 0.5, "b": 0.04}) == pytest.approx({"a": 0.5, "b": 0.08})
    assert adjusted({}) == {}


def test_while_nothing_is_wrong_a_window_is_quiet_but_for_its_level() -> None:
    random = np.random.default_rng(4)
    loud = sum(min(adjusted(dict(enumerate(random.random(20)))).values()) <= 0.05 for _ in range(4000))
    assert loud / 4000 == pytest.approx(0.05, abs=0.012)


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
def test_what_may_pass_alarms_when_it_was_strange_in_k_of_the_last_n_windows(
    alarm_after: int, out_of: int, history: list[str], alarmed: bool
) -> None:
    patient = spec_with(drift={"alarm_after": alarm_after, "out_of": out_of})
    found = [finding("drift", "weight")]
    assert lasting(patient, found, [columns.split() for columns in history]) == (found if alarmed else [])
