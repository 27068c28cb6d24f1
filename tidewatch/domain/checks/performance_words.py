"""What findings about performance say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.metrics import KINDS
from tidewatch.domain.performance.verdicts import Verdict

DIGITS = 4  # at most, to tell two numbers apart


@dataclass(frozen=True)
class Inputs:
    """What the data looked like while the metric was measured."""

    state: Literal["steady", "strange", "unknown"]
    columns: Mapping[str, int]  # strange column -> in how many windows
    windows: int


def core(spec: ModelSpec, of: Verdict, values: Mapping[str, float]) -> str:
    """What is wrong, over which windows, and what would be right."""
    allowed = of.limit or 0.0
    if KINDS[of.metric].better == "near zero":
        return _gap(spec, of, values, allowed)
    value, limit = apart(spec, of.metric, of.value, allowed)
    bound = "at least" if KINDS[of.metric].better == "higher" else "up to"
    told = f"{KINDS[of.metric].words} {value}, {span(of)}, where {bound} {limit} is {_by(of)}"
    return f"{told}{_expected(spec, of, values)}{_how_sure(spec, of)}"


def earlier_than(spec: ModelSpec, of: Verdict, usual: float, runs: int) -> str:
    """The metric against the same version's earlier runs."""
    value, before = apart(spec, of.metric, of.value, usual)
    return (
        f"{KINDS[of.metric].words} {value}, {span(of)}, where the same version had {before} on average over "
        f"{runs} runs of windows before{_how_sure(spec, of)}"
    )


def where(spec: ModelSpec, segment: tuple[str, str] | None) -> str:
    if segment is None:
        return ""
    column, value = segment
    return f"in one group by {column}, " if spec.columns[column].sensitive else f"where {column} is {value}, "


def with_inputs(sentence: str, inputs: Inputs) -> str:
    if inputs.state == "steady":
        return f"{sentence}; the inputs were as usual, so the labels, or what the inputs mean, have changed"
    if inputs.state == "strange":
        column, count = next(iter(inputs.columns.items()))
        others = f" and {len(inputs.columns) - 1} more columns" if len(inputs.columns) > 1 else ""
        return f"{sentence}; {column}{others} came distributed differently in {count} of the {inputs.windows} windows"
    return sentence


def span(of: Verdict) -> str:
    first, last = of.windows
    return first if first == last else f"{first} to {last}"


def apart(spec: ModelSpec, metric: str, *values: float) -> list[str]:
    """The numbers with their unit, and with as many digits as tell them well apart."""
    share = KINDS[metric].written == "share"
    least = 0 if share else 3
    for digits in range(least, least + DIGITS):
        written = [_written(spec, metric, value, digits) for value in values]
        off = max(abs(round(value, digits + 2) - value) for value in values) if share else 0.0
        well = off <= (max(values) - min(values)) / 5
        if well and len(set(written)) == len(set(values)):
            break
    return written


def _written(spec: ModelSpec, metric: str, value: float, digits: int) -> str:
    match KINDS[metric].written:
        case "share":
            return f"{value:.{digits}%}"
        case "unit":
            return f"{value:.{digits}g} {spec.columns[spec.only('label')].unit}".rstrip()
        case "money":
            return f"{value:.{max(digits - 1, 2)}f} {spec.costs.currency}".rstrip() + " a row"
        case _:
            return f"{value:.{digits}f}"


def _gap(spec: ModelSpec, of: Verdict, values: Mapping[str, float], allowed: float) -> str:
    label = spec.columns[spec.only("label")]
    said, came = values.get("predicted", 0.0), values.get("observed", 0.0)
    off = abs(of.value)
    if spec.task == "regression":
        numbers = [f"{number:.4g} {label.unit}".rstrip() for number in (said, came, off, allowed)]
        told = f"the model said {numbers[0]} on average where it was {numbers[1]}"
        return f"{told}, {span(of)}: {numbers[2]} apart, up to {numbers[3]} is {_by(of)}"
    points, limit = _points(off, allowed)
    if spec.task == "multiclass":
        told = f"the model was {said:.0%} sure of its answers and {came:.0%} of them were right"
    else:
        told = f"the model said {said:.0%} {label.description or spec.only('label')} where {came:.0%} were"
    return f"{told}, {span(of)}: {points} points apart, up to {limit} is {_by(of)}"


def _points(off: float, allowed: float) -> tuple[str, str]:
    for digits in range(DIGITS):
        written = f"{off * 100:.{digits}f}", f"{allowed * 100:.{digits}f}"
        if written[0] != written[1]:
            break
    return written


def _expected(spec: ModelSpec, of: Verdict, values: Mapping[str, float]) -> str:
    if spec.task != "binary" or of.metric not in ("log_loss", "brier") or "observed" not in values:
        return ""
    what = spec.columns[spec.only("label")].description or spec.only("label")
    return f"; {values['observed']:.0%} {what} where {values['predicted']:.0%} were expected"


def _how_sure(spec: ModelSpec, of: Verdict) -> str:
    measured = of.measured
    if measured is None or measured.interval is None:
        return ""
    low, high = apart(spec, of.metric, *measured.interval)
    return f" ({of.confidence * 100:.3g}% interval {low} to {high}, {measured.labelled:,} labels)"


def _by(of: Verdict) -> str:
    if not of.learnt:
        return "required" if KINDS[of.metric].better == "higher" else "allowed"
    return "usual there" if of.segment else "usual"
