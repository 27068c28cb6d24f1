"""Parcels of a depot, day by day, and what a diagnosis of one day looks at."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np

from tidewatch.adapters.local.tables import ArrowTables
from tidewatch.domain.baseline import Baseline, reference
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.ranking import rank
from tidewatch.domain.diagnosis.situation import Situation
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table
from tidewatch.operations.diagnose import rows_of
from tidewatch.operations.profiling import count, learn

SPEC_TEXT = """\
model: acme/parcels
title: Parcels
columns:
  id: {type: text, role: id}
  day: {type: text, role: window}
  weight: {type: number, unit: pounds, source: scales}
  length: {type: number, unit: inches, source: scales}
  height: {type: number, unit: inches, source: scales}
  warmth: {type: number, unit: °F, source: cold store}
  hour: {type: number, unit: hhmm, source: desk}
  depot: {type: text, source: desk}
  kind: {type: text, source: desk}
  score: {type: number, role: score}
  late: {type: number, role: label}
drift: {windows: 20}
metrics: [{name: calibration_gap, windows: 3}]
owners: {L1: [U0ANA]}
scoring: {command: [python, score.py]}
retraining: {command: [python, train.py]}
"""
SPEC = parse_spec(SPEC_TEXT, "spec.yaml")
FIRST, DAYS, ROWS = date(2026, 1, 1), 40, 400
DEPOTS, KINDS = np.array(["NORTH", "SOUTH", "EAST"], dtype=object), np.array(["box", "bag", "tube"], dtype=object)
TEXTS = ("id", "day", "depot", "kind")
Columns = dict[str, Any]


def name_of(number: int) -> str:
    """The day of that number, from 0; those from DAYS on come after the baseline."""
    return (FIRST + timedelta(days=number)).isoformat()


def columns(number: int, rows: int = ROWS) -> Columns:
    """A usual day. Parcels of EAST are heavy, the cold store is now warmer, now colder."""
    chance = np.random.default_rng(number)
    warmth = 41 + 4 * chance.normal() + np.cumsum(chance.normal(size=24))
    hours = np.sort(chance.choice(24, rows, p=_BUSY))
    depot = DEPOTS[chance.choice(3, rows, p=[0.5, 0.3, 0.2])]
    weight = chance.integers(2, 60, rows) + np.where(depot == "EAST", 40, 0)
    return {
        "id": np.array([f"{number}/{row}" for row in range(rows)], dtype=object),
        "day": np.array([name_of(number)] * rows, dtype=object),
        "weight": weight * 1.0,
        "length": np.round(chance.gamma(9, 2, rows)) + 1.0,
        "height": chance.normal(30, 6, rows),
        "warmth": (np.round((warmth[hours] - 32) / 1.8) * 1.8 + 32).round(2),
        "hour": hours * 100.0 + chance.choice([0.0, 15.0, 30.0, 45.0], rows),
        "depot": depot,
        "kind": KINDS[chance.choice(3, rows, p=[0.6, 0.3, 0.1])],
        "score": chance.beta(2, 6, rows),
    }


_SHAPE = np.array([1, 1, 1, 1, 1, 4, 9, 20, 40, 30, 20, 15, 12, 20, 30, 25, 15, 10, 6, 4, 3, 2, 1, 1])
_BUSY = _SHAPE / _SHAPE.sum()


def table(day: Columns) -> Table:
    return Table(day, {name: "text" if name in TEXTS else "number" for name in day})


@cache
def baseline(windows: bool = True) -> Baseline:
    """Of DAYS days, or of all their rows as one window."""
    days = [columns(number) for number in range(DAYS)]
    late = [np.random.default_rng(n).random(ROWS) < day["score"] for n, day in enumerate(days)]
    whole = Table.stack([table(day | {"late": one.astype(np.float64)}) for day, one in zip(days, late, strict=True)])
    kept = {name: values for name, values in whole.columns.items() if windows or name != "day"}
    data = ArrowTables().write(Table(kept, whole.kinds))
    return learn(ArrowTables(), data, "reference.parquet", SPEC)[0]


def profile(day: Columns) -> Profile:
    return count(ArrowTables(), ArrowTables().write(table(day)), "day.parquet", SPEC, baseline()).profile


def situation(
    day: Columns,
    spec: ModelSpec = SPEC,
    windows: Mapping[str, Profile] | None = None,
    learnt: Baseline | None = None,
    **more: Any,
) -> Situation:
    data = ArrowTables().write(table(day))
    learnt = learnt or baseline()
    counted = count(ArrowTables(), data, "day.parquet", spec, learnt)
    rows = rows_of(ArrowTables(), data, "day.parquet", spec, counted.contents.rows)
    known = windows or {}
    usual = reference(spec, [*learnt.windows.values(), *known.values()])
    return replace(Situation(spec, learnt, name_of(DAYS), usual, counted.profile, rows, known), **more)


def causes(day: Columns, **more: Any) -> list[Cause]:
    return rank(situation(day, **more))


def first(day: Columns, **more: Any) -> Cause:
    found = causes(day, **more)
    assert found, "nothing was found"
    return found[0]


def without_values(spec: ModelSpec = SPEC) -> ModelSpec:
    """Every column is sensitive."""
    hidden = {name: column.model_copy(update={"sensitive": True}) for name, column in spec.columns.items()}
    return spec.model_copy(update={"columns": hidden})
