"""Does the model still do what it was accepted for, now that labels are in?"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks.performance_words import Inputs, core, earlier_than, where, with_inputs
from tidewatch.domain.finding import Finding, Severity
from tidewatch.domain.levels import t_quantile
from tidewatch.domain.model_spec import Metric, ModelSpec
from tidewatch.domain.performance.metrics import KINDS, calibration_error
from tidewatch.domain.performance.outcomes import DayOutcome, metric_values, stacked
from tidewatch.domain.performance.verdicts import NORMAL, Verdict, segment_verdicts, verdict, worse

EARLIER_RUNS = 8  # of a version, before its own history says what is usual

Strange = Callable[[str], Sequence[str] | None]  # window -> columns that were strange in it; None: not known
Earlier = Callable[[Metric], Sequence[float]]  # its values over earlier runs that do not overlap


@dataclass(frozen=True)
class Judged:
    metric: Metric
    whole: Verdict
    segments: Sequence[Verdict]  # that are beyond their limits, the worst first

    @property
    def worst(self) -> Verdict | None:
        """What a finding is about: all rows, else the worst segment."""
        return self.whole if self.whole.state == "beyond" else next(iter(self.segments), None)


def judge_metrics(spec: ModelSpec, baseline: Baseline, days: Sequence[DayOutcome]) -> list[Judged]:
    """Every metric of the spec over its latest run of windows; all of them of one version, in order of time."""
    judged = []
    for metric in spec.metrics:
        segments = segment_verdicts(spec, baseline, metric, days)
        beyond = [each for each in segments if each.state == "beyond"]
        judged.append(Judged(metric, verdict(spec, baseline, metric, days), beyond))
    return judged


def judge(
    spec: ModelSpec, baseline: Baseline, days: Sequence[DayOutcome], strange: Strange = lambda _: None
) -> tuple[list[Finding], bool]:
    """Findings over the latest run of windows of one version, and whether every metric with a limit could be judged."""
    judged = judge_metrics(spec, baseline, days)
    return findings(spec, days, judged, strange), was_judged(judged)


def was_judged(judged: Sequence[Judged]) -> bool:
    """Something was judged, and nothing left in the balance: only then is no finding good news."""
    states = [each.whole.state for each in judged]
    return ("usual" in states or "beyond" in states) and "unclear" not in states


def findings(
    spec: ModelSpec,
    days: Sequence[DayOutcome],
    judged: Sequence[Judged],
    strange: Strange,
    earlier: Earlier = lambda _: (),
) -> list[Finding]:
    """One a metric that is beyond its limit; and where none is, concept drift by what `earlier` runs showed."""
    beyond = [each for each in judged if each.worst]
    found = [_finding(spec, days, each, strange) for each in beyond]
    return found or [f for each in judged if (f := _concept_drift(spec, days, each, strange, earlier))]


def _finding(spec: ModelSpec, days: Sequence[DayOutcome], judged: Judged, strange: Strange) -> Finding:
    run, worst = days[-judged.metric.windows :], judged.worst or judged.whole
    values = metric_values(_rows_of(run, worst), spec.costs)
    inputs = _inputs(spec, run, strange)
    sentence = where(spec, worst.segment) + core(spec, worst, values)
    if worst.segment is None and judged.segments:
        sentence += f"; most of all {where(spec, judged.segments[0].segment).rstrip(', ')}"
    severity: Severity = "high" if worst.segment is None else "medium"
    evidence = _evidence(spec, run, worst, values, inputs) | _segments(spec, judged.segments)
    return _made(spec, judged.metric.name, worst, worst.limit or 0.0, severity, with_inputs(sentence, inputs), evidence)


def _concept_drift(
    spec: ModelSpec, days: Sequence[DayOutcome], judged: Judged, strange: Strange, earlier: Earlier
) -> Finding | None:
    """Inputs steady, and the metric worse than the same version's earlier runs by more than they differed.

    x is strange when it is beyond mean ± t·sd·√(1 + 1/m) of m earlier runs, t of m - 1 degrees at the chance of the
    spec's `deviations`: the prediction interval of the next observation.
    """
    whole, run = judged.whole, days[-judged.metric.windows :]
    if whole.state not in ("usual", "no limit") or not _enough(whole):
        return None
    past = earlier(judged.metric)
    if len(past) < EARLIER_RUNS:
        return None
    usual = math.fsum(past) / len(past)
    sd = math.sqrt(math.fsum((value - usual) ** 2 for value in past) / (len(past) - 1))
    by_rows = whole.measured.by_rows if whole.measured else None
    noise = (by_rows[1] - by_rows[0]) / (2 * NORMAL.inv_cdf((1 + whole.confidence) / 2)) if by_rows else 0.0
    chance = max(NORMAL.cdf(-judged.metric.deviations), 1e-12)
    off = t_quantile(chance, len(past) - 1) * max(sd, noise) * math.sqrt(1 + 1 / len(past))
    if abs(whole.value - usual) <= off or not worse(whole.metric, whole.value, usual):
        return None
    inputs = _inputs(spec, run, strange)
    if inputs.state != "steady":
        return None
    values = metric_values(run, spec.costs)
    limit = usual + math.copysign(off, whole.value - usual)
    sentence = with_inputs(earlier_than(spec, whole, usual, len(past)), inputs)
    evidence = _evidence(spec, run, whole, values, inputs) | {"usual": _short(usual), "earlier_runs": len(past)}
    return _made(spec, "concept_drift", whole, limit, "medium", sentence, evidence)


def _enough(whole: Verdict) -> bool:
    return whole.measured is not None and whole.measured.enough


def _made(
    spec: ModelSpec, check: str, of: Verdict, limit: float, severity: Severity, sentence: str, evidence: dict[str, Any]
) -> Finding:
    near_zero = KINDS[of.metric].better == "near zero"
    value, limit = (abs(of.value), abs(limit)) if near_zero else (of.value, limit)
    return Finding(
        spec.model, check, of.metric, of.metric, _short(value), _short(limit), severity, of.windows[1], sentence,
        evidence,
    )  # fmt: skip


def _evidence(
    spec: ModelSpec, run: Sequence[DayOutcome], of: Verdict, values: Mapping[str, float], inputs: Inputs
) -> dict[str, Any]:
    measured, rows = of.measured, _rows_of(run, of)
    known: dict[str, Any] = {
        "values": {name: _short(number) for name, number in values.items()},
        "windows": list(of.windows),
        "rows": measured.labelled if measured else 0,
        "version": run[-1].version,
        "limit_from": "left-out windows" if of.learnt else "spec",
        "inputs": inputs.state,
        "unmatched": sum(day.unmatched for day in run),
    }
    if inputs.columns:
        known["strange_inputs"] = dict(inputs.columns)
    if measured and measured.interval:
        known["interval"] = [_short(end) for end in measured.interval]
        known |= {"confidence": round(of.confidence, 5), "interval_from": measured.how}
    table = stacked(rows).reliability
    if table is not None:
        known["calibration_error"] = _short(float(calibration_error(table.sum(axis=0))))
    return known


def _segments(spec: ModelSpec, beyond: Sequence[Verdict]) -> dict[str, Any]:
    """The segments beyond their limits; values of a sensitive column stay at home."""
    told = [
        {"column": v.segment[0], "metric_value": _short(v.value), "rows": v.measured.labelled}
        | ({} if spec.columns[v.segment[0]].sensitive else {"value": v.segment[1]})
        for v in beyond
        if v.segment and v.measured
    ]
    return {"segment": told[0], "segments": told[:5]} if told else {}


def _rows_of(run: Sequence[DayOutcome], of: Verdict) -> list[DayOutcome]:
    if of.segment is None:
        return list(run)
    column, value = of.segment
    return [day.segments[column][value] for day in run if value in day.segments.get(column, {})]


def _inputs(spec: ModelSpec, run: Sequence[DayOutcome], strange: Strange) -> Inputs:
    """Steady: no column was strange in as many windows as drift needs for an alarm."""
    known = [listed for day in run if (listed := strange(day.window)) is not None]
    if len(known) < len(run) or not run:
        return Inputs("unknown", {}, len(run))
    often = Counter(column for listed in known for column in listed)
    columns = {name: count for name, count in often.most_common() if count >= min(spec.drift.alarm_after, len(run))}
    return Inputs("strange" if columns else "steady", columns, len(run))


def _short(value: float) -> float:
    return float(f"{value:.6g}")
