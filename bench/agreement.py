"""Do our univariate statistics agree with NannyML's, column by column and chunk by chunk, on its car loans?

`make bench`. KS and Wasserstein are compared with its exact method; what it reports by default from 10,000 rows on
comes from 10,000 equal bins, and how far that is from exact is shown beside.
"""

import sys
from typing import Any

import numpy as np
from nannyml_data import MISSING, PEER, chunks, published, read, table
from numpy.typing import NDArray
from report import keep, say, verdict
from report import table as markdown

from tidewatch.domain.exact import (
    binned,
    chi_squared,
    doane_edges,
    hellinger,
    jensen_shannon,
    kolmogorov,
    l_infinity,
    wasserstein,
)

SIZE = 5_000
MUST = 1e-6


def of_numbers(reference: NDArray[Any], now: NDArray[Any]) -> dict[str, float]:
    edges = doane_edges(reference)
    p, q = binned(reference, edges), binned(now, edges)
    return {
        "kolmogorov_smirnov": kolmogorov(reference, now),
        "wasserstein": wasserstein(reference, now),
        "jensen_shannon": float(jensen_shannon(p, q)),
        "hellinger": float(hellinger(p, q)),
    }


def of_categories(reference: NDArray[Any], now: NDArray[Any]) -> dict[str, float]:
    names = sorted({*reference, *now})
    p, q = (np.array([(side == name).sum() for name in names]) for side in (reference, now))
    # Where both distances see only what the reference knows, all that is new is one category.
    known = p > 0
    folded = np.append(q[known], q[~known].sum())
    before = np.append(p[known], 0)
    return {
        "chi2": chi_squared(p, q)[0],
        "l_infinity": float(l_infinity(p, q)),
        "jensen_shannon": float(jensen_shannon(before, folded)),
        "hellinger": float(hellinger(before, folded)),
    }


def main() -> None:
    if not PEER.exists():
        sys.stdout.write(MISSING)
        return
    theirs = published()
    reference = table(read(theirs["data"], "synthetic_car_loan_reference.csv"), SIZE)
    days = chunks(table(read(theirs["data"], "synthetic_car_loan_analysis.csv"), SIZE))
    apart: dict[str, float] = {}
    default: dict[str, float] = {}
    for column, statistics in theirs["univariate"].items():
        before = reference.columns[column]
        measure = of_categories if before.dtype == object else of_numbers
        ours = [measure(before, day.columns[column]) for day in days]
        for name, values in statistics.items():
            plain = name.removesuffix(" by default")
            off = max(abs(one[plain] - value) for one, value in zip(ours, values, strict=True))
            into = apart if plain == name else default
            into[plain] = max(into.get(plain, 0.0), off / max(1.0, max(map(abs, values))))
    say(f"NannyML {theirs['version']}, car loans, {len(theirs['univariate'])} columns × {len(days)} chunks\n")
    rows = [(name, f"{off:.1e}", f"{default[name]:.1e}" if name in default else "") for name, off in apart.items()]
    markdown(("statistic", "farthest apart (relative beyond 1)", "its default, binned"), rows)
    verdict("farthest apart of all", max(apart.values()), f"≤ {MUST:g}", max(apart.values()) <= MUST)
    keep("agreement", {"version": theirs["version"], "apart": apart, "default": default})


if __name__ == "__main__":
    main()
