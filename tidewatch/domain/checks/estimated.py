"""Does the model still do what it was accepted for, as far as can be told before labels are in?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidewatch.domain.checks.performance_words import apart
from tidewatch.domain.estimation.cbpe import SURE, Estimate, Usual, WindowEstimates
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.metrics import KINDS

CHECK = "estimated_performance"
FEWEST_ROWS = 30  # a run of windows with fewer is not judged
BASIS = {
    "binary": ("from the scores alone", "CBPE"),
    "multiclass": ("from the scores alone", "CBPE"),
    "regression": ("from the inputs alone", "DLE"),
}


@dataclass(frozen=True)
class Limit:
    """`centre` is what is usual; a value on the far side of `value` is bad."""

    value: float
    centre: float
    by_builders: bool


def judge_estimates(
    spec: ModelSpec, usual: Mapping[str, Usual], run: Sequence[WindowEstimates]
) -> tuple[list[Finding], bool]:
    """Findings over the latest run of windows, and whether there was enough to judge.

    The limit is the builders' where `spec.metrics` gives one for the metric, else so many deviations from what
    estimates of left-out windows were, and never nearer than such estimates were off; with too few left-out windows,
    so many standard errors from what the reference data realised. Beyond it is bad where the interval, too, lies
    beyond the builders' limit, or beyond what is usual.
    """
    run = run[-spec.estimation.windows :]
    if len(run) < spec.estimation.windows or sum(window.rows for window in run) < FEWEST_ROWS:
        return [], False
    findings, judged = [], False
    for name in spec.estimation.metrics:
        known = [window.metrics[name] for window in run if name in window.metrics]
        if len(known) < len(run) or name not in usual:
            continue
        judged, estimate = True, mean_of(known)
        limit = limit_of(spec, name, usual[name], estimate)
        sign = 1.0 if KINDS[name].better == "higher" else -1.0
        mark = limit.value if limit.by_builders else limit.centre
        nearest = max(sign * estimate.low, sign * estimate.high)
        if sign * estimate.value < sign * limit.value and nearest < sign * mark:
            findings.append(_finding(spec, name, run, usual[name], estimate, limit))
    return findings, judged


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """Every window counts once; their errors are independent."""
    variance = sum(((each.high - each.low) / (2 * SURE)) ** 2 for each in estimates) / len(estimates) ** 2
    return Estimate.of(float(np.mean([each.value for each in estimates])), variance)


def limit_of(spec: ModelSpec, name: str, usual: Usual, estimate: Estimate) -> Limit:
    centre = usual.level.mean if usual.level else usual.realised
    given = next((m.limit for m in spec.metrics if m.name == name and m.limit is not None), None)
    if given is not None:
        return Limit(given, centre, by_builders=True)
    sd = usual.level.sd if usual.level else (estimate.high - estimate.low) / (2 * SURE)
    reach = max(spec.estimation.deviations * sd, usual.off or 0.0)
    return Limit(centre - reach if KINDS[name].better == "higher" else centre + reach, centre, by_builders=False)


def _finding(
    spec: ModelSpec, name: str, run: Sequence[WindowEstimates], usual: Usual, estimate: Estimate, limit: Limit
) -> Finding:
    first, last = run[0].window, run[-1].window
    span = first if first == last else f"{first} to {last}"
    higher = KINDS[name].better == "higher"
    value, allowed, low, high = apart(spec, name, estimate.value, limit.value, estimate.low, estimate.high)
    by = ("required" if higher else "allowed") if limit.by_builders else "usual"
    basis, method = BASIS[spec.task]
    sentence = (
        f"labels are not in yet; {basis}, {KINDS[name].words} is estimated at {value} (95% interval {low} to {high}), "
        f"{span}, where {'at least' if higher else 'up to'} {allowed} is {by}"
    )
    if usual.off is not None:
        sentence += f"; in left-out windows such estimates were off by {apart(spec, name, usual.off)[0]} on average"
    rows = sum(window.rows for window in run)
    evidence: dict[str, Any] = {
        "method": method,
        "windows": [first, last],
        "rows": rows,
        "interval": [round(estimate.low, 6), round(estimate.high, 6)],
        "usual": round(limit.centre, 6),
        "limit_from": "spec" if limit.by_builders else "left-out windows" if usual.level else "reference data",
        "off": None if usual.off is None else round(usual.off, 6),
    }
    if run[-1].confusion:
        evidence["confusion"] = [[round(share, 4) for share in shares] for shares in run[-1].confusion]
    twice = abs(estimate.value - limit.value) >= abs(limit.value - limit.centre)
    return Finding(
        spec.model, CHECK, name, name, round(estimate.value, 6), round(limit.value, 6), "high" if twice else "medium",
        last, sentence, evidence,
    )  # fmt: skip
