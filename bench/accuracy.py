"""Our Kolmogorov-Smirnov distance, from profiles, against scipy's exact one: twelve laws, each against itself, shifted,
scaled and spread evenly, at 10,000 and 1,000,000 rows. The largest error must be at most .0005."""

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.report import keep, say, table, verdict
from bench.usual import Usual

MOST = 0.0005
SIZES = (10_000, 1_000_000)
Numbers = NDArray[np.float64]
Law = Callable[[np.random.Generator, int], Numbers]

LAWS: dict[str, Law] = {
    "normal": lambda chance, n: chance.normal(size=n),
    "lognormal, sigma 2": lambda chance, n: chance.lognormal(0, 2, n),
    "Cauchy": lambda chance, n: chance.standard_cauchy(n),
    "Student's t, 2 degrees": lambda chance, n: chance.standard_t(2, n),
    "Pareto 1.1": lambda chance, n: chance.pareto(1.1, n),
    "exponential": lambda chance, n: chance.exponential(size=n),
    "uniform": lambda chance, n: chance.uniform(size=n),
    "Poisson 30": lambda chance, n: chance.poisson(30, n).astype(np.float64),
    "digits 0 to 9": lambda chance, n: chance.integers(0, 10, n).astype(np.float64),
    "93 % zeros, the rest gamma": lambda chance, n: np.where(chance.random(n) < 0.93, 0.0, chance.gamma(2, 3, n)),
    "half N(0, 1), half N(100, .01)": lambda chance, n: np.where(
        chance.random(n) < 0.5, chance.normal(0, 1, n), chance.normal(100, 0.01, n)
    ),
    "normal, rounded to .1": lambda chance, n: chance.normal(size=n).round(1),
}


def _even(chance: np.random.Generator, values: Numbers) -> Numbers:
    low, high = np.quantile(values, [0.01, 0.99])
    return chance.uniform(low, high, len(values))


PAIRS: dict[str, Callable[[np.random.Generator, Numbers], Numbers]] = {
    "same": lambda _, values: values,
    "shifted": lambda _, values: values + 0.1 * (np.subtract(*np.quantile(values, [0.75, 0.25])) or 1.0),
    "scaled": lambda _, values: values * 1.1,
    "even": _even,
}


def errors(law: Law, rows: int, seed: int) -> dict[str, float]:
    """By pair: ours less exact."""
    chance = np.random.default_rng([seed, rows])
    reference = law(chance, rows)
    usual = Usual(reference)
    found = {}
    for name, change in PAIRS.items():
        values = change(chance, law(chance, rows))
        found[name] = usual.ks(values) - float(stats.ks_2samp(reference, values, method="asymp").statistic)
    return found


def main() -> int:
    quick = "--quick" in sys.argv
    measured = {
        name: {rows: errors(law, rows, seed) for rows in (SIZES[:1] if quick else SIZES)}
        for seed, (name, law) in enumerate(LAWS.items())
    }
    say("KS of ours less exact KS, times 1e-5")
    table(
        ["law", "rows", *PAIRS],
        [
            [name, f"{rows:,}", *(f"{found[pair] * 1e5:+.1f}" for pair in PAIRS)]
            for name, by_size in measured.items()
            for rows, found in by_size.items()
        ],
    )
    worst = max(abs(e) for by_size in measured.values() for found in by_size.values() for e in found.values())
    keep("accuracy", {"errors": measured, "largest": worst, "must": MOST})
    return 0 if verdict("largest error of KS", worst, f"at most {MOST}", worst <= MOST) else 1


if __name__ == "__main__":
    sys.exit(main())
