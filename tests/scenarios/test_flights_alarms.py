"""Real flights, April to December: hardly an alarm while nothing is wrong, and each fault on its first day."""

import importlib.util
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from tidewatch.adapters.local.tables import ArrowTables
from tidewatch.domain.acceptance import accept, usual_windows
from tidewatch.domain.baseline import Baseline, reference
from tidewatch.domain.finding import Finding, by_signal
from tidewatch.domain.judgement import judge
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table
from tidewatch.operations.profiling import count, learn

EXAMPLE = Path(__file__).parents[2] / "examples" / "flight_delays"
SPEC = parse_spec((EXAMPLE / "spec.yaml").read_text(), "spec.yaml")
TABLES = ArrowTables()
FIRST, SPRING, MAY = "2013-04-01", "2013-04-02", "2013-05-14"
Fault = Callable[[pd.DataFrame], pd.DataFrame]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"alarms_{name}", EXAMPLE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scored(frame: pd.DataFrame) -> pd.DataFrame:
    """A stand-in for the model: later and longer flights are likelier late."""
    score = 1 / (1 + np.exp(2.2 - frame["sched_dep_time"] / 1500 - frame["distance"] / 8000))
    return frame.assign(score=score, prediction=(score >= SPEC.threshold).astype(float))


def written(frame: pd.DataFrame) -> bytes:
    kinds = {name: column.type for name, column in SPEC.columns.items()}
    return TABLES.write(Table({name: frame[name].to_numpy() for name in kinds if name in frame}, kinds))


@dataclass(frozen=True)
class Day:
    """What was found in one day's rows, and what they were like."""

    findings: list[Finding]
    strange: list[str]
    profile: Profile


def looked_at(baseline: Baseline, before: Mapping[str, Day], day: str, frame: pd.DataFrame) -> Day:
    """As the model's batches are: what was accepted before is usual, what was strange before is remembered."""
    counted = count(TABLES, written(scored(frame)), f"{day}.parquet", SPEC, baseline)
    accepted = [(name, one.profile) for name, one in before.items() if not one.findings]
    usual = reference(SPEC, usual_windows(baseline, accepted, before=day))
    strange = [one.strange for one in before.values()]
    judged = judge(SPEC, baseline, day, usual, counted.profile, counted.samples, strange)
    return Day(judged.findings, judged.strange, counted.profile)


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    frame: pd.DataFrame = load("data").flights()
    return frame


@pytest.fixture(scope="module")
def baseline(flights: pd.DataFrame) -> Baseline:
    winter = scored(flights[flights["day"] < FIRST])
    return learn(TABLES, written(winter), "reference.parquet", SPEC)[0]


@pytest.fixture(scope="module")
def year(flights: pd.DataFrame, baseline: Baseline) -> dict[str, Day]:
    """April to December as they were."""
    days: dict[str, Day] = {}
    for day, frame in flights[flights["day"] >= FIRST].groupby("day"):
        days[str(day)] = looked_at(baseline, days, str(day), frame)
    return days


def test_nine_months_without_a_fault_keep_to_the_budget_in_each_of_them(year: dict[str, Day]) -> None:
    assert SPEC.alarms.budget == 1 and len(year) == 275
    assert {"temp", "carrier", "score", "prediction", "dow", "distance"} <= year["2013-04-01"].profile.columns.keys()
    told = [(day, str(signal)) for day, one in year.items() for signal, _ in by_signal(one.findings)]
    assert max(Counter(day[:7] for day, _ in told).values(), default=0) <= SPEC.alarms.budget, told


def test_a_day_on_which_the_weather_feed_was_empty_is_one_alarm_about_the_feed(year: dict[str, Day]) -> None:
    (found,) = year["2013-12-31"].findings
    assert (found.check, found.subject) == ("missing_feature", "weather feed")
    assert found.sentence.startswith("7 columns of the weather feed have the same fault (temp, dewp, humid, wind_speed")


def celsius(fahrenheit: pd.Series) -> pd.Series:
    return ((fahrenheit - 32) / 1.8).round(2)


def frozen(column: str) -> Fault:
    return lambda day: day.assign(**{column: day[column].iloc[0]})


FAULTS: dict[str, tuple[str, Fault, str, str, str]] = {
    "kilometres": (MAY, lambda day: day.assign(distance=day["distance"] * 1.609), "scale", "distance", "kilometres"),
    "celsius": (SPRING, lambda day: day.assign(temp=celsius(day["temp"])), "scale", "temp", "°F → °C"),
    "celsius in May": (MAY, lambda day: day.assign(temp=celsius(day["temp"])), "scale", "temp", "°F → °C"),
    "frozen temperature": (MAY, frozen("temp"), "frozen", "temp", "one and the same value, 42.98 °F"),
    "frozen wind": (MAY, frozen("wind_speed"), "frozen", "wind_speed", "one and the same value, 10.357 mph"),
    "renamed carrier": (
        MAY, lambda day: day.assign(carrier=day["carrier"].replace("UA", "UAL")), "unseen_category", "carrier",
        "never seen before: UAL",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_on_its_first_day_and_by_its_name(
    flights: pd.DataFrame, baseline: Baseline, year: dict[str, Day], name: str
) -> None:
    when, fault, check, column, said = FAULTS[name]
    before = {day: one for day, one in year.items() if day < when}
    assert not year[when].findings
    found = looked_at(baseline, before, when, fault(flights[flights["day"] == when])).findings
    assert [(finding.check, finding.subject) for finding in found] == [(check, column)]
    assert said in found[0].sentence


CHANGES = {name: FAULTS[name][1] for name in ("kilometres", "celsius", "renamed carrier")}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_was_accepted_after_two_days_is_no_alarm_after_that_and_taking_it_back_is_one(
    flights: pd.DataFrame, baseline: Baseline, year: dict[str, Day], name: str
) -> None:
    days = {day: one for day, one in year.items() if "2013-04-15" < day < MAY}
    column, learnt = FAULTS[name][3], baseline
    for day, frame in flights[(flights["day"] >= MAY) & (flights["day"] < "2013-07-01")].groupby("day"):
        days[str(day)] = looked_at(learnt, days, str(day), CHANGES[name](frame))
        if str(day) == "2013-05-15":
            since = {day: days[day].profile for day in (MAY, "2013-05-15")}
            learnt = accept(SPEC, baseline, [column], since, "INC-1001#3")
    assert [day for day, one in days.items() if column in one.strange] == [MAY, "2013-05-15"]
    assert not any(one.findings for day, one in days.items() if day > "2013-05-15")
    assert column in looked_at(learnt, days, "2013-07-01", flights[flights["day"] == "2013-07-01"]).strange
