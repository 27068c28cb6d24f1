"""What every peer's script shares: the columns, the clock and the JSON line. Standard library and pandas only, for
it runs in the peer's own environment."""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

# Some of them report their use to their makers, which has no place in a measurement (nor on a machine of ours).
SILENCE = (
    "DO_NOT_TRACK", "ITERATIVE_DO_NOT_TRACK", "NML_DISABLE_USAGE_LOGGING", "WHYLOGS_NO_ANALYTICS",
    "DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY", "DISABLE_LATEST_VERSION_CHECK", "HF_HUB_OFFLINE",
)  # fmt: skip
BUDGET = 60.0  # seconds: what takes longer is not run again


def parse() -> argparse.Namespace:
    """FOLDER holds reference.parquet and current.parquet; --runs is the most that each step is repeated. Call it
    before the peer is imported: it tells the peer to keep quiet."""
    os.environ.update(dict.fromkeys(SILENCE, "1"))
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    return parser.parse_args()


def columns(folder: Path) -> tuple[list[str], list[str]]:
    """Number columns and text columns that are compared: all but the id."""
    schema = pq.read_schema(folder / "reference.parquet")
    names = [name for name in schema.names if name != "flight"]
    numbers = [name for name in names if str(schema.field(name).type) == "double"]
    return numbers, [name for name in names if name not in numbers]


def load(folder: Path, which: str) -> pd.DataFrame:
    numbers, texts = columns(folder)
    return pd.read_parquet(folder / f"{which}.parquet", columns=[*numbers, *texts])


def median_seconds(work: Callable[[], Any], runs: int) -> tuple[float, int]:
    """Median and number of runs; no further run once BUDGET is spent. A short work is warmed up once."""
    start = time.perf_counter()
    work()
    first = time.perf_counter() - start
    if first > BUDGET / 3 or runs == 1:
        return first, 1
    taken: list[float] = []
    while len(taken) < runs and sum(taken) < BUDGET:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), len(taken)


def tell(**record: Any) -> None:
    """`check_s` is the check itself; `total_s` all that one check needs when what can be kept is kept."""
    sys.stdout.write(json.dumps({**record, "peak_mb": round(peak_mb())}) + "\n")


def peak_mb() -> float:
    """Resident, of this program alone: getrusage would count what its parent held when it forked."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024
