"""The picture of a finding about performance: the metric over the windows before, and what is allowed."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import Metric, ModelSpec
from tidewatch.domain.performance.metrics import KINDS
from tidewatch.domain.performance.outcomes import DayOutcome, metric_values, rolling
from tidewatch.operations.shelf import Shelf
from tidewatch.render.metric_picture import Point, Reading, metric_alt, metric_picture

DAYS = 35  # shown of a metric

Drawn = tuple[str, str]  # SVG, and the sentence a screen reader says


def draw_performance(shelf: Shelf, spec: ModelSpec, finding: Finding) -> Drawn | None:
    """None where the windows are no days, or the spec no longer has the metric."""
    metric = next((m for m in spec.metrics if m.name == finding.subject), None)
    days = _rows_of(shelf.outcomes(finding.window, DAYS), finding)
    if metric is None or not days or not all(_is_day(day.window) for day in days):
        return None
    if metric.name == "calibration_gap" and spec.task == "binary":
        return _calibration(spec, metric, finding, days)
    return _metric(spec, metric, finding, days)


def _calibration(spec: ModelSpec, metric: Metric, finding: Finding, days: Sequence[DayOutcome]) -> Drawn:
    label, points = spec.columns[spec.only("label")], []
    for end in range(1, len(days) + 1):
        if values := metric_values(days[max(0, end - metric.windows) : end]):
            points.append(Point(date.fromisoformat(days[end - 1].window), values["predicted"], values["observed"]))
    title = "Predictions no longer match what happens"
    what = f"Share of {label.description or spec.only('label')}, mean of {metric.windows} days: expected and seen"
    svg = metric_picture(
        title=title, subtitle=what, points=points, limit=finding.threshold, footer=_footer(spec, finding, days)
    )  # fmt: skip
    return svg, metric_alt(title, points, finding.threshold)


def _metric(spec: ModelSpec, metric: Metric, finding: Finding, days: Sequence[DayOutcome]) -> Drawn:
    kind = KINDS[metric.name]
    values = rolling(metric.name, days, min(metric.windows, len(days)), spec.costs)
    if kind.better == "near zero":
        values = np.abs(values)
    ends = [date.fromisoformat(day.window) for day in days[-len(values) :]]
    points = [Point(day, finding.threshold, float(value)) for day, value in zip(ends, values, strict=True)]
    low = kind.better == "higher"
    reading = Reading("measured", "at least" if low else "at most", "below" if low else "above")
    unit = {"share": "%", "unit": spec.columns[spec.only("label")].unit, "money": spec.costs.currency, "number": ""}
    title = f"{kind.words[0].upper()}{kind.words[1:]} is too {'low' if low else 'high'}"
    subtitle = f"Over {metric.windows} days each" if metric.windows > 1 else "Day by day"
    svg = metric_picture(
        title=title, subtitle=subtitle, points=points, limit=0.0, unit=unit[kind.written],
        footer=_footer(spec, finding, days), reading=reading,
    )  # fmt: skip
    return svg, metric_alt(title, points, 0.0, unit[kind.written], reading)


def _footer(spec: ModelSpec, finding: Finding, days: Sequence[DayOutcome]) -> str:
    segment = finding.evidence.get("segment") if finding.severity == "medium" else None
    where = f"  ·  {segment['column']}: {segment.get('value', 'one group')}" if segment else ""
    return f"{spec.model} version {days[-1].version}{where}  ·  {sum(d.labelled for d in days):,} labelled rows"


def _rows_of(days: Sequence[DayOutcome], finding: Finding) -> list[DayOutcome]:
    """Those of the segment that the finding is about; of a sensitive column, all."""
    segment = finding.evidence.get("segment") if finding.severity == "medium" else None
    if not segment or "value" not in segment:
        return list(days)
    of = (day.segments.get(segment["column"], {}).get(segment["value"]) for day in days)
    return [outcome for outcome in of if outcome]


def _is_day(window: str) -> bool:
    try:
        date.fromisoformat(window)
    except ValueError:
        return False
    return True
