"""How fast is one check, against reading the same columns with pyarrow alone? Ratios of the same run.

`make bench`. Peers in environments of their own come with the monitoring engine.
"""

import statistics
import sys
import time
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tidewatch.compose import tables
from tidewatch.domain.baseline import learn, profile_table, reference
from tidewatch.domain.checks import drift
from tidewatch.domain.model_spec import ModelSpec

NUMBERS, TEXTS, RUNS = 16, 4, 5


def spec() -> ModelSpec:
    columns: dict[str, dict[str, str]] = {f"n{i}": {"type": "number"} for i in range(NUMBERS)}
    columns |= {f"t{i}": {"type": "text"} for i in range(TEXTS)}
    columns |= {"id": {"type": "text", "role": "id"}, "day": {"type": "text", "role": "window"}}
    columns |= {"score": {"type": "number", "role": "score"}, "late": {"type": "number", "role": "label"}}
    script = {"command": ["python", "score.py"]}
    return ModelSpec.model_validate(
        {
            "model": "bench/wide",
            "title": "Bench",
            "columns": columns,
            "owners": {},
            "scoring": script,
            "retraining": script,
        }
    )


def batch(rows: int, seed: int, rules: ModelSpec) -> bytes:
    chance = np.random.default_rng(seed)
    columns: dict[str, object] = {f"n{i}": chance.normal(size=rows) for i in range(NUMBERS)}
    columns |= {f"t{i}": chance.choice(["a", "b", "c", "d"], rows) for i in range(TEXTS)}
    columns |= {"score": chance.uniform(size=rows)}
    sink = BytesIO()
    pq.write_table(pa.table({name: columns[name] for name in rules.watched}), sink)
    return sink.getvalue()


def seconds(work: Callable[[], object]) -> float:
    """Median of RUNS after one warm-up."""
    work()
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    rules = spec()
    for rows in (10_000, 100_000, 1_000_000):
        before, now = batch(rows, 1, rules), batch(rows, 2, rules)
        baseline = learn(tables().read(before, "before.parquet"), rules)
        usual = reference(rules, list(baseline.windows.values()))

        def check(data: bytes = now, baseline=baseline, usual=usual) -> object:  # type: ignore[no-untyped-def]
            table = tables().read(data, "now.parquet", rules.watched)
            return drift.compare(rules, baseline, usual, profile_table(table, rules, baseline.scales), table)

        def read(data: bytes = now) -> object:
            return pq.read_table(pa.BufferReader(data), columns=rules.watched)

        checked, floor = seconds(check), seconds(read)
        sys.stdout.write(
            f"{rows:>9,} rows × {len(rules.watched)} columns: check {checked * 1000:8.1f} ms, "
            f"pyarrow alone {floor * 1000:7.1f} ms, ratio {checked / floor:5.1f}\n"
        )


if __name__ == "__main__":
    main()
