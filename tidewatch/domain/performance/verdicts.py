"""Is a metric beyond its limit, and can that be said at all? Of all rows, and of every segment that is large enough.

A limit set by the builders is crossed when the whole interval lies beyond it. A limit learnt from left-out windows
knows already how windows vary: it is crossed when the value is beyond it, unless so few labels alone could have brought
the value there. A segment is compared with itself (its own left-out windows), at a level divided by the number of
segments looked at (Bonferroni).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import Metric, ModelSpec
from tidewatch.domain.performance.intervals import CONFIDENCE, ENOUGH_LABELS, Interval, Measured, measure
from tidewatch.domain.performance.metrics import KINDS
from tidewatch.domain.performance.outcomes import DayOutcome, level_key

State = Literal["usual", "beyond", "unclear", "few labels", "no limit", "few windows", "unknown"]
NORMAL = NormalDist()


@dataclass(frozen=True)
class Verdict:
    metric: str
    state: State  # unclear: beyond the builders' limit, but not surely; unknown: no value
    windows: tuple[str, str] = ("", "")  # the first and the last
    measured: Measured | None = None
    limit: float | None = None
    learnt: bool = False  # the limit
    segment: tuple[str, str] | None = None  # column and value
    departure: float = 0.0  # how far from the limit or from what is usual, in standard deviations
    confidence: float = CONFIDENCE
    run: int = 0  # windows it spans

    @property
    def value(self) -> float:
        return self.measured.value if self.measured else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """What is remembered of it with the window."""
        measured = self.measured
        return {
            "metric": self.metric,
            "run": self.run,
            "state": self.state,
            "value": measured.value if measured else None,
            "interval": list(measured.interval) if measured and measured.interval else None,
            "limit": self.limit,
            "labelled": measured.labelled if measured else 0,
        }


def learnt_limit(metric: Metric, level: Level, deviations: float) -> float:
    """So many standard deviations to the worse side of what left-out runs of windows showed."""
    if KINDS[metric.name].better == "near zero":
        return abs(level.mean) + deviations * level.sd  # too few and too many are equally wrong
    if KINDS[metric.name].better == "higher":
        return level.mean - deviations * level.sd
    return level.mean + deviations * level.sd


def limit(metric: Metric, baseline: Baseline) -> float | None:
    """The builders' limit, or what left-out training windows say is usual; None when neither is known."""
    level = baseline.metrics.get(metric.name)
    if metric.limit is not None or level is None:
        return metric.limit
    return learnt_limit(metric, level, metric.deviations)


def verdict(spec: ModelSpec, baseline: Baseline, metric: Metric, days: Sequence[DayOutcome]) -> Verdict:
    """Over all rows of the latest run of windows."""
    allowed, run = limit(metric, baseline), days[-metric.windows :]
    windows = (run[0].window, run[-1].window) if run else ("", "")
    if len(run) < metric.windows:
        return Verdict(metric.name, "few windows", windows, limit=allowed, run=metric.windows)
    found = measure(metric.name, run, spec.costs)
    learnt = metric.limit is None
    if found is None or allowed is None:
        state: State = "unknown" if found is None else "no limit"
        return Verdict(metric.name, state, windows, found, allowed, learnt, run=metric.windows)
    level = baseline.metrics.get(metric.name)
    state = _state(metric, found, metric.limit, level if learnt else None, metric.deviations)
    return Verdict(
        metric.name, state, windows, found, allowed, learnt,
        departure=_departure(metric, found, allowed, level), run=metric.windows,
    )  # fmt: skip


def segment_verdicts(
    spec: ModelSpec, baseline: Baseline, metric: Metric, days: Sequence[DayOutcome]
) -> list[Verdict]:  # fmt: skip
    """Of every segment with rows and a limit enough, the worst departure first."""
    run = days[-metric.windows :]
    if len(run) < metric.windows:
        return []
    chosen = {
        (column, value): of
        for (column, value), of in _segments(run).items()
        if sum(day.labelled for day in of) >= spec.segments.min_rows
        and (metric.limit is not None or level_key(metric.name, column, value) in baseline.metrics)
    }
    judged = [_of_segment(spec, baseline, metric, run, segment, of, len(chosen)) for segment, of in chosen.items()]
    return sorted((v for v in judged if v), key=lambda v: -v.departure)


def _of_segment(
    spec: ModelSpec, baseline: Baseline, metric: Metric, run: Sequence[DayOutcome],
    segment: tuple[str, str], days: Sequence[DayOutcome], looked_at: int,
) -> Verdict | None:  # fmt: skip
    confidence = 1 - (1 - CONFIDENCE) / looked_at
    found = measure(metric.name, days, spec.costs, confidence, min(spec.segments.min_rows, ENOUGH_LABELS))
    if found is None:
        return None
    level = baseline.metrics.get(level_key(metric.name, *segment))
    deviations = -NORMAL.inv_cdf(max(NORMAL.cdf(-metric.deviations) / looked_at, 1e-300))
    state = _state(metric, found, metric.limit, level, deviations)
    allowed = learnt_limit(metric, level, deviations) if level else metric.limit
    windows = (run[0].window, run[-1].window)
    departure = _departure(metric, found, allowed or 0.0, level)
    return Verdict(
        metric.name, state, windows, found, allowed, level is not None, segment, departure, confidence, metric.windows
    )  # fmt: skip


def _segments(run: Sequence[DayOutcome]) -> dict[tuple[str, str], list[DayOutcome]]:
    found: dict[tuple[str, str], list[DayOutcome]] = {}
    for day in run:
        for column, of in day.segments.items():
            for value, outcome in of.items():
                found.setdefault((column, value), []).append(outcome)
    return found


def _state(metric: Metric, found: Measured, builders: float | None, level: Level | None, deviations: float) -> State:
    """Beyond every limit there is."""
    if not found.enough:
        return "few labels"
    states = set()
    if builders is not None:
        states.add(_against(metric, found.value, found.interval, builders, builders))
    if level is not None:
        allowed = learnt_limit(metric, level, deviations)
        states.add(_against(metric, found.value, found.by_rows, allowed, level.mean))
    if "usual" in states:
        return "usual"
    return "unclear" if "unclear" in states else "beyond"


def _against(metric: Metric, value: float, interval: Interval | None, allowed: float, usual: float) -> State:
    """`usual` is what the interval must not reach back to."""
    if not worse(metric.name, value, allowed):
        return "usual"
    return "beyond" if interval is None or worse(metric.name, _near_end(metric.name, interval), usual) else "unclear"


def worse(metric: str, value: float, than: float) -> bool:
    better = KINDS[metric].better
    if better == "near zero":
        return abs(value) > abs(than)
    return value < than if better == "higher" else value > than


def _near_end(metric: str, interval: Interval) -> float:
    """The end of the interval on the better side."""
    low, high = interval
    if KINDS[metric].better == "near zero":
        return 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return high if KINDS[metric].better == "higher" else low


def _departure(metric: Metric, found: Measured, allowed: float, level: Level | None) -> float:
    """To the worse side, in standard deviations of left-out runs, else in those that the interval stands for."""
    off = abs(found.value) - abs(level.mean if level else allowed)
    if KINDS[metric.name].better != "near zero":
        off = found.value - (level.mean if level else allowed)
    off = -off if KINDS[metric.name].better == "higher" else off
    spread = level.sd if level else _half(found.interval)
    return off / spread if spread > 0 else float(off > 0) * 1e6


def _half(interval: Interval | None) -> float:
    return (interval[1] - interval[0]) / (2 * NORMAL.inv_cdf((1 + CONFIDENCE) / 2)) if interval else 0.0
