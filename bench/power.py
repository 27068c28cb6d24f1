"""How often is drift seen? Our combined test beside a KS test and the default rules of peers.

A reference of 50,000 independent rows and 5,000 rows to be checked, each drawn anew every time. Faults act on the
values before rounding, in units of the law's own mean and standard deviation:

    nothing        drawn from the same law: false alarms
    mean           + .05 sd
    spread         (value - mean) × 1.07 + mean
    tail           2 % of the rows are replaced by N(mean + 4 sd, (.25 sd)²)
    bump           5 % of the rows are replaced by N(mean + 1.5 sd, (.1 sd)²)

The level of tests is .05/20, as for one of twenty columns. Ours is shown before the effect-size floor, which the
comparison is about, and after it: what a spec's default floor leaves of it.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.report import keep, say, table, verdict
from bench.rules import KS, LEVEL, NAMES, Peers
from bench.usual import Usual

REFERENCE, CURRENT = 50_000, 5_000
Numbers = NDArray[np.float64]
OURS, AFTER = "Tidewatch", "after the floor"


@dataclass(frozen=True)
class Law:
    draw: Callable[[np.random.Generator, int], Numbers]
    mean: float
    sd: float
    whole: bool = False  # rounded to whole numbers


LAWS = {
    "normal": Law(lambda chance, n: chance.normal(size=n), 0.0, 1.0),
    "lognormal": Law(lambda chance, n: chance.lognormal(size=n), np.exp(0.5), np.sqrt((np.e - 1) * np.e)),
    "t5": Law(lambda chance, n: chance.standard_t(5, n), 0.0, np.sqrt(5 / 3)),
    "integer": Law(lambda chance, n: chance.normal(40, 5, n), 40.0, 5.0, whole=True),
}


def _replaced(share: float, at: float, width: float) -> Callable[[np.random.Generator, Law, Numbers], Numbers]:
    """That share of the rows, chosen by chance, replaced by N(mean + at sd, (width sd)²)."""

    def fault(chance: np.random.Generator, law: Law, values: Numbers) -> Numbers:
        chosen = chance.choice(len(values), round(share * len(values)), replace=False)
        changed = values.copy()
        changed[chosen] = chance.normal(law.mean + at * law.sd, width * law.sd, len(chosen))
        return changed

    return fault


FAULTS: dict[str, Callable[[np.random.Generator, Law, Numbers], Numbers]] = {
    "nothing": lambda _chance, _law, values: values,
    "mean + .05 sd": lambda _chance, law, values: values + 0.05 * law.sd,
    "sd x 1.07": lambda _chance, law, values: law.mean + (values - law.mean) * 1.07,
    "2 % to the tail": _replaced(0.02, 4.0, 0.25),
    "5 % bump": _replaced(0.05, 1.5, 0.1),
}
SURELY = ("sd x 1.07", "2 % to the tail", "5 % bump")  # must be found in normal data in at least …
SURE = 0.99
BEHIND = 0.03  # of KS, at most

Shares = dict[str, dict[str, float]]  # fault -> rule -> share of repetitions that alarmed


def alarms(name: str, repetitions: int) -> Shares:
    law, chance = LAWS[name], np.random.default_rng([[*LAWS].index(name), repetitions])
    counts = {fault: dict.fromkeys((OURS, AFTER, *NAMES), 0) for fault in FAULTS}

    def rows(fault: str, n: int) -> Numbers:
        values = FAULTS[fault](chance, law, law.draw(chance, n))
        return values.round() if law.whole else values

    for _ in range(repetitions):
        reference = rows("nothing", REFERENCE)
        samples = [rows(fault, CURRENT) for fault in FAULTS]
        judged, peers = Usual(reference).judge(samples), Peers(reference)
        for fault, sample, p, worth in zip(FAULTS, samples, judged.p, judged.worth, strict=True):
            counts[fault][OURS] += bool(p < LEVEL)
            counts[fault][AFTER] += bool(p < LEVEL and worth)
            for peer, drifted in peers.decide(sample).items():
                counts[fault][peer] += drifted
    return {fault: {rule: n / repetitions for rule, n in found.items()} for fault, found in counts.items()}


def main() -> int:
    repetitions = 50 if "--quick" in sys.argv else 1000
    with ProcessPoolExecutor() as pool:
        jobs = {name: pool.submit(alarms, name, repetitions) for name in LAWS}
        measured = {name: job.result() for name, job in jobs.items()}
    say(f"Share of {repetitions} repetitions that alarmed; level {LEVEL} where the rule is a test")
    head = [OURS, AFTER, *NAMES]
    table(
        ["law", "fault", *head],
        [
            [law, fault, *(f"{found[rule]:.3f}" for rule in head)]
            for law, by_fault in measured.items()
            for fault, found in by_fault.items()
        ],
    )
    behind = max(
        f[KS] - f[OURS] for by_fault in measured.values() for fault, f in by_fault.items() if fault != "nothing"
    )
    least = min(measured["normal"][fault][OURS] for fault in SURELY)
    keep("power", {"shares": measured, "repetitions": repetitions, "behind_ks": behind, "least_of_normal": least})
    held = [
        verdict("power below that of KS, worst", behind, f"at most {BEHIND}", behind <= BEHIND),
        verdict("power on normal data: spread, tail, bump, worst", least, f"at least {SURE}", least >= SURE),
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
