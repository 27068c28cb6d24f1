"""Does the scoring endpoint keep up? Its telemetry against the limits of the spec.

Latency and errors are shares of requests, so a limit is broken only by more requests than could do so by chance: the
upper tail of the binomial distribution with the limit's share (.05 for the 95th percentile) must be below `CHANCE`.
Throughput and the use of CPU, memory and GPU are compared as they are.
"""

import math
from collections.abc import Mapping

from tidewatch.domain.finding import Finding, Severity
from tidewatch.domain.model_spec import ModelSpec, Telemetry
from tidewatch.domain.telemetry import RESOURCES, Measures

REQUESTS, USE = "endpoint requests", "endpoint resources"  # one incident each; no probe can have such a name
SEVERITY: Mapping[str, Severity] = {"endpoint_errors": "high"}  # the others: medium
TITLES = {"cpu": "CPU", "memory": "memory", "gpu": "GPU"}
CHANCE = 0.01


def judge(spec: ModelSpec, measures: Measures) -> list[Finding]:
    """What is beyond the spec's limits, by more than so few requests may be by chance (binomial)."""
    limits, found = spec.telemetry, []
    if _too_slow(limits, measures):
        found.append(_finding(spec, measures, "endpoint_latency", "latency_p95_ms", _slow_told(limits, measures)))
    if _too_wrong(limits, measures):
        found.append(_finding(spec, measures, "endpoint_errors", "error_rate", _errors_told(limits, measures)))
    least = limits.requests_per_minute
    if least is not None and measures.per_minute < least:
        told = (
            f"only {measures.per_minute:,.2f} requests a minute came, where {least:,.2f} is the least "
            f"({measures.requests:,.0f} in {measures.minutes:,.0f} minutes)"
        )
        found.append(_finding(spec, measures, "endpoint_throughput", "requests_per_minute", told))
    for name in RESOURCES:
        use, most = getattr(measures, name), getattr(limits, name)
        if use is not None and most is not None and use > most:
            told = f"{use:.0%} of the {TITLES[name]} was in use in the busiest minutes, where {most:.0%} is the limit"
            found.append(_finding(spec, measures, f"endpoint_{name}", name, told))
    return found


def good(spec: ModelSpec, measures: Measures) -> list[str]:
    """The subjects that keep all their limits; where something is not known, or near a limit, nothing is said."""
    limits = spec.telemetry
    ceilings = ("latency_p95_ms", "error_rate")
    within = {
        REQUESTS: [_within(limits, measures, name) for name in ceilings],
        USE: [_within(limits, measures, name) for name in RESOURCES],
    }
    if limits.requests_per_minute is not None:
        within[REQUESTS].append(measures.per_minute >= limits.requests_per_minute)
    return [subject for subject, known in within.items() if False not in known and True in known]


def _within(limits: Telemetry, measures: Measures, name: str) -> bool | None:
    """None where there is no limit."""
    limit, value = getattr(limits, name), getattr(measures, name)
    return None if limit is None else value is not None and value <= limit


def at_least(hits: float, of: float, share: float) -> float:
    """The probability of so many hits or more among `of` independent ones of this share: the binomial's upper tail.

    Summed upwards from `hits`; exact for whole numbers, and quick, because only the tail beyond the mean is asked for.
    """
    if hits <= of * share:
        return 1.0
    if share <= 0.0:
        return 0.0
    log = math.lgamma(of + 1) - math.lgamma(hits + 1) - math.lgamma(of - hits + 1)
    term = total = math.exp(log + hits * math.log(share) + (of - hits) * math.log1p(-share))
    while hits < of and term > total * 1e-12:
        term *= (of - hits) / (hits + 1) * share / (1 - share)
        total, hits = total + term, hits + 1
    return min(total, 1.0)


def _too_slow(limits: Telemetry, measures: Measures) -> bool:
    p95, limit = measures.latency_p95_ms, limits.latency_p95_ms
    if p95 is None or limit is None or p95 <= limit:
        return False
    return at_least(measures.slow, measures.timed, 0.05) < CHANCE


def _too_wrong(limits: Telemetry, measures: Measures) -> bool:
    rate, limit = measures.error_rate, limits.error_rate
    if rate is None or limit is None or rate <= limit:
        return False
    return at_least(measures.errors, measures.requests, limit) < CHANCE


def _slow_told(limits: Telemetry, measures: Measures) -> str:
    return (
        f"one request in twenty took {measures.latency_p95_ms:,.0f} ms or longer, "
        f"where {limits.latency_p95_ms:,.0f} ms is the limit (half took {measures.latency_p50_ms:,.0f} ms or longer, "
        f"one in a hundred {measures.latency_p99_ms:,.0f} ms; {measures.timed:,.0f} requests)"
    )


def _errors_told(limits: Telemetry, measures: Measures) -> str:
    commonest = sorted(measures.statuses.items(), key=lambda pair: -pair[1])[:3]
    by = ", ".join(f"{count:,.0f} with {status}" for status, count in commonest)
    return (
        f"{measures.error_rate:.2%} of {measures.requests:,.0f} requests failed, "
        f"where {limits.error_rate:.2%} is the limit{f' ({by})' if by else ''}"
    )


def _finding(spec: ModelSpec, measures: Measures, check: str, statistic: str, told: str) -> Finding:
    subject = USE if statistic in RESOURCES else REQUESTS
    value = measures.per_minute if statistic == "requests_per_minute" else getattr(measures, statistic)
    return Finding(
        spec.model, check, subject, statistic, round(value, 4), getattr(spec.telemetry, statistic),
        SEVERITY.get(check, "medium"), measures.window, f"in the window {measures.window}, {told}", measures.as_dict(),
    )  # fmt: skip
