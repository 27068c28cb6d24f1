"""Does the model still do what it was accepted for, now that labels are in?"""

from collections.abc import Sequence

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import Metric, ModelSpec
from tidewatch.domain.outcomes import DayOutcome, metric_values


def limit(metric: Metric, baseline: Baseline) -> float | None:
    """The builders' limit, or what left-out training windows say is usual; None when neither is known."""
    if metric.limit is not None:
        return metric.limit
    level = baseline.metrics.get(metric.name)
    if level is None:
        return None
    if metric.name == "calibration_gap":
        return abs(level.mean) + metric.deviations * level.sd  # too few and too many are equally wrong
    return level.mean + metric.deviations * level.sd


def judge(spec: ModelSpec, baseline: Baseline, days: Sequence[DayOutcome]) -> tuple[list[Finding], bool]:
    """Findings over the latest run of windows of one version, and whether there were enough windows to judge."""
    findings, judged = [], False
    for metric in spec.metrics:
        allowed = limit(metric, baseline)
        run = days[-metric.windows :]
        if allowed is None or len(run) < metric.windows:
            continue
        values = metric_values(run)
        if not values:  # not one label matched: nothing is known, least of all that it is good
            continue
        judged, value = True, abs(values[metric.name])
        if value > allowed:
            findings.append(_finding(spec, metric, run, values, allowed))
    return findings, judged


def _finding(
    spec: ModelSpec, metric: Metric, run: Sequence[DayOutcome], values: dict[str, float], allowed: float
) -> Finding:
    label = spec.columns[spec.only("label")]
    what = label.description or spec.only("label")
    value = abs(values[metric.name])
    if metric.name == "calibration_gap":
        sentence = (
            f"the model said {values['predicted']:.0%} {what} where {values['observed']:.0%} were, "
            f"{run[0].window} to {run[-1].window}: {value * 100:.0f} points apart, up to {allowed * 100:.0f} is usual"
        )
    else:
        sentence = (
            f"log loss {value:.3f}, {run[0].window} to {run[-1].window}, where up to {allowed:.3f} is usual; "
            f"{values['observed']:.0%} {what} where {values['predicted']:.0%} were expected"
        )
    rows = sum(day.labelled for day in run)
    evidence = {
        "values": {name: round(number, 4) for name, number in values.items()},
        "windows": [run[0].window, run[-1].window],
        "rows": rows,
        "version": run[-1].version,
    }
    return Finding(
        spec.model, metric.name, metric.name, metric.name, round(value, 4), round(allowed, 4), "high",
        run[-1].window, sentence, evidence,
    )  # fmt: skip
