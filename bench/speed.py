"""One check of a file against a stored baseline: beside reading the same columns with pyarrow alone, and beside peers
in environments of their own. Same files, same run; every figure is a median.

python -m bench.speed [--quick] [--ours]; --quick takes 100,000 rows for the large file, --ours leaves the peers out.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.files import SMALL, WIDE, Files
from bench.ours import IMPORTS
from bench.report import keep, say, table, verdict

PEERS = ("evidently", "nannyml", "whylogs", "deepchecks", "alibi", "scipy")
TIMEOUT = 1800  # seconds
SECONDS = 10  # over which checks a second are counted
STARTS = 9

Record = dict[str, Any]


def child(*command: str, complaints: int | None = None) -> Record:
    """What a child process says in the last line it prints. Raises CalledProcessError. Its complaints are shown,
    unless `complaints` is subprocess.PIPE."""
    done = subprocess.run(  # noqa: S603 - our own words
        command, stdout=subprocess.PIPE, stderr=complaints, text=True, timeout=TIMEOUT, check=True
    )
    found: Record = json.loads(done.stdout.splitlines()[-1])
    return found


def one(what: str, files: Files, number: int = 0) -> Record:
    return child(sys.executable, "-m", "bench.one", what, str(files.folder), str(number))


def beside_peers(files: Files, names: tuple[str, ...], runs: int) -> tuple[Record, dict[str, Record]]:
    """Ours and theirs. We are timed before and after the peers, because a machine's speed is not the same all along."""
    learnt, peak, floor = one("learn", files), one("peak", files), one("peak_of_pyarrow", files)
    taken = [one("alternate", files, 5)]
    peers = {name: found for name in names if (found := peer(name, files, runs))}
    if peers:
        taken.append(one("alternate", files, 5))
    check_s, read_s = (statistics.median(s for part in taken for s in part[who]) for who in ("ours", "pyarrow"))
    ratio = statistics.median(part["ratio"] for part in taken)
    mine = {
        "rows": files.rows,
        "check_s": check_s,
        "pyarrow_s": read_s,
        "ratio": ratio,
        "first_check_s": taken[0]["first"],
        "columns": taken[0]["columns"],
        "peak_mb": peak["peak_mb"],
        "pyarrow_peak_mb": floor["peak_mb"],
        "heavy": peak["heavy"],
        "learn_s": learnt["seconds"],
        "learn_peak_mb": learnt["peak_mb"],
        "baseline_kb": learnt["baseline_kb"],
    }
    return mine, peers


def peer(name: str, files: Files, runs: int) -> Record | None:
    """None, and a word about it, where there is no such environment or it fails."""
    python = Path(sys.executable) if name == "scipy" else Path("build/peers") / name / "bin" / "python"
    if not python.exists():
        say(f"{name}: no environment; make it with `make bench-peers`")
        return None
    script = f"bench/peers/run_{name}.py"
    say(f"… {name}, {files.rows:,} rows")
    try:
        command = [str(python), "-W", "ignore", script, str(files.folder), "--runs", str(runs)]
        return child(*command, complaints=subprocess.PIPE)
    except subprocess.CalledProcessError as error:
        say(f"{name} failed: {error.stderr.strip().splitlines()[-1]}")
    except subprocess.TimeoutExpired:
        say(f"{name} was stopped after {TIMEOUT} s")
    return None


def start_seconds() -> Record:
    """Fresh processes, turn and turn about: what the imports of a check add to a bare interpreter."""
    words = {"bare": "pass", "ours": f"import {', '.join(IMPORTS)}"}
    taken: dict[str, list[float]] = {name: [] for name in words}
    for _ in range(STARTS + 1):
        for name, word in words.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", word], check=True)  # noqa: S603 - our own words
            taken[name].append(time.perf_counter() - start)
    bare, mine = (statistics.median(times[1:]) for times in taken.values())
    return {"bare_s": bare, "import_s": mine - bare}


def show(files: Files, mine: Record, peers: dict[str, Record]) -> None:
    say()
    say(f"{files.rows:,} rows × ({files.numbers} float + {files.texts} string)")
    rows = [["pyarrow, reading only", f"{mine['pyarrow_s']:.4f}", "", f"{mine['pyarrow_peak_mb']:.0f}", "", ""]]
    rows.append(["Tidewatch", f"{mine['check_s']:.4f}", "1", f"{mine['peak_mb']:.0f}", f"{mine['learn_s']:.2f}", ""])
    for name, found in peers.items():
        times = found["total_s"] / mine["check_s"]
        fit = f"{found['fit_s']:.2f}" if found["fit_s"] else ""
        rows.append(
            [f"{name} {found['version']}", f"{found['total_s']:.4f}", f"{times:.0f}", f"{found['peak_mb']:.0f}"]
            + [fit, str(found["runs"])]
        )
    table(["tool", "check s, reading included", "times ours", "peak MB", "fit s", "runs"], rows)


def judge(wide: Record, small: Record, peers: dict[str, Record], rate: float, import_s: float, full: bool) -> bool:
    held = [
        verdict("check over reading with pyarrow alone", wide["ratio"], "at most 2.2", wide["ratio"] <= 2.2),
        verdict("peak memory of the check, MB", wide["peak_mb"], "at most 900", wide["peak_mb"] <= 900),
        verdict("checks of 10,000 x 20 a second and core", rate, "at least 150", rate >= 150),
        verdict("import, s", import_s, "at most .45", import_s <= 0.45),
        verdict("pandas, scipy, sklearn loaded by a check", len(small["heavy"]), "0", not small["heavy"]),
    ]
    if full:
        for name, least in (("evidently", 300), ("nannyml", 10)):
            if name in peers:
                times = peers[name]["total_s"] / wide["check_s"]
                held.append(verdict(f"times faster than {name}", times, f"at least {least}", times >= least))
    return all(held)


def main() -> int:
    quick = "--quick" in sys.argv
    large = Files("wide", 100_000, WIDE.numbers, WIDE.texts) if quick else WIDE
    record: Record = {}
    for files in (large.make(), SMALL.make()):
        mine, found = beside_peers(files, () if "--ours" in sys.argv else PEERS, 2 if quick else 5)
        show(files, mine, found)
        record[files.name] = {"ours": mine, "peers": found}
    record |= {"rate": one("rate", SMALL, SECONDS)["rate"], "start": start_seconds()}
    wide, small = record["wide"], record["small"]
    held = judge(
        wide["ours"], small["ours"], wide["peers"], record["rate"], record["start"]["import_s"], full=not quick
    )
    keep("speed", record)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
