"""Each fault does to a day of flights what it says, the same for the same seed, and leaves the rest alone."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

PATH = Path(__file__).parents[2] / "examples" / "flight_delays" / "faults.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("flight_delays_faults", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


faults = load()
ROWS = 400
WIDE = {"feed_lags": set(faults.WEATHER), "feed_is_empty": set(faults.WEATHER)}
OF_ROWS = ("duplicated", "mix", "segment")  # these change which rows there are
CASES = [(name, c, s) for name, kind in faults.FAULTS.items() for c in kind.columns for s in kind.strengths]


def flights(seed: int) -> pd.DataFrame:
    """A day as data.py gives it, without the seconds that takes."""
    chance = np.random.default_rng(seed)
    clock = np.sort(chance.choice([f * 100.0 + m for f in range(5, 24) for m in (0, 15, 30, 45)], ROWS))
    weather = {name: chance.normal(50, 10, ROWS).round(2) for name in faults.WEATHER}
    return pd.DataFrame(
        {
            "id": [f"{seed}/{row}" for row in range(ROWS)],
            "carrier": chance.choice(["UA", "B6", "DL", "AA"], ROWS, p=[0.4, 0.3, 0.2, 0.1]),
            "origin": chance.choice(["EWR", "JFK", "LGA"], ROWS),
            "dest": chance.choice(["ATL", "ORD", "BOS", "LAX"], ROWS),
            "sched_dep_time": clock,
            "sched_arr_time": (clock + 200) % 2400,
            "distance": chance.integers(80, 2600, ROWS).astype(float),
            **weather,
        }
    )


TODAY, YESTERDAY = flights(1), flights(2)


def injected(name: str, column: str, strength: float, seed: int = 0) -> pd.DataFrame:
    return faults.inject(name, TODAY, YESTERDAY, column, strength, seed)


@pytest.mark.parametrize(("name", "column", "strength"), CASES, ids=[f"{n}-{c}-{s:g}" for n, c, s in CASES])
def test_a_fault_changes_its_column_alone_and_the_same_way_again(name: str, column: str, strength: float) -> None:
    before = TODAY.copy()
    changed = injected(name, column, strength)
    pd.testing.assert_frame_equal(TODAY, before)
    pd.testing.assert_frame_equal(injected(name, column, strength), changed)
    assert list(changed.columns) == list(TODAY.columns)
    if name in OF_ROWS:
        assert len(changed) != ROWS
        return
    mine = WIDE.get(name, {column, faults.TWINS[column]} if name == "swapped" else {column})
    differing = {c for c in TODAY if not TODAY[c].equals(changed[c])}
    assert differing and differing <= mine


def test_there_are_enough_kinds_and_each_has_strengths() -> None:
    assert len(faults.FAULTS) >= 12
    assert sum(len(kind.strengths) > 1 for kind in faults.FAULTS.values()) >= 12


@pytest.mark.parametrize("share", [0.05, 0.6])
def test_the_strength_of_nulls_is_their_share(share: float) -> None:
    assert injected("nulls", "temp", share)["temp"].isna().mean() == pytest.approx(share, abs=0.05)


def test_half_a_day_in_another_unit_is_the_later_half() -> None:
    changed = injected("unit", "distance", 0.5)["distance"]
    assert np.allclose(changed[:200], TODAY["distance"][:200])
    assert np.allclose(changed[200:], TODAY["distance"][200:] * 1.609344)


def test_a_frozen_sensor_repeats_what_it_said_last() -> None:
    changed = injected("frozen", "temp", 0.4)["temp"]
    assert set(changed[240:]) == {TODAY["temp"][239]}


def test_a_clock_behind_midnight_is_in_the_evening() -> None:
    assert injected("clock", "sched_dep_time", -5)["sched_dep_time"].between(0, 2359).all()
    assert injected("clock", "sched_dep_time", -5)["sched_dep_time"][0] == (TODAY["sched_dep_time"][0] - 500) % 2400


def test_a_feed_that_lags_says_what_it_said_the_day_before() -> None:
    changed = injected("feed_lags", "weather feed", 1)
    known = YESTERDAY.assign(hour=YESTERDAY["sched_dep_time"] // 100)
    row = changed.dropna(subset=["temp"]).iloc[0]
    same = known[(known["origin"] == row["origin"]) & (known["hour"] == row["sched_dep_time"] // 100)]
    assert row["temp"] == same["temp"].iloc[0]


def test_more_rows_have_ids_of_their_own_and_repeated_ones_do_not() -> None:
    assert injected("mix", "carrier", 3)["id"].is_unique
    assert injected("segment", "carrier", 0.15)["id"].is_unique
    assert injected("duplicated", "id", 0.3)["id"].duplicated().mean() == pytest.approx(0.3 / 1.3, abs=0.04)


@pytest.fixture
def labels() -> pd.DataFrame:
    chance = np.random.default_rng(5)
    score = chance.beta(2, 6, 4000)
    late = (chance.random(4000) < score).astype(float)
    late[:100] = np.nan
    return pd.DataFrame({"id": [f"{row}" for row in range(4000)], "late": late, "score": score})


@pytest.mark.parametrize(("name", "strengths"), [(n, s) for n, (s, _) in faults.LABEL_FAULTS.items()])
def test_labels_with_a_fault_are_the_same_again(name: str, strengths: tuple[float, ...], labels: pd.DataFrame) -> None:
    before = labels.copy()
    found: list[Any] = [faults.inject_labels(name, labels, strengths[-1], 3) for _ in range(2)]
    pd.testing.assert_frame_equal(*found)
    pd.testing.assert_frame_equal(labels, before)
    assert list(found[0].columns) == ["id", "late"]
    assert not found[0].equals(labels[["id", "late"]])


def test_labels_turned_round_are_the_opposite(labels: pd.DataFrame) -> None:
    turned = faults.inject_labels("flipped", labels, 1.0)["late"]
    assert (turned.dropna() + labels["late"].dropna() == 1).all()


def test_in_another_world_more_are_late_and_nobody_new_has_a_label(labels: pd.DataFrame) -> None:
    other = faults.inject_labels("other_world", labels, 4.0)["late"]
    assert other.mean() > 1.5 * labels["late"].mean()
    assert other.isna().equals(labels["late"].isna())
