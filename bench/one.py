"""One measurement in a process of its own, printed as a line of JSON: python -m bench.one WHAT FOLDER [NUMBER]."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

HEAVY = ("pandas", "scipy", "sklearn")


def alternate(folder: Path, runs: int) -> dict[str, Any]:
    """Seconds of our check and of reading the same columns with pyarrow alone, turn and turn about; the first of each
    warms up. The ratio is of neighbours: its median is steadier than the ratio of medians on a busy machine."""
    from bench import ours  # noqa: PLC0415 - so that pyarrow can be measured without us

    columns = ours.columns(folder)
    taken: dict[str, list[float]] = {"ours": [], "pyarrow": []}
    for _ in range(runs + 1):
        taken["ours"].append(_seconds(lambda: ours.check(folder)))
        taken["pyarrow"].append(_seconds(lambda: pq.read_table(folder / "current.parquet", columns=columns)))
    record: dict[str, Any] = {name: times[1:] for name, times in taken.items()}
    ratio = statistics.median(mine / read for mine, read in zip(record["ours"], record["pyarrow"], strict=True))
    return {**record, "ratio": ratio, "first": taken["ours"][0], "columns": len(columns)}


def peak(folder: Path, _: int) -> dict[str, Any]:
    """One check, nothing else: the most memory it took, and which heavy libraries it loaded."""
    from bench import ours  # noqa: PLC0415 - so that pyarrow can be measured without us

    seconds = _seconds(lambda: ours.check(folder))
    return {"seconds": seconds, "peak_mb": _peak(), "heavy": [name for name in HEAVY if name in sys.modules]}


def peak_of_pyarrow(folder: Path, _: int) -> dict[str, Any]:
    seconds = _seconds(lambda: pq.read_table(folder / "current.parquet"))
    return {"seconds": seconds, "peak_mb": _peak()}


def rate(folder: Path, seconds: int) -> dict[str, Any]:
    """Checks a second on one core, reading included, over that many seconds."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from bench import ours  # noqa: PLC0415 - pools of threads are sized when libraries load

    ours.check(folder)
    done, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        ours.check(folder)
        done += 1
    return {"rate": done / passed, "processor_s": time.process_time()}


def learn(folder: Path, _: int) -> dict[str, Any]:
    from bench import ours  # noqa: PLC0415 - so that pyarrow can be measured without us

    seconds = _seconds(lambda: ours.learn(folder))
    size = (folder / "baseline.json").stat().st_size
    return {"seconds": seconds, "peak_mb": _peak(), "baseline_kb": size / 1024}


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak() -> float:
    """Resident, of this program alone: getrusage would count what its parent held when it forked."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


WHAT: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "alternate": alternate,
    "peak": peak,
    "peak_of_pyarrow": peak_of_pyarrow,
    "rate": rate,
    "learn": learn,
}

if __name__ == "__main__":
    what, folder, *number = sys.argv[1:]
    sys.stdout.write(json.dumps(WHAT[what](Path(folder), int(number[0]) if number else 0)) + "\n")
