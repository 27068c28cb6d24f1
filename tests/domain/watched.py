"""Parcels with a little of everything, day after day: what is usual of them is learnt once and each fault is one change
of a day's rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.domain.columns import counted
from tidewatch.domain.baseline import Baseline, reference
from tidewatch.domain.finding import Finding
from tidewatch.domain.judgement import judge
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table

DAY = "2026-03-01"  # the window under test: a Sunday
ROWS = 300
SPEC_TEXT = """\
model: acme/parcels
title: Parcels
columns:
  id: {type: text, role: id}
  day: {type: text, role: window}
  weight: {type: number, unit: pounds, importance: high}
  length: {type: number, source: size feed}
  width: {type: number, source: size feed}
  height: {type: number, source: size feed}
  colour: {type: text}
  depot: {type: text}
  weekday: {type: number, importance: low}
  score: {type: number, role: score}
  late: {type: number, role: label}
drift: {windows: 20, alarm_after: 2, out_of: 3}
owners: {L1: [U0ANA]}
scoring: {command: [python, score.py]}
retraining: {command: [python, train.py]}
"""
SPEC = parse_spec(SPEC_TEXT, "spec.yaml")
LIGHT_TEXT = "".join(
    line
    for line in SPEC_TEXT.splitlines(keepends=True)
    if line.partition(":")[0].strip() not in ("width", "height", "depot", "weekday")
)
LIGHT = parse_spec(LIGHT_TEXT, "spec.yaml")  # fewer columns, for what takes long
COLOURS, DEPOTS = ["red", "green", "blue"], ["north", "south", "east"]


def spec_of(**columns: Mapping[str, Any]) -> ModelSpec:
    """With other rules for some columns: weight={"range": (0, 50)}."""
    record = SPEC.model_dump()
    for name, rules in columns.items():
        record["columns"][name] |= rules
    return ModelSpec.model_validate(record)


def parcels(number: int, day: str = "", rows: int = ROWS) -> dict[str, Any]:
    """The columns of the day with that number. On every third day the shop was asked, so few heights are missing."""
    random = np.random.default_rng(number)
    holes = random.random(rows) < 0.02 + 0.01 * (number % 3)
    return {
        "id": words(f"{number}/{row}" for row in range(rows)),
        "day": words([day or f"day {number:03d}"] * rows),
        "weight": np.round(random.normal(20, 3, rows) + random.normal(0, 0.3), 1),
        "length": random.gamma(9, 2, rows),
        "width": random.gamma(8, 2, rows),
        "height": np.where(holes, np.nan, random.gamma(7, 2, rows)),
        "colour": words(random.choice(COLOURS, rows)),
        "depot": words(random.choice(DEPOTS, rows)),
        "weekday": np.full(rows, float(number % 7)),
        "score": random.beta(2, 5, rows),
    }


def words(values: Any) -> np.ndarray:
    return np.array([None if value is None else str(value) for value in values], dtype=object)


def table(columns: Mapping[str, Any]) -> Table:
    kinds = {name: "text" if np.asarray(values).dtype == object else "number" for name, values in columns.items()}
    return Table(columns, kinds)


def days(first: int = 1, last: int = 42) -> Table:
    return Table.stack([table(parcels(number)) for number in range(first, last + 1)])


def today(**columns: Any) -> dict[str, Any]:
    """A usual day with some columns replaced."""
    return parcels(143, DAY) | columns


def profiled(baseline: Baseline, columns: Mapping[str, Any], spec: ModelSpec = SPEC) -> Profile:
    return counted(table(columns), spec, baseline).profile


def usual(baseline: Baseline, spec: ModelSpec = SPEC) -> Profile:
    return reference(spec, list(baseline.windows.values()))


def judged(baseline: Baseline, columns: Mapping[str, Any], spec: ModelSpec = SPEC, earlier: Any = ()) -> list[Finding]:
    """What every check of profiles says of the rows."""
    return judge(spec, baseline, DAY, usual(baseline, spec), profiled(baseline, columns, spec), {}, earlier).findings
