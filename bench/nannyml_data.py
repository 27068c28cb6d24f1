"""The data sets in NannyML's wheel as tables, and its own figures for them. None of them is kept in this project."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table

PEER = Path("build/peers/nannyml/bin/python")
MISSING = (
    f"SKIPPED: NannyML is not here ({PEER} is missing). Make its environment with `make bench-peers`, or:\n"
    "  python3 -m venv build/peers/nannyml && "
    "build/peers/nannyml/bin/pip install -r bench/peers/nannyml.txt\n"
)


def published() -> dict[str, Any]:
    """What NannyML says of its data sets, in this run."""
    done = subprocess.run(  # noqa: S603 - our own script
        [str(PEER), "bench/peers/judge_nannyml.py"], check=True, capture_output=True, text=True
    )
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


def read(folder: str, name: str) -> pa.Table:
    path = Path(folder) / name
    return pq.read_table(path) if path.suffix == ".pq" else csv.read_csv(path)


def joined(folder: str, rows: str, labels: str) -> pa.Table:
    """Rows with the labels that belong to them by id, in the order of the rows."""
    whole = read(folder, rows)
    return whole.join(read(folder, labels), "id").sort_by("id") if labels else whole


def table(data: pa.Table, size: int) -> Table:
    """Chunks of `size` rows, in the order they are in, as windows; the last may be smaller."""
    columns: dict[str, Any] = {name: _values(data.column(name)) for name in data.column_names}
    columns["chunk"] = np.array([f"{row // size:04d}" for row in range(data.num_rows)], dtype=object)
    return Table(columns, {name: "text" if v.dtype == object else "number" for name, v in columns.items()})


def _values(column: pa.ChunkedArray) -> Any:
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return column.to_numpy().astype(np.float64)
    if pa.types.is_boolean(kind):
        return np.array([str(value) for value in column.to_pylist()], dtype=object)
    return np.array([None if value is None else str(value) for value in column.to_pylist()], dtype=object)


def chunks(whole: Table) -> list[Table]:
    names = whole.columns["chunk"]
    return [whole.where(names == name) for name in sorted(set(names))]


def spec(task: str, columns: dict[str, dict[str, Any]], metrics: list[str], **parts: Any) -> ModelSpec:
    script = {"command": ["python", "score.py"]}
    roles = {"id": {"type": "number", "role": "id"}, "chunk": {"type": "text", "role": "window"}}
    return ModelSpec.model_validate(
        {
            "model": "bench/nannyml", "title": "Bench", "task": task, "columns": roles | columns, "owners": {},
            "scoring": script, "retraining": script, "estimation": {"metrics": metrics}, **parts,
        }
    )  # fmt: skip
