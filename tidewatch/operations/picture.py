"""The picture of an incident, drawn from what the shelf remembers."""

from datetime import date

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks.performance import limit
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident import Incident
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.outcomes import DayOutcome, metric_values
from tidewatch.domain.profile import NumberProfile, TextProfile
from tidewatch.operations.examine import usual_before
from tidewatch.operations.shelf import Shelf, UnknownModel
from tidewatch.ports import Ports
from tidewatch.render.axis import number
from tidewatch.render.category_picture import category_alt, category_picture
from tidewatch.render.density import Spread
from tidewatch.render.drift_picture import drift_alt, drift_picture
from tidewatch.render.metric_picture import Point, metric_alt, metric_picture

DAYS = 35  # shown of a metric


def draw(ports: Ports, incident: Incident) -> tuple[str, str] | None:
    """SVG and the sentence a screen reader says; None where there is nothing to draw."""
    shelf, finding = Shelf(ports, incident.model), incident.finding
    try:
        if finding.family == "input":
            return _distributions(shelf, shelf.spec(), finding)
        if finding.family == "performance":
            return _metric(shelf, shelf.spec(), finding)
    except UnknownModel:
        pass  # reported before it was handed over: the words have to do
    return None


def _distributions(shelf: Shelf, spec: ModelSpec, finding: Finding) -> tuple[str, str] | None:
    profile = shelf.profile(finding.window)
    column = spec.columns[finding.subject]
    if profile is None or column.sensitive:
        return None
    record = shelf.window(finding.window)
    baseline = shelf.baseline(record.version if record else "1")
    usual, now = (
        usual_before(shelf, spec, baseline, finding.window).columns[finding.subject],
        profile.columns[finding.subject],
    )
    statistics = ", ".join(f"{name} {value:.2f}" for name, value in finding.evidence["statistics"].items())
    footer = f"{spec.model}, {finding.window}  ·  {statistics}"
    if isinstance(usual, NumberProfile) and isinstance(now, NumberProfile):
        return _numbers(spec, finding, usual, now, footer)
    if isinstance(usual, TextProfile) and isinstance(now, TextProfile):
        shares = [{value: count / (p.rows or 1) for value, count in p.counts.items()} for p in (usual, now)]
        title = f"{finding.subject} is made up differently"
        svg = category_picture(title=title, subtitle=finding.sentence, usual=shares[0], now=shares[1], footer=footer)
        return svg, category_alt(title, *shares)
    return None


def _numbers(
    spec: ModelSpec, finding: Finding, usual: NumberProfile, now: NumberProfile, footer: str
) -> tuple[str, str]:
    column, scale = spec.columns[finding.subject], finding.evidence.get("scale")
    name = finding.subject.replace("_", " ")
    before, after = _spread(usual, 1.0, "the windows before"), _spread(now, 1.0, finding.window)
    fitted, label, change = None, "", ""
    title = f"{name.capitalize()} is distributed differently"
    if scale:
        factor, pair = scale["factor"], scale["pair"]
        fitted, change = _spread(now, factor, "converted back"), f"× {factor:g}"
        label = f"now, divided by {factor:g}: fits the usual shape"
        title = (
            f"{name.capitalize()} arrives in {pair.partition(' → ')[2]}"
            if pair
            else f"{name.capitalize()} × {factor:g}"
        )
    svg = drift_picture(
        title=title, subtitle=_range(usual, now, scale), usual=before, now=after, fitted=fitted, fitted_label=label,
        change=change, axis=f"{column.description or name}, as the model received it", unit=column.unit, footer=footer,
    )  # fmt: skip
    return svg, drift_alt(title, before, after, column.unit, change=change, fitted_label=label)


def _spread(profile: NumberProfile, divisor: float, label: str) -> Spread:
    rows = profile.rows
    return Spread(profile.values / divisor, profile.counts / max(rows, 1), profile.quantile(0.5) / divisor, rows, label)


def _range(usual: NumberProfile, now: NumberProfile, scale: dict[str, float] | None) -> str:
    def middle(profile: NumberProfile) -> str:
        return f"{number(profile.quantile(0.05))} to {number(profile.quantile(0.95))}"

    restored = f" Divided by {scale['factor']:g}, {scale['restored']:.0%} of the rows are usual again." if scale else ""
    return f"Usually {middle(usual)}, now {middle(now)}.{restored}"


def _metric(shelf: Shelf, spec: ModelSpec, finding: Finding) -> tuple[str, str] | None:
    metric = next((m for m in spec.metrics if m.name == "calibration_gap"), None)
    days = shelf.outcomes(finding.window, DAYS)
    if metric is None or not days:
        return None
    allowed = limit(metric, _baseline(shelf, days)) or finding.threshold
    label = spec.columns[spec.only("label")]
    points = []
    for end in range(1, len(days) + 1):
        run = days[max(0, end - metric.windows) : end]
        if values := metric_values(run):
            points.append(Point(date.fromisoformat(run[-1].window), values["predicted"], values["observed"]))
    beyond = finding.check == "calibration_gap"
    title = "Predictions no longer match what happens" if beyond else "What was expected and what came drift apart"
    what = f"Share of {label.description or spec.only('label')}, mean of {metric.windows} days: expected and seen"
    footer = f"{spec.model} version {days[-1].version}  ·  {sum(d.labelled for d in days):,} labelled rows"
    svg = metric_picture(title=title, subtitle=what, points=points, limit=allowed, footer=footer)
    return svg, metric_alt(title, points, allowed)


def _baseline(shelf: Shelf, days: list[DayOutcome]) -> Baseline:
    return shelf.baseline(days[-1].version)
