"""Is the cost of a check linear? Seconds against columns (10,000 rows) and against rows (8 float + 2 string columns).

What a check costs anyhow makes the small ones dear, so only the last step is judged: the seconds of the largest over
those of the one before, over the same ratio of their sizes, must be at most 1.3.
"""

import statistics
import sys
from itertools import pairwise

from bench.files import Files, more_columns, more_rows
from bench.report import keep, say, table, verdict
from bench.speed import one

MOST = 1.3
COLUMNS = (10, 32, 100, 316, 1000)
ROWS = (10_000, 100_000, 1_000_000, 10_000_000)


def seconds(files: Files) -> tuple[float, float]:
    """Our check, and reading with pyarrow alone."""
    files.make()
    one("learn", files)
    taken = one("alternate", files, 3)
    return statistics.median(taken["ours"]), statistics.median(taken["pyarrow"])


def steps(what: str, sizes: tuple[int, ...], sets: list[Files]) -> tuple[list[float], float]:
    """Our seconds, and the last step over proportional."""
    taken = [seconds(files) for files in sets]
    over = [b[0] / a[0] / (after / before) for (before, a), (after, b) in pairwise(zip(sizes, taken, strict=True))]
    say(f"Seconds against {what}")
    rows = [
        [f"{size:,}", f"{mine:.4f}", f"{read:.4f}", f"{ratio:.2f}" if ratio else ""]
        for size, (mine, read), ratio in zip(sizes, taken, [0.0, *over], strict=True)
    ]
    table([what, "check s", "pyarrow s", "over proportional"], rows)
    return [mine for mine, _ in taken], over[-1]


def main() -> int:
    quick = "--quick" in sys.argv
    columns, rows = (COLUMNS[:4], ROWS[:3]) if quick else (COLUMNS, ROWS)
    column_seconds, column_step = steps("columns", columns, [more_columns(n) for n in columns])
    row_seconds, row_step = steps("rows", rows, [more_rows(n) for n in rows])
    by_columns = {"sizes": columns, "seconds": column_seconds, "last": column_step}
    by_rows = {"sizes": rows, "seconds": row_seconds, "last": row_step}
    keep("scaling", {"columns": by_columns, "rows": by_rows, "must": MOST})
    held = [
        verdict(f"last step of {what} over proportional", step, f"at most {MOST}", step <= MOST)
        for what, step in (("columns", column_step), ("rows", row_step))
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
