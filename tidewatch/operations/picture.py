"""The picture of an incident, drawn from what the shelf remembers."""

from collections.abc import Mapping
from typing import Any

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.profile.text import SHOWN_FROM, TextProfile
from tidewatch.operations.examine import usual_before
from tidewatch.operations.performance_picture import draw_performance
from tidewatch.operations.profiling import count
from tidewatch.operations.row_checks import ROW_CHECKS
from tidewatch.operations.shelf import Shelf, UnknownModel
from tidewatch.ports import Ports
from tidewatch.render.axis import number
from tidewatch.render.category_picture import category_alt, category_picture
from tidewatch.render.density import Spread
from tidewatch.render.drift_picture import drift_alt, drift_picture

TOLD = {"ks": "KS", "psi": "PSI", "wasserstein": "Wasserstein", "jensen_shannon": "Jensen-Shannon"}


def draw(ports: Ports, incident: Incident) -> tuple[str, str] | None:
    """SVG and the sentence a screen reader says; None where there is nothing to draw."""
    shelf, finding = Shelf(ports, incident.model), incident.finding
    try:
        if finding.family == "input" and finding.check not in ROW_CHECKS:
            return _distributions(shelf, shelf.spec(), finding)
        if finding.family == "performance":
            return draw_performance(shelf, shelf.spec(), finding)
    except UnknownModel:
        pass  # reported before it was handed over: the words have to do
    return None


def _distributions(shelf: Shelf, spec: ModelSpec, finding: Finding) -> tuple[str, str] | None:
    column, record = spec.columns.get(finding.subject), shelf.window(finding.window)
    baseline = shelf.baseline(record.version if record else "1")
    profile = _as_it_came(shelf, spec, baseline, finding.window)
    if profile is None or column is None or column.sensitive:
        return None
    usual, now = (
        usual_before(shelf, spec, baseline, finding.window).columns[finding.subject],
        profile.columns[finding.subject],
    )
    measured = finding.evidence["statistics"]
    statistics = ", ".join(f"{word} {measured[name]:.2f}" for name, word in TOLD.items() if name in measured)
    footer = f"{spec.model}, {finding.window}  ·  {statistics}"
    if isinstance(usual, NumberProfile) and isinstance(now, NumberProfile):
        return _numbers(spec, finding, usual, now, footer)
    if isinstance(usual, TextProfile) and isinstance(now, TextProfile):
        shares = [_shares(profile, usual, now) for profile in (usual, now)]
        title = f"{finding.subject} is made up differently"
        svg = category_picture(title=title, subtitle=finding.sentence, usual=shares[0], now=shares[1], footer=footer)
        return svg, category_alt(title, *shares)
    return None


def _as_it_came(shelf: Shelf, spec: ModelSpec, baseline: Baseline, window: str) -> Profile | None:
    """What was found, also when the window has been corrected since."""
    original = shelf.original(window) if shelf.is_corrected(window) else None
    if original is None:
        return shelf.profile(window, baseline)
    return count(shelf.ports.tables, original, f"{window}.parquet", spec, baseline).profile


def _shares(profile: TextProfile, *both: TextProfile) -> dict[str, float]:
    """Those of categories that are rare on both sides are put together: they might be one person."""
    shown = {name for one in both for name, count in one.commonest.items() if count >= SHOWN_FROM}
    shares = {name: count / profile.rows for name, count in profile.commonest.items() if name in shown}
    rest = 1 - sum(shares.values())
    return shares | ({"other": rest} if rest > 1e-9 else {})


def _numbers(
    spec: ModelSpec, finding: Finding, usual: NumberProfile, now: NumberProfile, footer: str
) -> tuple[str, str]:
    column, scale = spec.columns[finding.subject], finding.evidence.get("scale")
    name = finding.subject.replace("_", " ")
    before, after = _spread(usual, "the windows before"), _spread(now, finding.window)
    fitted, label, change = None, "", ""
    title = f"{name.capitalize()} is distributed differently"
    if scale:
        factor, offset = scale["factor"], scale.get("offset", 0.0)
        fitted = _spread(now, "converted back", factor, offset)
        change = f"× {factor:.4g} {offset:+.4g}" if offset else f"× {factor:g}"
        label = f"now, {_back(scale)}: fits the usual shape"
        unit = scale["pair"].partition(" → ")[2]
        title = f"{name.capitalize()} arrives in {unit}" if unit else f"{name.capitalize()} {change}"
    svg = drift_picture(
        title=title, subtitle=_range(usual, now, scale), usual=before, now=after, fitted=fitted, fitted_label=label,
        change=change, axis=f"{column.description or name}, as the model received it", unit=column.unit, footer=footer,
    )  # fmt: skip
    return svg, drift_alt(title, before, after, column.unit, change=change, fitted_label=label)


def _spread(profile: NumberProfile, label: str, factor: float = 1.0, offset: float = 0.0) -> Spread:
    used = profile.counts > 0
    values, middle = (profile.values[used] - offset) / factor, (profile.quantile(0.5) - offset) / factor
    return Spread(values, profile.shares[used], middle, profile.rows, label)


def _back(scale: Mapping[str, Any]) -> str:
    return "converted back" if scale.get("offset") else f"divided by {scale['factor']:g}"


def _range(usual: NumberProfile, now: NumberProfile, scale: Mapping[str, Any] | None) -> str:
    def middle(profile: NumberProfile) -> str:
        return f"{number(profile.quantile(0.05))} to {number(profile.quantile(0.95))}"

    restored = f" {_back(scale).capitalize()}, {scale['restored']:.0%} of the rows are usual again." if scale else ""
    return f"Usually {middle(usual)}, now {middle(now)}.{restored}"
