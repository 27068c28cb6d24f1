"""How often does our test alarm when nothing is wrong? Observed false alarms over the level that was asked for.

Columns of independent rows, drawn from the law of their reference (50,000 rows; a new one for every forty columns);
their sizes are spread evenly on a logarithmic scale from 500 to 50,000 rows.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

from bench.report import keep, say, table, verdict
from bench.usual import Usual

REFERENCE, SMALLEST, LARGEST = 50_000, 500, 50_000
PER_REFERENCE = 40
LEVELS = (1e-4, 1e-2)
MOST = 1.3  # times the level
SIZES = ((500, 2_320), (2_320, 10_772), (10_772, 50_001))  # thirds of the columns
Numbers = NDArray[np.float64]

_POISSON_4 = np.searchsorted(
    np.cumsum(np.exp(-4) * np.cumprod([1.0, *(4 / k for k in range(1, 40))])), np.arange(65536) / 65536
)


def _atoms(chance: np.random.Generator, rows: int) -> Numbers:
    """Nine in ten are zero, the others exponential."""
    values = np.zeros(rows)
    chosen = np.flatnonzero(chance.random(rows, dtype=np.float32) < 0.1)
    values[chosen] = chance.standard_exponential(len(chosen))
    return values


LAWS: dict[str, Callable[[np.random.Generator, int], Numbers]] = {
    "normal": lambda chance, n: chance.standard_normal(n),
    "lognormal": lambda chance, n: np.exp(chance.standard_normal(n)),
    "integer": lambda chance, n: _POISSON_4[chance.integers(0, 65536, n, dtype=np.uint16)].astype(np.float64),
    "atoms": _atoms,
}


def batch(law: str, seed: int) -> tuple[str, Numbers, Numbers]:
    """(law, sizes, p-values) of PER_REFERENCE columns."""
    chance = np.random.default_rng([seed, [*LAWS].index(law)])
    usual = Usual(LAWS[law](chance, REFERENCE))
    sizes = np.exp(chance.uniform(np.log(SMALLEST), np.log(LARGEST), PER_REFERENCE)).astype(np.int64)
    p = usual.p_values([LAWS[law](chance, int(size)) for size in sizes])
    return law, sizes.astype(np.float64), p


def _row(name: str, chosen: NDArray[np.bool_], p: Numbers) -> list[str]:
    """Observed over level, give or take two standard errors; columns that share a reference vary together."""
    cells = [name, f"{chosen.sum():,}"]
    batches = np.arange(len(p)) // PER_REFERENCE
    for level in LEVELS:
        seen = np.bincount(batches, chosen & (p < level))
        error = float(seen.std() * np.sqrt(len(seen)))
        nominal = level * chosen.sum()
        cells.append(f"{seen.sum() / nominal:.2f} ± {2 * error / nominal:.2f} ({seen.sum():,.0f})")
    return cells


def main() -> int:
    columns = 40_000 if "--quick" in sys.argv else 400_000
    start = time.perf_counter()
    seeds = columns // PER_REFERENCE // len(LAWS)
    laws = [law for _ in range(seeds) for law in LAWS]
    with ProcessPoolExecutor() as pool:
        done = list(pool.map(batch, laws, [i // len(LAWS) for i in range(len(laws))], chunksize=8))
    law = np.repeat([name for name, _, _ in done], PER_REFERENCE)
    size, p = np.concatenate([sizes for _, sizes, _ in done]), np.concatenate([values for _, _, values in done])
    say(f"False alarms over level (number seen), {time.perf_counter() - start:.0f} s")
    rows = [_row("all", size > 0, p)]
    rows += [_row(name, law == name, p) for name in LAWS]
    rows += [_row(f"{low:,} to {high - 1:,} rows", (size >= low) & (size < high), p) for low, high in SIZES]
    table(["columns", "number", *(f"level {level:g}" for level in LEVELS)], rows)
    ratios = {str(level): float((p < level).mean() / level) for level in LEVELS}
    by_law = {name: {str(level): float((p[law == name] < level).mean() / level) for level in LEVELS} for name in LAWS}
    keep("false_alarms", {"columns": columns, "ratios": ratios, "by_law": by_law, "must": MOST})
    held = [
        verdict(
            f"false alarms at {level:g}, times the level",
            ratios[str(level)],
            f"at most {MOST}",
            ratios[str(level)] <= MOST,
        )
        for level in LEVELS
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
