"""The files that are measured: seeded, written once by pyarrow with its defaults, kept under build/bench/data.

A set is two parquet files of the same columns (the reference and the data to be checked) and a model spec.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray

DATA = Path("build/bench/data")
GROUP = 1 << 20  # rows written at a time, pyarrow's own row group
DRIFTED = 0.04  # of the columns differ in the data to be checked

Numbers = NDArray[np.float64]
Law = Callable[[np.random.Generator, int], Numbers]

LAWS: dict[str, Law] = {
    "normal": lambda chance, rows: chance.normal(10, 3, rows),
    "lognormal": lambda chance, rows: chance.lognormal(0, 1, rows),
    "uniform": lambda chance, rows: chance.uniform(0, 100, rows),
    "t5": lambda chance, rows: chance.standard_t(5, rows),
    "rounded": lambda chance, rows: chance.normal(20, 8, rows).round(1),
    "exponential": lambda chance, rows: chance.exponential(30, rows),
    "count": lambda chance, rows: chance.poisson(4, rows).astype(np.float64),
    "mostly_zero": lambda chance, rows: np.where(chance.random(rows) < 0.93, 0.0, chance.gamma(1, 0.2, rows)),
    "two_humps": lambda chance, rows: chance.normal(0, 1, rows) + 5 * (chance.random(rows) < 0.3),
    "cents": lambda chance, rows: chance.lognormal(3, 0.8, rows).round(2),
}
CATEGORIES = (3, 5, 10, 25, 50, 100)


@dataclass(frozen=True)
class Files:
    """One set of files: `numbers` float columns (the last is the score), `texts` string columns (the last is the
    window), and an id besides."""

    name: str
    rows: int
    numbers: int
    texts: int
    reference_rows: int | None = None  # as many as the data to be checked, unless said otherwise

    @property
    def folder(self) -> Path:
        return DATA / f"{self.name}-{self.rows}x{self.numbers}+{self.texts}"

    @property
    def reference(self) -> Path:
        return self.folder / "reference.parquet"

    @property
    def current(self) -> Path:
        return self.folder / "current.parquet"

    @property
    def spec(self) -> Path:
        return self.folder / "spec.yaml"

    @property
    def baseline(self) -> Path:
        return self.folder / "baseline.json"

    @property
    def number_names(self) -> list[str]:
        return [*(f"n{i}" for i in range(self.numbers - 1)), "score"]

    @property
    def text_names(self) -> list[str]:
        return [*(f"t{i}" for i in range(self.texts - 1)), "day"]

    @property
    def columns(self) -> list[str]:
        """What every tool is asked to compare."""
        return [*self.number_names, *self.text_names]

    def make(self) -> "Files":
        """Writes what is not there yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.spec.write_text(yaml.safe_dump(self._spec(), sort_keys=False))
        for place, path in enumerate((self.reference, self.current)):
            if not path.exists():
                sys.stderr.write(f"writing {path}\n")
                half = path.with_suffix(".part")
                self._write(half, place)
                half.rename(path)
        return self

    def _write(self, path: Path, place: int) -> None:
        chance = np.random.default_rng([place, self.rows, self.numbers])
        with pq.ParquetWriter(path, self._schema()) as writer:
            for start in range(0, self.rows, GROUP):
                writer.write_table(
                    self._rows(chance, place, start, min(GROUP, self.rows - start)), row_group_size=GROUP
                )

    def _schema(self) -> pa.Schema:
        numbers = [(name, pa.float64()) for name in self.number_names]
        return pa.schema([*numbers, *((name, pa.string()) for name in self.text_names), ("flight", pa.int64())])

    def _rows(self, chance: np.random.Generator, place: int, start: int, rows: int) -> pa.Table:
        laws = [*LAWS.values()]
        drifted = round(DRIFTED * self.numbers) if place else 0
        arrays: list[pa.Array] = []
        for i in range(self.numbers - 1):
            values = laws[i % len(laws)](chance, rows)
            arrays.append(pa.array(values * 1.1 if i < drifted else values))
        arrays.append(pa.array(chance.beta(2, 5, rows)))
        for i in range(self.texts - 1):
            words = pa.array([f"category {word}" for word in range(CATEGORIES[i % len(CATEGORIES)])])
            arrays.append(words.take(pa.array(chance.integers(0, len(words), rows))))
        day = "2026-11-02" if place else "2026-11-01"
        arrays.append(pa.array([day]).take(pa.array(np.zeros(rows, np.int8))))
        arrays.append(pa.array(np.arange(start, start + rows)))
        return pa.Table.from_arrays(arrays, schema=self._schema())

    def _spec(self) -> dict[str, object]:
        script = {"command": ["python", "score.py"]}
        columns: dict[str, dict[str, str]] = {name: {"type": "number"} for name in self.number_names}
        columns |= {name: {"type": "text"} for name in self.text_names}
        columns["score"]["role"], columns["day"]["role"] = "score", "window"
        columns |= {"flight": {"type": "number", "role": "id"}, "late": {"type": "number", "role": "label"}}
        return {
            "model": "bench/wide",
            "title": f"{self.rows:,} rows",
            "columns": columns,
            "owners": {},
            "scoring": script,
            "retraining": script,
        }


WIDE = Files("wide", 1_000_000, 50, 10)
SMALL = Files("small", 10_000, 16, 4)


def more_columns(columns: int) -> Files:
    """10,000 rows; a tenth of the columns are text."""
    return Files("columns", 10_000, columns - max(columns // 10, 1), max(columns // 10, 1))


def more_rows(rows: int) -> Files:
    return Files("rows", rows, 8, 2, reference_rows=100_000)


if __name__ == "__main__":
    for files in (WIDE, SMALL):
        files.make()
