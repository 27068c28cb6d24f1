"""Columns in memory: drawn from many shapes, counted in one go, learnt and compared as a file would be."""

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st

from tidewatch.adapters.local.tables import ArrowTables
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.counting import NumberCounter, TextCounter
from tidewatch.domain.profile.grid import Grid, Numbers
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.table import Coded, Piece, Table
from tidewatch.operations.profiling import Counted, count, learn

Draw = Callable[[np.random.Generator, int], Numbers]

LARGEST = float(np.finfo(np.float64).max)
# Everything a float can be, and often the same few again.
NASTY = st.floats() | st.sampled_from(
    [0.0, -0.0, 1.0, 1.5, -7.0, np.nan, np.inf, -np.inf, LARGEST, -LARGEST, 1e300, 5e-324, 1e-310, 65504.0, 65520.0]
)
NASTY_COLUMN = st.lists(NASTY, max_size=40).map(lambda values: np.array(values, dtype=np.float64))
WORDS = st.lists(st.none() | st.sampled_from(["", "a", "b", "é", "x\0y"]) | st.text(max_size=3), max_size=30)

SHAPES: dict[str, Draw] = {
    "normal": lambda random, n: random.normal(20, 5, n),
    "lognormal": lambda random, n: random.lognormal(1, 1, n),
    "Cauchy": lambda random, n: random.standard_cauchy(n),
    "Student's t, 2": lambda random, n: random.standard_t(2, n),
    "uniform": lambda random, n: random.uniform(-3, 9, n),
    "exponential": lambda random, n: random.exponential(3, n),
    "whole numbers": lambda random, n: random.poisson(6, n).astype(np.float64),
    "many whole numbers": lambda random, n: random.integers(0, 5000, n).astype(np.float64),
    "mostly zero": lambda random, n: np.where(random.random(n) < 0.93, 0.0, random.exponential(2, n)),
    "narrow and far": lambda random, n: np.where(random.random(n) < 0.5, random.normal(0, 1, n), 100 + near(random, n)),
    "rounded": lambda random, n: np.round(random.normal(20, 5, n), 1),
    "two humps": lambda random, n: np.where(random.random(n) < 0.4, random.normal(0, 1, n), random.normal(8, 2, n)),
    "lognormal, 5": lambda random, n: random.lognormal(0, 5, n),
    "far from zero": lambda random, n: 1e9 + random.normal(0, 1, n),
}  # fmt: skip
LIGHT = ("normal", "uniform", "exponential", "two humps", "rounded", "far from zero")


def near(random: np.random.Generator, rows: int) -> Numbers:
    return random.normal(0, 0.01, rows)


def number(values: Numbers | Sequence[float], grid: Grid | None = None) -> NumberProfile:
    """Counted on the grid, or on their own."""
    column = np.asarray(values, dtype=np.float64)
    counter = NumberCounter(grid or Grid.of(column))
    counter.add(column)
    return counter.profile()


def pair(now: Numbers | Sequence[float], usual: Numbers | Sequence[float]) -> tuple[NumberProfile, NumberProfile]:
    """Both counted on the grid of the second."""
    grid = Grid.of(np.asarray(usual, dtype=np.float64))
    return number(now, grid), number(usual, grid)


def coded(values: Sequence[str | None]) -> Coded:
    places: dict[str, int] = {}
    codes = [-1 if value is None else places.setdefault(value, len(places)) for value in values]
    return Coded(np.array(codes, dtype=np.int64), list(places))


def text(values: Sequence[str | None], known: frozenset[str] = frozenset()) -> TextProfile:
    counter = TextCounter(known)
    counter.add(coded(values))
    return counter.profile()


def learnt(table: Table, spec: ModelSpec) -> Baseline:
    tables = ArrowTables()
    return learn(tables, tables.write(table), "reference.parquet", spec)[0]


def counted(table: Table, spec: ModelSpec, baseline: Baseline) -> Counted:
    tables = ArrowTables()
    return count(tables, tables.write(table), "batch.parquet", spec, baseline)


def pieces(table: Table, name: str) -> Piece:
    """A column of a table in memory, as counters take it."""
    values = table.columns[name]
    if values.dtype != object:
        return values
    places: dict[str, int] = {}
    codes = [-1 if value is None else places.setdefault(value, len(places)) for value in values]
    return Coded(np.array(codes, dtype=np.int64), list(places))
